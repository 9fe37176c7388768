"""The law of work, compiled, with its gradient.

`work_terms` has the arguments and results of its plain form in `work_filter`; its companion carries
the gradient of any function of its results back to its arguments. Tests hold both to the plain form
and to finite differences. Everything is compiled at first use and cached on disk by numba.

Names: `x_bar` is the gradient of the target with respect to x. Indices: w worker, i person, o
occasion, g segment (a step is its place among the worker's own), j k state or outcome, c cell.
"""

from __future__ import annotations

import math

import numpy as np

from .absence import INSIDE
from .absence_kernels import log_absence, log_absence_gradient
from .course_kernels import level_at, level_gradient
from .grid import Floats, Ints
from .small_matrices import as_float, compiled
from .work import LEVEL_REFERENCE, N_TRANSIENT, PERMANENTLY_OUT
from .work_exponentials import (
    SCRATCH,
    TAPE,
    exponential,
    exponential_gradient,
    generator,
    tangent,
    tangent_gradient,
)


@compiled
def intensities(
    log_intensity: Floats,
    worsening_slope: Floats,
    recovery_slope: Floats,
    frailty: float,
    to_full_work: float,
    from_full_work: float,
    level: Floats,
    result: Floats,
) -> None:
    """`work.log_intensities` at one level, with the log hazard ratios in force of `WORK_MOVES`."""
    worsening = frailty
    recovery = -frailty
    for k in range(len(level)):
        worsening += worsening_slope[k] * (level[k] - LEVEL_REFERENCE)
        recovery -= recovery_slope[k] * (level[k] - LEVEL_REFERENCE)
    result[0] = log_intensity[0] + worsening + from_full_work
    result[1] = log_intensity[1] + worsening + from_full_work
    result[2] = log_intensity[2] + worsening
    result[3] = log_intensity[3] + recovery + to_full_work
    result[4] = log_intensity[4] + recovery
    result[5] = log_intensity[5] + recovery + to_full_work


@compiled
def _first_probabilities(
    initial_logit: Floats, initial_slope: Floats, frailty: float, level: Floats, p: Floats
) -> None:
    """`work.initial_log_probabilities` of one person, as probabilities."""
    away = frailty
    for k in range(len(level)):
        away += initial_slope[k] * (level[k] - LEVEL_REFERENCE)
    first, second = initial_logit[0] + away, initial_logit[1] + away
    top = max(0.0, first, second)
    p[0] = math.exp(-top)
    p[1] = math.exp(first - top)
    p[2] = math.exp(second - top)
    p /= p.sum()


@compiled
def _forward(at: Floats, matrix: Floats, new: Floats) -> None:
    for k in range(N_TRANSIENT):
        new[k] = at[0] * matrix[0, k] + at[1] * matrix[1, k] + at[2] * matrix[2, k]


@compiled
def _chance(state: int, at: Floats) -> float:
    """Chance of what an occasion shows: a state, or only that the person is not out."""
    if state == PERMANENTLY_OUT:
        return 1 - at.sum()
    return at[state] if state >= 0 else at.sum()


@compiled
def _weigh(state: int, chance: float, scale: Floats) -> None:
    """Fill what multiplies the distribution when that has been seen."""
    for k in range(N_TRANSIENT):
        scale[k] = 1 / chance if state in (-1, k) else 0.0


@compiled
def _cell_time(c: int, edges: Floats) -> float:
    """Week at which a cell is read: its middle, or baseline for the time before."""
    return 0.5 * (edges[c] + edges[c + 1]) if c >= 0 else 0.0


