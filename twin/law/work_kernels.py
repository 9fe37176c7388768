"""The law of work, compiled, with its gradient.

`work_terms` has the arguments and results of its plain form in `work`; its companion carries the
gradient of any function of its results back to its arguments. Tests hold both to the plain form
and to finite differences. Everything is compiled at first use and cached on disk by numba.

Names: `x_bar` is the gradient of the target with respect to x. Indices: i person, t interval, j k
state or outcome, c cell.
"""

from __future__ import annotations

import math

import numpy as np

from .course_kernels import level_at, level_gradient
from .grid import Floats, Ints
from .small_matrices import TAPE, as_float, compiled, exponential, exponential_gradient, generator
from .work import LEVEL_REFERENCE, N_TRANSIENT, PERMANENTLY_OUT


@compiled
def intensities(
    log_intensity: Floats,
    worsening_slope: Floats,
    recovery_slope: Floats,
    frailty: float,
    level: Floats,
    result: Floats,
) -> None:
    """`work.log_intensities` at one level; the first three transitions are worsening."""
    worsening = frailty
    recovery = -frailty
    for k in range(len(level)):
        worsening += worsening_slope[k] * (level[k] - LEVEL_REFERENCE)
        recovery -= recovery_slope[k] * (level[k] - LEVEL_REFERENCE)
    for m in range(6):
        result[m] = log_intensity[m] + (worsening if m < 3 else recovery)


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
    edges: Floats,
    arm: Ints,
    worker: Ints,
    first_state: Ints,
    first_week: Floats,
    segment_worker: Ints,
    segment_cell: Ints,
    segment_weeks: Floats,
    first_segment: Ints,
    from_state: Ints,
    to_state: Ints,
) -> tuple[Floats, Floats]:
    """Compiled `work.work_terms`."""
    first = np.empty(len(worker))
    later = np.empty(len(from_state))
    level = np.empty(len(worsening_slope))
    p = np.empty(N_TRANSIENT)
    intensity = np.empty(6)
    tape = np.empty((TAPE, N_TRANSIENT, N_TRANSIENT))
    new = np.empty(N_TRANSIENT)
    exit_intensity = math.exp(as_float(log_exit_intensity))
    for w in range(len(worker)):
        i = worker[w]
        own, speed = dose[arm[i]], response_rate[arm[i]]
        level_at(math.exp(log_rate[i]), effects[i], own, speed, edges, first_week[w], level)
        _first_probabilities(initial_logit, initial_slope, frailty[i], level, p)
        first[w] = math.log(p[first_state[w]])
    for t in range(len(from_state)):
        at = np.zeros(N_TRANSIENT)
        at[from_state[t]] = 1.0
        for g in range(first_segment[t], first_segment[t + 1]):
            i, c = worker[segment_worker[g]], segment_cell[g]
            middle = 0.5 * (edges[c] + edges[c + 1])
            own, speed = dose[arm[i]], response_rate[arm[i]]
            level_at(math.exp(log_rate[i]), effects[i], own, speed, edges, middle, level)
            intensities(
                log_intensity, worsening_slope, recovery_slope, frailty[i], level, intensity
            )
            halvings = generator(intensity, exit_intensity, segment_weeks[g], tape[0])
            exponential(tape, halvings)
            _forward(at, tape[5 + halvings], new)
            at[:] = new
        seen = 1 - at.sum() if to_state[t] == PERMANENTLY_OUT else at[to_state[t]]
        later[t] = math.log(seen)
    return first, later


