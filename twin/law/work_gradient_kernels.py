"""The gradient of the law of work, compiled; see `work_kernels`.

Names: `x_bar` is the gradient of the target with respect to x. Each worker is walked forward once
more, and then back: from the days reported of windows and the states seen at occasions to the
exponential of every step, from there to the intensities and levels behind it, and last to where the
process began.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .absence_kernels import log_absence_gradient
from .course_kernels import level_gradient
from .grid import Floats, Ints
from .records import WorkRecords
from .small_matrices import as_float, compiled, inlined
from .work import LEVEL_REFERENCE, N_TRANSIENT, WorkLaw
from .work_kernels import begin
from .work_loss_kernels import share_lost, share_lost_gradient
from .work_rate_kernels import first_probabilities_gradient, generator_gradient
from .work_steps import Steps, clear, room_for_bars, room_for_steps
from .work_walk_kernels import Worker, cell_time, walk, walk_gradient


class WorkGradient(NamedTuple):
    """Adjoints of the parameters of `work_terms`, in their order and shapes."""

    log_rate: Floats
    effects: Floats
    frailty: Floats
    dose: Floats
    response_rate: Floats
    log_intensity: Floats
    worsening_slope: Floats
    recovery_slope: Floats
    log_exit_intensity: Floats
    initial_logit: Floats
    initial_slope: Floats
    arm_log_hazard: Floats
    absence_precision: Floats


class _Own(NamedTuple):
    """Whose adjoints are added to: a worker's own row, and that of the arm."""

    i: int
    a: int
    rate: Floats
    """Adjoint of the own rates, shape (outcome,)."""


@inlined
def _rates_gradient(
    w: int,
    own: _Own,
    after: int,
    worker: Worker,
    law: WorkLaw,
    edges: Floats,
    records: WorkRecords,
    steps: Steps,
    generator_bar: Floats,
    bar: WorkGradient,
) -> None:
    """Add what the generators of all steps pass back to the parameters."""
    log_intensity_bar, exit_bar = bar.log_intensity, bar.log_exit_intensity
    hazard_bar, dose_bar, effects_bar = (
        bar.arm_log_hazard[own.a],
        bar.dose[own.a],
        bar.effects[own.i],
    )
    hazard, level_bar = worker.log_hazard, np.empty(len(law.worsening_slope))
    first = records.first_segment[records.first_occasion[w]]
    for step in range(records.first_segment[after] - first):
        level, c = steps.level[step], records.segment_cell[first + step]
        by_move = generator_gradient(steps.tape[step, 0], generator_bar[step])
        log_intensity_bar[0] += by_move[0]
        log_intensity_bar[1] += by_move[1]
        log_intensity_bar[2] += by_move[2]
        log_intensity_bar[3] += by_move[3]
        log_intensity_bar[4] += by_move[4]
        log_intensity_bar[5] += by_move[5]
        exit_bar[()] += by_move[6]
        up = by_move[0] + by_move[1] + by_move[2]
        down = by_move[3] + by_move[4] + by_move[5]
        bar.frailty[own.i] += up - down
        if c >= 0:
            to_full, from_full = by_move[3] + by_move[5], by_move[0] + by_move[1]
            hazard_bar[0] += worker.dose[c] * to_full
            hazard_bar[1] += worker.dose[c] * from_full
            dose_bar[c] += hazard[0] * to_full + hazard[1] * from_full
        for k in range(len(level)):
            bar.worsening_slope[k] += up * (level[k] - LEVEL_REFERENCE)
            bar.recovery_slope[k] -= down * (level[k] - LEVEL_REFERENCE)
            level_bar[k] = up * law.worsening_slope[k] - down * law.recovery_slope[k]
        bar.response_rate[own.a] += level_gradient(
            worker.rate,
            worker.effects,
            worker.dose,
            worker.response_rate,
            edges,
            cell_time(c, edges),
            level_bar,
            own.rate,
            effects_bar,
            dose_bar,
        )


@inlined
def _beginning_gradient(
    own: _Own,
    week: float,
    worker: Worker,
    law: WorkLaw,
    edges: Floats,
    level: Floats,
    first: Floats,
    first_bar: Floats,
    bar: WorkGradient,
) -> None:
    """Add what the chances of the first state pass back to the parameters."""
    away_bar = first_probabilities_gradient(first, first_bar, bar.initial_logit)
    bar.frailty[own.i] += away_bar
    level_bar = np.empty(len(level))
    for k in range(len(level)):
        bar.initial_slope[k] += away_bar * (level[k] - LEVEL_REFERENCE)
        level_bar[k] = away_bar * law.initial_slope[k]
    bar.response_rate[own.a] += level_gradient(
        worker.rate,
        worker.effects,
        worker.dose,
        worker.response_rate,
        edges,
        week,
        level_bar,
        own.rate,
        bar.effects[own.i],
        bar.dose[own.a],
    )


@compiled
def work_terms_gradient(
    log_rate: Floats,
    effects: Floats,
    frailty: Floats,
    dose: Floats,
    response_rate: Floats,
    law: WorkLaw,
    edges: Floats,
    arm: Ints,
    records: WorkRecords,
    states_bar: Floats,
    absent_bar: Floats,
) -> WorkGradient:
    """Gradient of `work_terms` with respect to its parameters, those of the law in their order."""
    bar = WorkGradient(
        np.zeros_like(log_rate),
        np.zeros_like(effects),
        np.zeros_like(frailty),
        np.zeros_like(dose),
        np.zeros_like(response_rate),
        np.zeros_like(law.log_intensity),
        np.zeros_like(law.worsening_slope),
        np.zeros_like(law.recovery_slope),
        np.zeros(()),
        np.zeros_like(law.initial_logit),
        np.zeros_like(law.initial_slope),
        np.zeros_like(law.arm_log_hazard),
        np.zeros(()),
    )
    outcomes = len(law.worsening_slope)
    steps = room_for_steps(records.first_occasion, records.first_segment, outcomes)
    bars = room_for_bars(steps)
    level, rate_bar = np.empty(outcomes), np.empty(outcomes)
    first, first_bar = np.empty(N_TRANSIENT), np.empty(N_TRANSIENT)
    precision = as_float(law.absence_precision)
    for w in range(len(records.worker)):
        one = begin(
            w,
            log_rate,
            effects,
            frailty,
            dose,
            response_rate,
            law,
            edges,
            arm,
            records,
            level,
            first,
        )
        after, _ = walk(w, one, law, edges, records, first, steps)
        base = records.first_segment[records.first_occasion[w]]
        clear(bars, records.first_segment[after] - base)
        # a window may reach back beyond the occasion before: all of them come before the states
        for o in range(after - 1, records.first_occasion[w] - 1, -1):
            if records.days[o] >= 0:
                share = share_lost(o, base, records, steps)
                days, possible = records.days[o], records.possible_days[o]
                by_share, by_precision = log_absence_gradient(days, possible, share, precision)
                bar.absence_precision[()] += absent_bar[w] * by_precision
                share_lost_gradient(o, base, records, absent_bar[w] * by_share, steps, bars)
        walk_gradient(w, after, states_bar[w], records, first, steps, bars, first_bar)
        i = records.worker[w]
        own = _Own(i, arm[i], rate_bar)
        rate_bar[:] = 0.0
        week = records.start_week[w]
        _rates_gradient(w, own, after, one, law, edges, records, steps, bars.generator, bar)
        _beginning_gradient(own, week, one, law, edges, level, first, first_bar, bar)
        bar.log_rate[i] = one.rate * rate_bar
    return bar