@compiled
def _walk(
    w: int,
    rate: Floats,
    effects: Floats,
    frailty: float,
    dose: Floats,
    response_rate: float,
    log_intensity: Floats,
    worsening_slope: Floats,
    recovery_slope: Floats,
    exit_intensity: float,
    hazard: Floats,
    edges: Floats,
    first_occasion: Ints,
    state: Ints,
    first_segment: Ints,
    segment_cell: Ints,
    segment_weeks: Floats,
    segment_reported: Ints,
    loss: Floats,
    p: Floats,
    at: Floats,
    scale: Floats,
    intensity: Floats,
    levels: Floats,
    tapes: Floats,
    tangents: Floats,
    halvings: Ints,
    starts: Floats,
    ends: Floats,
    scales: Floats,
) -> tuple[int, float]:
    """One worker's forward filter: `work_filter.filter_work`.

    Fills, by step, levels, tapes, distributions at the start and the end of the segment, and what
    multiplied the latter. Returns the occasion after the last that says anything, and the log
    probability of the states seen.
    """
    at[:] = p
    log_state = 0.0
    base = first_segment[first_occasion[w]]
    for o in range(first_occasion[w], first_occasion[w + 1]):
        for g in range(first_segment[o], first_segment[o + 1]):
            step, c = g - base, segment_cell[g]
            given = dose[c] if c >= 0 else 0.0
            level_at(rate, effects, dose, response_rate, edges, _cell_time(c, edges), levels[step])
            intensities(
                log_intensity,
                worsening_slope,
                recovery_slope,
                frailty,
                given * hazard[0],
                given * hazard[1],
                levels[step],
                intensity,
            )
            halved = generator(intensity, exit_intensity, segment_weeks[g], tapes[step, 0])
            exponential(tapes[step], halved)
            if segment_reported[g]:
                tangent(tapes[step], halved, loss, segment_weeks[g], tangents[step])
            halvings[step] = halved
            starts[step] = at
            _forward(at, tapes[step, 5 + halved], ends[step])
            at[:] = ends[step]
            scales[step] = 1.0
        chance = _chance(state[o], at)
        _weigh(state[o], chance, scale)
        at *= scale
        if first_segment[o + 1] > first_segment[o]:
            scales[first_segment[o + 1] - 1 - base] = scale
        log_state += math.log(chance)
        if state[o] == PERMANENTLY_OUT:
            return o + 1, log_state
    return first_occasion[w + 1], log_state


@compiled
def _lost(
    begin: int,
    end: int,
    tapes: Floats,
    tangents: Floats,
    halvings: Ints,
    starts: Floats,
    scales: Floats,
    lost: Floats,
    added: Floats,
) -> float:
    """Weeks expected to be lost over the steps of a window.

    Fills, by step, the vector of weeks lost before it, and after it but for what is then seen.
    """
    lost[begin] = 0.0
    for step in range(begin, end):
        moves, losses = tapes[step, 5 + halvings[step]], tangents[step, 5 + halvings[step]]
        for k in range(N_TRANSIENT):
            s = 0.0
            for j in range(N_TRANSIENT):
                s += lost[step, j] * moves[j, k] + starts[step, j] * losses[j, k]
            added[step, k] = s
            lost[step + 1, k] = s * scales[step, k]
    total: float = lost[end].sum()
    return total


@compiled
def _lost_gradient(
    begin: int,
    end: int,
    total_bar: float,
    tapes: Floats,
    tangents: Floats,
    halvings: Ints,
    starts: Floats,
    scales: Floats,
    lost: Floats,
    added: Floats,
    moves_bar: Floats,
    losses_bar: Floats,
    starts_bar: Floats,
    scales_bar: Floats,
) -> None:
    """Carry the adjoint of `_lost` back to matrices, distributions and scales, adding to theirs."""
    bar = np.full(N_TRANSIENT, total_bar)
    for step in range(end - 1, begin - 1, -1):
        moves, losses = tapes[step, 5 + halvings[step]], tangents[step, 5 + halvings[step]]
        for k in range(N_TRANSIENT):
            scales_bar[step, k] += bar[k] * added[step, k]
            bar[k] *= scales[step, k]
        b0, b1, b2 = bar[0], bar[1], bar[2]
        for j in range(N_TRANSIENT):
            for k in range(N_TRANSIENT):
                moves_bar[step, j, k] += lost[step, j] * bar[k]
                losses_bar[step, j, k] += starts[step, j] * bar[k]
            starts_bar[step, j] += losses[j, 0] * b0 + losses[j, 1] * b1 + losses[j, 2] * b2
        for j in range(N_TRANSIENT):
            bar[j] = moves[j, 0] * b0 + moves[j, 1] * b1 + moves[j, 2] * b2


@compiled
def _longest(first_occasion: Ints, first_segment: Ints) -> int:
    """Most segments of one worker."""
    longest = 0
    for w in range(len(first_occasion) - 1):
        begin, end = first_segment[first_occasion[w]], first_segment[first_occasion[w + 1]]
        longest = max(longest, end - begin)
    return longest


