"""The expected course of a score: its level relaxes toward a target at a personal rate.

    d level / dt = rate (target - level),    target(t) = set_point + response * dose(t)

is linear in start, set point and response, so that at any time

    level(t) = start e^(-rate t) + set_point (1 - e^(-rate t)) + response * uptake(t)

with `uptake` the course of a person who starts and ends at 0 under a response of one. The fit uses
this closed form, the simulator the step; both integrate the same cells exactly.
"""

from __future__ import annotations

from .grid import TimeGrid
from .ops import Array, ArrayOps


def step(xp: ArrayOps, level: Array, target: Array, rate: Array, weeks: Array) -> Array:
    """Level after some weeks within one cell, where the target does not change.

    Parameters
    ----------
    xp
        Array operations.
    level, target
        Severity (0 none, 1 the worst the instrument expresses; may leave [0, 1]).
    rate
        Per week, positive.
    weeks
        Time passed, not negative.
    """
    return target + (level - target) * xp.exp(-rate * weeks)


def uptake(xp: ArrayOps, grid: TimeGrid, dose: Array, rate: Array, week: Array) -> Array:
    """Share of a unit response that the level has taken up at given times.

    With s and e the start and end of a cell, no later than t, it contributes
    dose (e^(-rate (t - e)) - e^(-rate (t - s))).

    Parameters
    ----------
    xp
        Array operations.
    grid
        The cells of person time.
    dose
        Shape (person, cell).
    rate
        Per week, shape (person,).
    week
        Weeks since baseline, within the grid, shape (person, time); data, not a parameter.

    Returns
    -------
    Array
        Shape (person, time); 0 at baseline, 1 after long full dose.
    """
    after_end = (week[:, :, None] - grid.ends).clip(0)
    after_start = (week[:, :, None] - grid.starts).clip(0)
    r = rate[:, None, None]
    return xp.sum(dose[:, None, :] * (xp.exp(-r * after_end) - xp.exp(-r * after_start)), axis=-1)


def basis(
    xp: ArrayOps, grid: TimeGrid, dose: Array, rate: Array, week: Array
) -> tuple[Array, Array, Array]:
    """Weights of start, set point and response in the level at given times.

    Arguments as for `uptake`; each weight has shape (person, time).
    """
    remaining = xp.exp(-rate[:, None] * week)
    return remaining, 1 - remaining, uptake(xp, grid, dose, rate, week)


def level(
    weights: tuple[Array, Array, Array],
    start: Array,
    set_point: Array,
    response: Array,
) -> Array:
    """Levels of every outcome, given the weights of their parts.

    Parameters
    ----------
    weights
        From `basis`, each of shape (person, time).
    start, set_point, response
        Severity, shape (person, outcome).

    Returns
    -------
    Array
        Severity, shape (person, time, outcome).
    """
    parts = (start, set_point, response)
    return sum(
        weight[:, :, None] * part[:, None, :] for weight, part in zip(weights, parts, strict=True)
    )
