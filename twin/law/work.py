"""Work status: a continuous-time multi-state process whose pace depends on pain and disability.

States are working fully, working with restrictions, fully sick-listed, and permanently out, which
nobody leaves. Log-intensities are linear in the *levels* (not the flares, whose unobserved path
between visits would have to be integrated) and in a personal frailty, and are constant within a
cell of person time, read at its middle.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from . import course
from .grid import Floats, Ints, TimeGrid
from .ops import Array, ArrayOps

WORK_STATES = ("working", "restricted", "sick_listed", "permanently_out")
"""Names of the states, in the order of their codes."""

N_TRANSIENT = 3
PERMANENTLY_OUT = 3

TRANSITIONS = (
    ("working", "restricted"),
    ("working", "sick_listed"),
    ("restricted", "sick_listed"),
    ("restricted", "working"),
    ("sick_listed", "restricted"),
    ("sick_listed", "working"),
)
"""The moves that can happen between transient states; the only exit is from sick-listed."""

WORSENING = np.array([1.0, 1.0, 1.0, 0.0, 0.0, 0.0])
"""1 for a move away from full work, 0 for a move toward it."""

LEVEL_REFERENCE = 0.3
"""Severity at which an intensity equals its baseline: a usual level of people in such cohorts."""

SQUARINGS = 12
TAYLOR = tuple(1 / math.factorial(n) for n in range(9))
"""Constants of the matrix exponential; its compiled form takes as many squarings as it needs."""


class WorkLaw(NamedTuple):
    """Population parameters of the work process."""

    log_intensity: Array
    """Log baseline intensity per week of each transition, shape (transition,)."""
    worsening_slope: Array
    """Rise of the log-intensity of worsening per unit of severity, shape (outcome,)."""
    recovery_slope: Array
    """Fall of the log-intensity of recovery per unit of severity, shape (outcome,)."""
    log_exit_intensity: Array
    """Log intensity per week of leaving work for good while sick-listed, a scalar."""
    initial_logit: Array
    """Log odds of restricted and of sick-listed against working at the first observation,
    at the reference severity and no frailty, shape (2,)."""
    initial_slope: Array
    """Rise of both log odds per unit of severity, shape (outcome,)."""


def log_intensities(xp: ArrayOps, law: WorkLaw, level: Array, frailty: Array) -> Array:
    """Log-intensities per week of the six transitions.

    Parameters
    ----------
    xp
        Array operations.
    law
        Population parameters.
    level
        Severity, shape (..., outcome).
    frailty
        Personal log-intensity shift: up for worsening, down for recovery, shape (...).

    Returns
    -------
    Array
        Shape (..., transition).
    """
    above = level - LEVEL_REFERENCE
    worsening = xp.sum(above * law.worsening_slope, axis=-1) + frailty
    recovery = -xp.sum(above * law.recovery_slope, axis=-1) - frailty
    return (
        law.log_intensity + WORSENING * worsening[..., None] + (1 - WORSENING) * recovery[..., None]
    )


def transient_generator(xp: ArrayOps, log_intensity: Array, log_exit_intensity: Array) -> Array:
    """Generator of the three transient states, its rows short of 0 by the exit intensity.

    Parameters
    ----------
    xp
        Array operations.
    log_intensity
        Shape (transition, batch).
    log_exit_intensity
        A scalar.

    Returns
    -------
    Array
        Shape (3, 3, batch): from, to, batch. Batch comes last so that every backend works on long
        contiguous runs.
    """
    rate = xp.exp(log_intensity)
    out = xp.exp(log_exit_intensity)
    return xp.stack(
        [
            xp.stack([-(rate[0] + rate[1]), rate[0], rate[1]]),
            xp.stack([rate[3], -(rate[3] + rate[2]), rate[2]]),
            xp.stack([rate[5], rate[4], -(rate[5] + rate[4] + out)]),
        ]
    )


def _product(a: Array, b: Array) -> Array:
    return sum(a[:, k, None] * b[None, k] for k in range(N_TRANSIENT))


def transition_probabilities(generator: Array) -> Array:
    """Matrix exponential of small matrices, by Taylor series of degree 8 with scaling and squaring.

    Parameters
    ----------
    generator
        Generator times weeks, shape (3, 3, batch).

    Returns
    -------
    Array
        Probabilities from (first axis) to (second axis), shape (3, 3, batch). What a row lacks to
        1 is the probability of having left for good.

    Notes
    -----
    Twelve squarings keep the error below 1e-10 while intensity times weeks stays below 500, far
    beyond what a cell of the grid meets (measured against `scipy.linalg.expm` in
    tests/test_law_forward.py).
    """
    identity = np.eye(N_TRANSIENT)[:, :, None]
    x = generator / 2**SQUARINGS
    x2 = _product(x, x)
    x3 = _product(x2, x)
    x4 = _product(x2, x2)
    c = TAYLOR
    high = c[4] * identity + c[5] * x + c[6] * x2 + c[7] * x3 + c[8] * x4
    result = identity + x + c[2] * x2 + c[3] * x3 + _product(x4, high)
    for _ in range(SQUARINGS):
        result = _product(result, result)
    return result


def initial_log_probabilities(xp: ArrayOps, law: WorkLaw, level: Array, frailty: Array) -> Array:
    """Log probabilities of the three transient states when a person is first seen.

    Parameters
    ----------
    xp
        Array operations.
    law
        Population parameters.
    level
        Severity at that time, shape (person, outcome).
    frailty
        Shape (person,).

    Returns
    -------
    Array
        Shape (person, 3).
    """
    away = xp.sum((level - LEVEL_REFERENCE) * law.initial_slope, axis=-1) + frailty
    logits = [0 * away, law.initial_logit[0] + away, law.initial_logit[1] + away]
    return xp.log_softmax(xp.stack(logits, axis=-1))


def interval_log_probability(
    xp: ArrayOps,
    log_intensity: Array,
    log_exit_intensity: Array,
    segment_worker: Ints,
    segment_cell: Ints,
    segment_weeks: Floats,
    first_segment: Ints,
    from_state: Ints,
    to_state: Ints,
) -> Array:
    """Log probability of the state seen at the end of each interval, given that at its beginning.

    Parameters
    ----------
    xp
        Array operations.
    log_intensity
        Log-intensities per week, shape (worker, cell, transition).
    log_exit_intensity
        A scalar.
    segment_worker, segment_cell, segment_weeks
        The stays in single cells that intervals are made of, shape (segment,), in order of
        interval and time.
    first_segment
        Where each interval's segments begin, and the end of the last, shape (interval + 1,).
    from_state, to_state
        Codes of `WORK_STATES`, shape (interval,); `from_state` is a transient one.

    Returns
    -------
    Array
        Shape (interval,).
    """
    chosen = log_intensity[segment_worker, segment_cell].T
    generator = transient_generator(xp, chosen, log_exit_intensity) * segment_weeks
    stay = np.eye(N_TRANSIENT)
    moves = xp.concatenate([transition_probabilities(generator), stay[:, :, None]], axis=-1)
    at = stay[:, from_state]
    length = np.diff(first_segment)
    for position in range(int(length.max(initial=0))):
        # intervals that are over stay where they are: the identity stands behind the last segment
        walk = np.where(position < length, first_segment[:-1] + position, len(segment_weeks))
        at = xp.sum(at[:, None, :] * moves[:, :, walk], axis=0)
    seen = np.eye(N_TRANSIENT + 1)[:, to_state]
    gone = 1 - xp.sum(at, axis=0)
    return xp.log(xp.sum(at * seen[:N_TRANSIENT], axis=0) + gone * seen[PERMANENTLY_OUT])


def work_terms(
    xp: ArrayOps,
    log_rate: Array,
    effects: Array,
    frailty: Array,
    dose: Array,
    response_rate: Array,
    log_intensity: Array,
    worsening_slope: Array,
    recovery_slope: Array,
    log_exit_intensity: Array,
    initial_logit: Array,
    initial_slope: Array,
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
) -> tuple[Array, Array]:
    """Log probabilities of the work states of a cohort.

    Parameters
    ----------
    xp
        Array operations.
    log_rate, frailty
        Shape (person,).
    effects
        Linear effects: starts, set points, responses, ...; severity, shape (person, linear effect).
    dose
        Shape (arm, cell).
    response_rate
        Per week, shape (arm,).
    log_intensity, worsening_slope, recovery_slope, log_exit_intensity, initial_logit, initial_slope
        As in `WorkLaw`.
    edges
        Edges of the grid of person time, weeks, shape (cell + 1,).
    arm
        Each person's arm, shape (person,).
    worker, first_state, first_week, segment_worker, segment_cell, segment_weeks, first_segment, \
    from_state, to_state
        As in `records.WorkRecords`.

    Returns
    -------
    first
        Log probability of each worker's first observed state, shape (worker,).
    later
        Log probability of the state at the end of each interval, shape (interval,).
    """
    law = WorkLaw(
        log_intensity,
        worsening_slope,
        recovery_slope,
        log_exit_intensity,
        initial_logit,
        initial_slope,
    )
    grid = TimeGrid(tuple(edges))
    k = worsening_slope.shape[0]
    times = np.concatenate(
        [first_week[:, None], np.broadcast_to(grid.middles, (len(worker), grid.n_cells))], axis=1
    )
    own = effects[worker]
    rate, own_arm = xp.exp(log_rate[worker]), arm[worker]
    weights = course.basis(xp, grid, dose[own_arm], response_rate[own_arm], rate, times)
    level = course.level(weights, own[:, :k], own[:, k : 2 * k], own[:, 2 * k : 3 * k])
    log_first = initial_log_probabilities(xp, law, level[:, 0], frailty[worker])
    first = log_first[np.arange(len(worker)), first_state]
    later = interval_log_probability(
        xp,
        log_intensities(xp, law, level[:, 1:], frailty[worker][:, None]),
        log_exit_intensity,
        segment_worker,
        segment_cell,
        segment_weeks,
        first_segment,
        from_state,
        to_state,
    )
    return first, later