@compiled
def work_terms(
    log_rate: Floats,
    effects: Floats,
    frailty: Floats,
    dose: Floats,
    response_rate: Floats,
    log_intensity: Floats,
    worsening_slope: Floats,
    recovery_slope: Floats,
    log_exit_intensity: float,
    initial_logit: Floats,
    initial_slope: Floats,
    arm_log_hazard: Floats,
    absence_precision: float,
    edges: Floats,
    arm: Ints,
    worker: Ints,
    start_week: Floats,
    first_occasion: Ints,
    state: Ints,
    days: Ints,
    possible_days: Ints,
    first_segment: Ints,
    window_segment: Ints,
    segment_cell: Ints,
    segment_weeks: Floats,
    segment_reported: Ints,
    loss: Floats,
) -> tuple[Floats, Floats]:
    """Compiled `work_filter.work_terms`."""
    states = np.zeros(len(worker))
    absent = np.zeros(len(worker))
    longest = _longest(first_occasion, first_segment)
    level = np.empty(len(worsening_slope))
    p = np.empty(N_TRANSIENT)
    at = np.empty(N_TRANSIENT)
    scale = np.empty(N_TRANSIENT)
    intensity = np.empty(6)
    levels = np.empty((longest, len(worsening_slope)))
    tapes = np.empty((longest, TAPE, N_TRANSIENT, N_TRANSIENT))
    tangents = np.empty((longest, TAPE, N_TRANSIENT, N_TRANSIENT))
    halvings = np.empty(longest, dtype=np.int64)
    starts = np.empty((longest, N_TRANSIENT))
    ends = np.empty((longest, N_TRANSIENT))
    scales = np.empty((longest, N_TRANSIENT))
    lost = np.empty((longest + 1, N_TRANSIENT))
    added = np.empty((longest, N_TRANSIENT))
    exit_intensity = math.exp(as_float(log_exit_intensity))
    precision = as_float(absence_precision)
    for w in range(len(worker)):
        i = worker[w]
        rate, own, speed = np.exp(log_rate[i]), dose[arm[i]], response_rate[arm[i]]
        level_at(rate, effects[i], own, speed, edges, start_week[w], level)
        _first_probabilities(initial_logit, initial_slope, frailty[i], level, p)
        after, states[w] = _walk(
            w,
            rate,
            effects[i],
            frailty[i],
            own,
            speed,
            log_intensity,
            worsening_slope,
            recovery_slope,
            exit_intensity,
            arm_log_hazard[arm[i]],
            edges,
            first_occasion,
            state,
            first_segment,
            segment_cell,
            segment_weeks,
            segment_reported,
            loss,
            p,
            at,
            scale,
            intensity,
            levels,
            tapes,
            tangents,
            halvings,
            starts,
            ends,
            scales,
        )
        base = first_segment[first_occasion[w]]
        for o in range(first_occasion[w], after):
            if days[o] < 0:
                continue
            opens, closes = window_segment[o], first_segment[o + 1]
            total = _lost(
                opens - base, closes - base, tapes, tangents, halvings, starts, scales, lost, added
            )
            share = INSIDE + (1 - 2 * INSIDE) * total / segment_weeks[opens:closes].sum()
            absent[w] += log_absence(days[o], possible_days[o], share, precision)
    return states, absent


