"""The expected course of a score: a natural course, and what an intervention adds to it.

    level(t) = natural(t) + response * uptake(t)
    d natural / dt = rate (set_point - natural)              at a rate of the person's own
    d uptake / dt = response_rate (dose - uptake)            at a rate of the intervention's own

is linear in start, set point and response, so that at any time

    level(t) = start e^(-rate t) + set_point (1 - e^(-rate t)) + response * uptake(t).

The fit uses this closed form, the simulator the step; both integrate the same cells exactly.
"""

from __future__ import annotations

from numba.extending import register_jitable

from .grid import TimeGrid
from .ops import Array, ArrayOps, ElementwiseOps


@register_jitable
def step(xp: ElementwiseOps, level: Array, target: Array, rate: Array, weeks: Array) -> Array:
    """Natural course or uptake after some weeks within one cell, where its target stands still.

    Parameters
    ----------
    xp
        Array operations.
    level, target
        Severity (0 none, 1 the worst the instrument expresses; may leave [0, 1]) and set point, or
        uptake and dose.
    rate
        Per week, positive.
    weeks
        Time passed, not negative.
    """
    return target + (level - target) * xp.exp(-rate * weeks)


def uptake(xp: ArrayOps, grid: TimeGrid, dose: Array, response_rate: Array, week: Array) -> Array:
    """Share of a unit response that the level has taken up at given times.

    With s and e the start and end of a cell, no later than t, and r the response rate, it
    contributes dose (e^(-r (t - e)) - e^(-r (t - s))).

    Parameters
    ----------
    xp
        Array operations.
    grid
        The cells of person time.
    dose
        Shape (person, cell).
    response_rate
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
    r = response_rate[:, None, None]
    return xp.sum(dose[:, None, :] * (xp.exp(-r * after_end) - xp.exp(-r * after_start)), axis=-1)


def uptake_by_steps(
    xp: ArrayOps, grid: TimeGrid, dose: Array, response_rate: Array
) -> tuple[Array, Array]:
    """Uptake at the edges and at the middles of the cells, one step after the other.

    The same as `uptake`, in time that grows with the number of cells and not with its square; and
    where the dose is 0 from the beginning, exactly 0.

    Parameters
    ----------
    xp
        Array operations.
    grid
        The cells of person time.
    dose
        Shape (person, cell).
    response_rate
        Per week, shape (person,).

    Returns
    -------
    edges, middles
        Shapes (person, cell + 1) and (person, cell).
    """
    at_edges, at_middles = [0.0 * response_rate], []
    for c, weeks in enumerate(grid.ends - grid.starts):
        now = at_edges[-1]
        at_middles.append(step(xp, now, dose[:, c], response_rate, weeks / 2))
        at_edges.append(step(xp, now, dose[:, c], response_rate, weeks))
    return xp.stack(at_edges, axis=1), xp.stack(at_middles, axis=1)


def natural_weights(xp: ArrayOps, rate: Array, week: Array) -> tuple[Array, Array]:
    """Weights of start and set point in the level at given times.

    Parameters
    ----------
    xp
        Array operations.
    rate
        Per week, shape (person, outcome).
    week
        Weeks since baseline, shape (person, time) or (time,).

    Returns
    -------
    start, set_point
        Each of shape (person, time, outcome).
    """
    remaining = xp.exp(-rate[:, None, :] * week[..., None])
    return remaining, 1 - remaining


def basis(
    xp: ArrayOps, grid: TimeGrid, dose: Array, response_rate: Array, rate: Array, week: Array
) -> tuple[Array, Array, Array]:
    """Weights of start, set point and response in the level at given times.

    Arguments as for `uptake`, with the person's own `rate` per week, shape (person, outcome). The
    weights of start and set point have shape (person, time, outcome), that of the response, which
    outcomes share, (person, time, 1).
    """
    taken_up = uptake(xp, grid, dose, response_rate, week)
    return *natural_weights(xp, rate, week), taken_up[:, :, None]


def level(weights: tuple[Array, ...], *parts: Array) -> Array:
    """Levels of every outcome, given their parts and the weights of these.

    Parameters
    ----------
    weights
        From `basis` or `natural_weights`.
    *parts
        Start, set point and, with `basis`, response: severity, shape (person, outcome).

    Returns
    -------
    Array
        Severity, shape (person, time, outcome).
    """
    return sum(weight * part[:, None, :] for weight, part in zip(weights, parts, strict=True))