@compiled
def _forward(at: Floats, moves: Floats, new: Floats) -> None:
    for k in range(N_TRANSIENT):
        new[k] = at[0] * moves[0, k] + at[1] * moves[1, k] + at[2] * moves[2, k]


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
    edges: Floats,
    arm: Ints,
    worker: Ints,
    first_state: Ints,
    first_week: Floats,
    segment_worker: Ints,
    segment_cell: Ints,
    segment_weeks: Floats,
    first_segment: Ints,
    from_state: Ints,
    to_state: Ints,
    first_bar: Floats,
    later_bar: Floats,
) -> tuple[Floats, Floats, Floats, Floats, Floats, Floats, Floats, Floats, Floats, Floats, Floats]:
    """Gradient with respect to the first eleven arguments, in their order."""
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
    outcomes = len(worsening_slope)
    level = np.empty(outcomes)
    level_bar = np.empty(outcomes)
    p = np.empty(N_TRANSIENT)
    intensity = np.empty(6)
    exit_intensity = math.exp(as_float(log_exit_intensity))
    for w in range(len(worker)):
        i = worker[w]
        rate, own, speed = math.exp(log_rate[i]), dose[arm[i]], response_rate[arm[i]]
        level_at(rate, effects[i], own, speed, edges, first_week[w], level)
        _first_probabilities(initial_logit, initial_slope, frailty[i], level, p)
        away_bar = 0.0
        for state in range(1, N_TRANSIENT):
            bar = first_bar[w] * ((1.0 if first_state[w] == state else 0.0) - p[state])
            logit_bar[state - 1] += bar
            away_bar += bar
        frailty_bar[i] += away_bar
        for k in range(outcomes):
            slope_bar[k] += away_bar * (level[k] - LEVEL_REFERENCE)
            level_bar[k] = away_bar * initial_slope[k]
        personal, common = level_gradient(
            rate,
            effects[i],
            own,
            speed,
            edges,
            first_week[w],
            level_bar,
            effects_bar[i],
            dose_bar[arm[i]],
        )
        log_rate_bar[i] += rate * personal
        response_rate_bar[arm[i]] += common
    longest = 0
    for t in range(len(from_state)):
        longest = max(longest, first_segment[t + 1] - first_segment[t])
    tapes = np.empty((longest, TAPE, N_TRANSIENT, N_TRANSIENT))
    halvings = np.empty(longest, dtype=np.int64)
    ats = np.empty((longest + 1, N_TRANSIENT))
    at_bar = np.empty(N_TRANSIENT)
    back = np.empty(N_TRANSIENT)
    moves_bar = np.empty((N_TRANSIENT, N_TRANSIENT))
    x_bar = np.empty((N_TRANSIENT, N_TRANSIENT))
    scratch = np.empty((N_TRANSIENT, N_TRANSIENT))
    bar = np.empty(6)
    for t in range(len(from_state)):
        begin = first_segment[t]
        steps = first_segment[t + 1] - begin
        ats[0] = 0.0
        ats[0, from_state[t]] = 1.0
        for step in range(steps):
            g = begin + step
            i, c = worker[segment_worker[g]], segment_cell[g]
            middle = 0.5 * (edges[c] + edges[c + 1])
            own, speed = dose[arm[i]], response_rate[arm[i]]
            level_at(math.exp(log_rate[i]), effects[i], own, speed, edges, middle, level)
            intensities(
                log_intensity, worsening_slope, recovery_slope, frailty[i], level, intensity
            )
            halvings[step] = generator(intensity, exit_intensity, segment_weeks[g], tapes[step, 0])
            exponential(tapes[step], halvings[step])
            _forward(ats[step], tapes[step, 5 + halvings[step]], ats[step + 1])
        end = ats[steps]
        if to_state[t] == PERMANENTLY_OUT:
            at_bar[:] = -later_bar[t] / (1 - end.sum())
        else:
            at_bar[:] = 0.0
            at_bar[to_state[t]] = later_bar[t] / end[to_state[t]]
        for step in range(steps - 1, -1, -1):
            g = begin + step
            i, c = worker[segment_worker[g]], segment_cell[g]
            moves = tapes[step, 5 + halvings[step]]
            for j in range(N_TRANSIENT):
                back[j] = (
                    moves[j, 0] * at_bar[0] + moves[j, 1] * at_bar[1] + moves[j, 2] * at_bar[2]
                )
                for k in range(N_TRANSIENT):
                    moves_bar[j, k] = ats[step, j] * at_bar[k]
            at_bar[:] = back
            exponential_gradient(tapes[step], halvings[step], moves_bar, x_bar, scratch)
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
            rate, own, speed = math.exp(log_rate[i]), dose[arm[i]], response_rate[arm[i]]
            middle = 0.5 * (edges[c] + edges[c + 1])
            level_at(rate, effects[i], own, speed, edges, middle, level)
            for k in range(outcomes):
                worsening_bar[k] += up * (level[k] - LEVEL_REFERENCE)
                recovery_bar[k] -= down * (level[k] - LEVEL_REFERENCE)
                level_bar[k] = up * worsening_slope[k] - down * recovery_slope[k]
            personal, common = level_gradient(
                rate,
                effects[i],
                own,
                speed,
                edges,
                middle,
                level_bar,
                effects_bar[i],
                dose_bar[arm[i]],
            )
            log_rate_bar[i] += rate * personal
            response_rate_bar[arm[i]] += common
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
    )
