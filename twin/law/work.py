"""Work status: a continuous-time multi-state process whose pace depends on pain and disability.

States are working fully, working with restrictions, fully sick-listed, and permanently out, which
nobody leaves. Log-intensities are linear in the *levels* (not the flares, whose unobserved path
between visits would have to be integrated), in a personal frailty and in the dose of the person's
arm, and are constant within a cell of person time, read at its middle. What is seen of the process
stands in `work_filter`.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from .grid import Floats, Ints
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

WORK_MOVES = ("return", "relapse")
"""What an arm may speed or slow by itself: moves to full work, and moves away from it."""

TO_FULL_WORK = np.array([0.0, 0.0, 0.0, 1.0, 0.0, 1.0])
"""1 for the transitions that end in full work."""

FROM_FULL_WORK = np.array([1.0, 1.0, 0.0, 0.0, 0.0, 0.0])
"""1 for the transitions that begin in full work."""

PARTIAL_LOSS = 0.5
"""Share of a working day that restricted work loses unless something else is assumed: half a day
stands between none and all of it until a cohort tells."""

LEVEL_REFERENCE = 0.3
"""Severity at which an intensity equals its baseline: a usual level of people in such cohorts."""

SQUARINGS = 12
EXACT_UP_TO = 500.0
TAYLOR = tuple(1 / math.factorial(n) for n in range(9))
"""Constants of the matrix exponential: squarings, the intensity times weeks up to which these are
enough, and the series. Its compiled form takes as many squarings as it needs."""


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
    arm_log_hazard: Array
    """Log hazard ratio of each of `WORK_MOVES` at full dose of an arm, shape (arm, work move);
    reference 0."""
    absence_precision: Array
    """Precision of days absent about the days expected, see `absence`, a scalar; of no consequence
    where no days are reported."""


def loss_of_states(partial_loss: float) -> Floats:
    """Share of a working day that each transient state loses, shape (3,)."""
    return np.array([0.0, partial_loss, 1.0])


def log_intensities(
    xp: ArrayOps, law: WorkLaw, level: Array, frailty: Array, by_move: Array
) -> Array:
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
    by_move
        Log hazard ratios in force of each of `WORK_MOVES`, shape (..., work move).

    Returns
    -------
    Array
        Shape (..., transition).
    """
    above = level - LEVEL_REFERENCE
    worsening = xp.sum(above * law.worsening_slope, axis=-1) + frailty
    recovery = -xp.sum(above * law.recovery_slope, axis=-1) - frailty
    return (
        law.log_intensity
        + WORSENING * worsening[..., None]
        + (1 - WORSENING) * recovery[..., None]
        + TO_FULL_WORK * by_move[..., 0, None]
        + FROM_FULL_WORK * by_move[..., 1, None]
    )


def hazards_in_force(law: WorkLaw, arm: Ints, dose: Array) -> Array:
    """Log hazard ratios of people's own arms in each cell.

    Work arrangements act at once: the dose counts, not what a response has taken up of it.

    Parameters
    ----------
    law
        Population parameters.
    arm
        Index of each person's arm, shape (person,).
    dose
        Dose of each person's arm, shape (person, cell).

    Returns
    -------
    Array
        Shape (person, cell, work move).
    """
    return dose[:, :, None] * law.arm_log_hazard[arm][:, None, :]


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
    return sum(a[:, k, None] * b[None, k] for k in range(a.shape[0]))


def squarings_for(fastest: float) -> int:
    """Squarings that are enough for an intensity times weeks; never fewer than usual."""
    return SQUARINGS + max(0, math.ceil(math.log2(max(fastest, 1.0) / EXACT_UP_TO)))


def matrix_exponential(x: Array, squarings: int = SQUARINGS) -> Array:
    """Matrix exponential of small matrices, by Taylor series of degree 8 with scaling and squaring.

    Parameters
    ----------
    x
        Square in its first two axes, shape (n, n, batch).
    squarings
        As from `squarings_for`.

    Notes
    -----
    Twelve squarings keep the error below 1e-10 while intensity times weeks stays below 500, far
    beyond what a cell of the grid meets (measured against `scipy.linalg.expm` in
    tests/test_law_forward.py).
    """
    identity = np.eye(x.shape[0])[:, :, None]
    x = x / 2**squarings
    x2 = _product(x, x)
    x3 = _product(x2, x)
    x4 = _product(x2, x2)
    c = TAYLOR
    high = c[4] * identity + c[5] * x + c[6] * x2 + c[7] * x3 + c[8] * x4
    result = identity + x + c[2] * x2 + c[3] * x3 + _product(x4, high)
    for _ in range(squarings):
        result = _product(result, result)
    return result


def transition_probabilities(generator: Array, squarings: int = SQUARINGS) -> Array:
    """Probabilities of the moves between transient states.

    Parameters
    ----------
    generator
        Generator times weeks, shape (3, 3, batch).
    squarings
        As from `squarings_for`.

    Returns
    -------
    Array
        Probabilities from (first axis) to (second axis), shape (3, 3, batch). What a row lacks to
        1 is the probability of having left for good.
    """
    return matrix_exponential(generator, squarings)


def moves_and_losses(
    xp: ArrayOps, generator: Array, loss: Floats, weeks: Floats, squarings: int = SQUARINGS
) -> tuple[Array, Array]:
    """Transition probabilities, and the weeks that are expected to be lost on the way.

    Parameters
    ----------
    xp
        Array operations.
    generator
        Generator times weeks, shape (3, 3, batch).
    loss
        Share of each week that a state loses, shape (3,).
    weeks
        Time that passes, shape (batch,).
    squarings
        As from `squarings_for`.

    Returns
    -------
    moves
        As from `transition_probabilities`.
    losses
        Weeks expected to be lost from a state (first axis) jointly with ending in another (second
        axis), the integral over s of exp(Q s) diag(loss) exp(Q (h - s)), shape (3, 3, batch).

    Notes
    -----
    The integral is the upper right block of the exponential of ((Q h, diag(loss) h), (0, Q h)):
    Van Loan 1978, IEEE Trans Automat Contr 23:395-404.
    """
    n = N_TRANSIENT
    rest = np.diag(loss)[:, :, None] * weeks
    above = xp.concatenate([generator, rest], axis=1)
    below = xp.concatenate([0 * generator, generator], axis=1)
    whole = matrix_exponential(xp.concatenate([above, below], axis=0), squarings)
    return whole[:n, :n], whole[:n, n:]


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
