"""One worker's way through the states, step by step, compiled, and back again."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from .course_kernels import level_at
from .grid import Floats
from .records import WorkRecords
from .small_matrices import as_float, compiled, inlined
from .work import N_TRANSIENT, PERMANENTLY_OUT, WorkLaw
from .work_exponentials import (
    RESULT,
    SCRATCH,
    exponential,
    exponential_gradient,
    generator,
    tangent,
    tangent_gradient,
)
from .work_rate_kernels import intensities
from .work_steps import StepBars, Steps


class Worker(NamedTuple):
    """What a person's levels and intensities are made of."""

    rate: Floats
    """Per week, shape (outcome,)."""
    effects: Floats
    """Starts, set points, responses, ...; shape (linear effect,)."""
    frailty: float
    dose: Floats
    """Of the own arm, shape (cell,)."""
    response_rate: float
    """Of the own arm, per week."""
    log_hazard: Floats
    """Of the own arm at full dose, shape (work move,)."""


@compiled
def chance_of(state: int, at: Floats) -> float:
    """Chance of what an occasion shows: a state, or only that the person is not out."""
    if state == PERMANENTLY_OUT:
        return 1 - at.sum()
    return at[state] if state >= 0 else at.sum()


@compiled
def scale_of(state: int, chance: float, k: int) -> float:
    """What the chance of a state is multiplied by when that has been seen."""
    return 1 / chance if state in (-1, k) else 0.0


@compiled
def cell_time(c: int, edges: Floats) -> float:
    """Week at which a cell is read: its middle, or baseline for the time before."""
    return 0.5 * (edges[c] + edges[c + 1]) if c >= 0 else 0.0


@inlined
def walk(
    w: int,
    worker: Worker,
    law: WorkLaw,
    edges: Floats,
    records: WorkRecords,
    first: Floats,
    steps: Steps,
) -> tuple[int, float]:
    """One worker's forward filter, `work_filter.filter_work`, from the chances of the first state.

    Fills all of the steps but what is lost. Returns the occasion after the last that says anything,
    and the log probability of the states seen.
    """
    exit_intensity = math.exp(as_float(law.log_exit_intensity))
    at, log_intensity = first.copy(), np.empty(6)
    log_state = 0.0
    first_segment, state = records.first_segment, records.state
    base = first_segment[records.first_occasion[w]]
    for o in range(records.first_occasion[w], records.first_occasion[w + 1]):
        for g in range(first_segment[o], first_segment[o + 1]):
            step, c, weeks = g - base, records.segment_cell[g], records.segment_weeks[g]
            given = worker.dose[c] if c >= 0 else 0.0
            level, tape = steps.level[step], steps.tape[step]
            week = cell_time(c, edges)
            level_at(
                worker.rate, worker.effects, worker.dose, worker.response_rate, edges, week, level
            )
            intensities(
                law.log_intensity,
                law.worsening_slope,
                law.recovery_slope,
                worker.frailty,
                given * worker.log_hazard[0],
                given * worker.log_hazard[1],
                level,
                log_intensity,
            )
            halvings = generator(log_intensity, exit_intensity, weeks, tape[0])
            exponential(tape, halvings)
            if records.segment_reported[g]:
                tangent(tape, halvings, records.loss, weeks, steps.tangent[step])
            steps.halvings[step] = halvings
            steps.start[step] = at
            moves = tape[RESULT + halvings]
            for k in range(N_TRANSIENT):
                steps.end[step, k] = at[0] * moves[0, k] + at[1] * moves[1, k] + at[2] * moves[2, k]
            at[:] = steps.end[step]
            steps.scale[step] = 1.0
        chance = chance_of(state[o], at)
        for k in range(N_TRANSIENT):
            scale = scale_of(state[o], chance, k)
            at[k] *= scale
            if first_segment[o + 1] > first_segment[o]:
                steps.scale[first_segment[o + 1] - 1 - base, k] = scale
        log_state += math.log(chance)
        if state[o] == PERMANENTLY_OUT:
            return o + 1, log_state
    return records.first_occasion[w + 1], log_state


@compiled
def _see_gradient(
    state: int, at_end: Floats, log_chance_bar: float, scale_bar: Floats, at_bar: Floats
) -> None:
    """Carry back what was seen at an occasion: at = end * scale with scale = seen / chance.

    `at_bar` becomes the adjoint of the distribution before it was seen.
    """
    chance = chance_of(state, at_end)
    chance_bar = log_chance_bar / chance
    for k in range(N_TRANSIENT):
        by_scale = at_bar[k] * at_end[k] + scale_bar[k]
        chance_bar -= by_scale * scale_of(state, chance, k) / chance
    for k in range(N_TRANSIENT):
        at_bar[k] *= scale_of(state, chance, k)
        if state == PERMANENTLY_OUT:
            at_bar[k] -= chance_bar
        elif state in (-1, k):
            at_bar[k] += chance_bar


@compiled
def _move_gradient(
    moves: Floats, start: Floats, start_bar: Floats, moves_bar: Floats, at_bar: Floats
) -> None:
    """Carry a distribution's adjoint from a segment's end to its start, adding to its matrix's.

    `start_bar` is what reaches the start otherwise.
    """
    a0, a1, a2 = at_bar[0], at_bar[1], at_bar[2]
    for j in range(N_TRANSIENT):
        at_bar[j] = start_bar[j] + moves[j, 0] * a0 + moves[j, 1] * a1 + moves[j, 2] * a2
        moves_bar[j, 0] += start[j] * a0
        moves_bar[j, 1] += start[j] * a1
        moves_bar[j, 2] += start[j] * a2


@inlined
def walk_gradient(
    w: int,
    after: int,
    log_state_bar: float,
    records: WorkRecords,
    first: Floats,
    steps: Steps,
    bars: StepBars,
    at_bar: Floats,
) -> None:
    """Carry back what `walk` returned, from the occasion before `after` to where it began.

    `bars` holds what reported days pass back, and is added to; every step's `generator` is filled.
    `at_bar` becomes the adjoint of the chances of the first state.
    """
    first_segment = records.first_segment
    base = first_segment[records.first_occasion[w]]
    scratch = np.empty((SCRATCH, N_TRANSIENT, N_TRANSIENT))
    nothing = np.zeros(N_TRANSIENT)
    at_bar[:] = 0.0
    for o in range(after - 1, records.first_occasion[w] - 1, -1):
        begin, end = first_segment[o] - base, first_segment[o + 1] - base
        at_end = steps.end[end - 1] if end > begin else first
        scale_bar = bars.scale[end - 1] if end > begin else nothing
        _see_gradient(records.state[o], at_end, log_state_bar, scale_bar, at_bar)
        for step in range(end - 1, begin - 1, -1):
            halvings, tape = steps.halvings[step], steps.tape[step]
            moves_bar, x_bar = bars.moves[step], bars.generator[step]
            _move_gradient(
                tape[RESULT + halvings], steps.start[step], bars.start[step], moves_bar, at_bar
            )
            if records.segment_reported[base + step]:
                losses_bar = bars.losses[step]
                tangent_gradient(
                    tape, steps.tangent[step], halvings, moves_bar, losses_bar, x_bar, scratch
                )
            else:
                exponential_gradient(tape, halvings, moves_bar, x_bar, scratch)