@compiled
def work_terms_gradient(
    log_rate: Floats,
    effects: Floats,
    frailty: Floats,
    dose: Floats,
    response_rate: Floats,
    log_intensity: Floats,
    worsening_slope: Floats,
    recovery_slope: Floats,
    log_exit_intensity: float,
    initial_logit: Floats,
    initial_slope: Floats,
    arm_log_hazard: Floats,
    absence_precision: float,
    edges: Floats,
    arm: Ints,
    worker: Ints,
    start_week: Floats,
    first_occasion: Ints,
    state: Ints,
    days: Ints,
    possible_days: Ints,
    first_segment: Ints,
    window_segment: Ints,
    segment_cell: Ints,
    segment_weeks: Floats,
    segment_reported: Ints,
    loss: Floats,
    states_bar: Floats,
    absent_bar: Floats,
) -> tuple[
    Floats,
    Floats,
    Floats,
    Floats,
    Floats,
    Floats,
    Floats,
    Floats,
    Floats,
    Floats,
    Floats,
    Floats,
    Floats,
]:
    """Gradient with respect to the first thirteen arguments, in their order."""
    log_rate_bar = np.zeros_like(log_rate)
    effects_bar = np.zeros_like(effects)
    frailty_bar = np.zeros_like(frailty)
    dose_bar = np.zeros_like(dose)
    response_rate_bar = np.zeros_like(response_rate)
    log_intensity_bar = np.zeros_like(log_intensity)
    worsening_bar = np.zeros_like(worsening_slope)
    recovery_bar = np.zeros_like(recovery_slope)
    exit_bar = 0.0
    logit_bar = np.zeros_like(initial_logit)
    slope_bar = np.zeros_like(initial_slope)
    hazard_bar = np.zeros_like(arm_log_hazard)
    precision_bar = 0.0

    outcomes, longest = len(worsening_slope), _longest(first_occasion, first_segment)
    level = np.empty(outcomes)
    level_bar = np.empty(outcomes)
    rate_bar = np.empty(outcomes)
    p = np.empty(N_TRANSIENT)
    at = np.empty(N_TRANSIENT)
    scale = np.empty(N_TRANSIENT)
    intensity = np.empty(6)
    levels = np.empty((longest, outcomes))
    tapes = np.empty((longest, TAPE, N_TRANSIENT, N_TRANSIENT))
    tangents = np.empty((longest, TAPE, N_TRANSIENT, N_TRANSIENT))
    halvings = np.empty(longest, dtype=np.int64)
    starts = np.empty((longest, N_TRANSIENT))
    ends = np.empty((longest, N_TRANSIENT))
    scales = np.empty((longest, N_TRANSIENT))
    lost = np.empty((longest + 1, N_TRANSIENT))
    added = np.empty((longest, N_TRANSIENT))
    moves_bar = np.empty((longest, N_TRANSIENT, N_TRANSIENT))
    losses_bar = np.empty((longest, N_TRANSIENT, N_TRANSIENT))
    starts_bar = np.empty((longest, N_TRANSIENT))
    scales_bar = np.empty((longest, N_TRANSIENT))
    x_bar = np.empty((N_TRANSIENT, N_TRANSIENT))
    scratch = np.empty((SCRATCH, N_TRANSIENT, N_TRANSIENT))
    at_bar = np.empty(N_TRANSIENT)
    back = np.empty(N_TRANSIENT)
    bar = np.empty(6)
    exit_intensity = math.exp(as_float(log_exit_intensity))
    precision = as_float(absence_precision)
    for w in range(len(worker)):
        i = worker[w]
        a = arm[i]
        rate, own, speed = np.exp(log_rate[i]), dose[a], response_rate[a]
        level_at(rate, effects[i], own, speed, edges, start_week[w], level)
        _first_probabilities(initial_logit, initial_slope, frailty[i], level, p)
        after, _ = _walk(
            w,
            rate,
            effects[i],
            frailty[i],
            own,
            speed,
            log_intensity,
            worsening_slope,
            recovery_slope,
            exit_intensity,
            arm_log_hazard[a],
            edges,
            first_occasion,
            state,
            first_segment,
            segment_cell,
            segment_weeks,
            segment_reported,
            loss,
            p,
            at,
            scale,
            intensity,
            levels,
            tapes,
            tangents,
            halvings,
            starts,
            ends,
            scales,
        )
        base = first_segment[first_occasion[w]]
        steps = first_segment[after] - base
        moves_bar[:steps] = 0.0
        losses_bar[:steps] = 0.0
        starts_bar[:steps] = 0.0
        scales_bar[:steps] = 0.0
        at_bar[:] = 0.0
        rate_bar[:] = 0.0
        for o in range(after - 1, first_occasion[w] - 1, -1):
            begin, end = first_segment[o] - base, first_segment[o + 1] - base
            if days[o] >= 0:
                opens = window_segment[o] - base
                weeks = segment_weeks[base + opens : base + end].sum()
                total = _lost(opens, end, tapes, tangents, halvings, starts, scales, lost, added)
                share = INSIDE + (1 - 2 * INSIDE) * total / weeks
                by_share, by_precision = log_absence_gradient(
                    days[o], possible_days[o], share, precision
                )
                precision_bar += absent_bar[w] * by_precision
                _lost_gradient(
                    opens,
                    end,
                    absent_bar[w] * by_share * (1 - 2 * INSIDE) / weeks,
                    tapes,
                    tangents,
                    halvings,
                    starts,
                    scales,
                    lost,
                    added,
                    moves_bar,
                    losses_bar,
                    starts_bar,
                    scales_bar,
                )
            # what was seen: at = end * scale with scale = seen / chance
            at_end = ends[end - 1] if end > begin else p
            chance = _chance(state[o], at_end)
            _weigh(state[o], chance, scale)
            chance_bar = states_bar[w] / chance
            for k in range(N_TRANSIENT):
                scale_bar = at_bar[k] * at_end[k]
                if end > begin:
                    scale_bar += scales_bar[end - 1, k]
                chance_bar -= scale_bar * scale[k] / chance
            for k in range(N_TRANSIENT):
                at_bar[k] *= scale[k]
                if state[o] == PERMANENTLY_OUT:
                    at_bar[k] -= chance_bar
                elif state[o] in (-1, k):
                    at_bar[k] += chance_bar
            for step in range(end - 1, begin - 1, -1):
                halved = halvings[step]
                moves = tapes[step, 5 + halved]
                for j in range(N_TRANSIENT):
                    s = starts_bar[step, j]
                    for k in range(N_TRANSIENT):
                        s += moves[j, k] * at_bar[k]
                        moves_bar[step, j, k] += starts[step, j] * at_bar[k]
                    back[j] = s
                at_bar[:] = back
                if segment_reported[base + step]:
                    tangent_gradient(
                        tapes[step],
                        tangents[step],
                        halved,
                        moves_bar[step],
                        losses_bar[step],
                        x_bar,
                        scratch,
                    )
                else:
                    exponential_gradient(tapes[step], halved, moves_bar[step], x_bar, scratch)
                x = tapes[step, 0]
                bar[0] = x[0, 1] * (x_bar[0, 1] - x_bar[0, 0])
                bar[1] = x[0, 2] * (x_bar[0, 2] - x_bar[0, 0])
                bar[2] = x[1, 2] * (x_bar[1, 2] - x_bar[1, 1])
                bar[3] = x[1, 0] * (x_bar[1, 0] - x_bar[1, 1])
                bar[4] = x[2, 1] * (x_bar[2, 1] - x_bar[2, 2])
                bar[5] = x[2, 0] * (x_bar[2, 0] - x_bar[2, 2])
                exit_bar += (x[2, 2] + x[2, 0] + x[2, 1]) * x_bar[2, 2]
                log_intensity_bar += bar
                up = bar[0] + bar[1] + bar[2]
                down = bar[3] + bar[4] + bar[5]
                frailty_bar[i] += up - down
                c = segment_cell[base + step]
                if c >= 0:
                    to_full, from_full = bar[3] + bar[5], bar[0] + bar[1]
                    hazard_bar[a, 0] += own[c] * to_full
                    hazard_bar[a, 1] += own[c] * from_full
                    dose_bar[a, c] += (
                        arm_log_hazard[a, 0] * to_full + arm_log_hazard[a, 1] * from_full
                    )
                for k in range(outcomes):
                    worsening_bar[k] += up * (levels[step, k] - LEVEL_REFERENCE)
                    recovery_bar[k] -= down * (levels[step, k] - LEVEL_REFERENCE)
                    level_bar[k] = up * worsening_slope[k] - down * recovery_slope[k]
                response_rate_bar[a] += level_gradient(
                    rate,
                    effects[i],
                    own,
                    speed,
                    edges,
                    _cell_time(c, edges),
                    level_bar,
                    rate_bar,
                    effects_bar[i],
                    dose_bar[a],
                )
        # the multinomial where the process begins
        mean_bar = p[0] * at_bar[0] + p[1] * at_bar[1] + p[2] * at_bar[2]
        away_bar = 0.0
        for k in range(1, N_TRANSIENT):
            one = p[k] * (at_bar[k] - mean_bar)
            logit_bar[k - 1] += one
            away_bar += one
        frailty_bar[i] += away_bar
        for k in range(outcomes):
            slope_bar[k] += away_bar * (level[k] - LEVEL_REFERENCE)
            level_bar[k] = away_bar * initial_slope[k]
        response_rate_bar[a] += level_gradient(
            rate,
            effects[i],
            own,
            speed,
            edges,
            start_week[w],
            level_bar,
            rate_bar,
            effects_bar[i],
            dose_bar[a],
        )
        log_rate_bar[i] = rate * rate_bar
    return (
        log_rate_bar,
        effects_bar,
        frailty_bar,
        dose_bar,
        response_rate_bar,
        log_intensity_bar,
        worsening_bar,
        recovery_bar,
        np.asarray(exit_bar),
        logit_bar,
        slope_bar,
        hazard_bar,
        np.asarray(precision_bar),
    )
