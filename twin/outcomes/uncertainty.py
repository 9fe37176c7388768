"""Where the uncertainty of a difference between scenarios comes from, in parts that add up.

The posterior of a mean over people varies from draw to draw for three reasons: what is the same for
all people is uncertain (the parameters, and what interventions do), each person's own course is,
and chance plays its part. The first does not shrink with more people, the others do: that tells
them apart. Chance alone is what is left when people are simulated again from the same draws.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from twin.law.work import WORK_STATES

from . import spread
from .criteria import CRITERIA
from .exact_sums import UNITS_PER_POINT, Totals
from .intervals import Floats
from .rows import Row

PARTS = ("parameter", "person", "process", "monte_carlo")
"""Of a variance, in the order in which they are told."""


def parts(
    row: Row,
    apart: Floats,
    error: float,
    sums: Mapping[str, Totals],
    outcomes: tuple[str, ...],
    weeks: tuple[int, ...],
) -> dict[str, float]:
    """Return the parts of the variance of a difference, in the square of its unit.

    Parameters
    ----------
    row
        The quantity.
    apart
        The difference in every draw, shape (chain, draw).
    error
        Monte-Carlo standard error of its mean.
    sums
        What `spread` adds up over people, of the scenario that is compared.
    outcomes, weeks
        Outcomes, and the weeks reported, in the order of these sums.

    Returns
    -------
    dict
        Of each of `PARTS`; none is negative. The first three add up to the variance over draws, and
        all to that about the mean as it was estimated. ``parameter``: what all people share.
        ``person``: what is not known of single people given that. ``process``: chance. With one
        person ``parameter`` cannot be told apart: it is NaN, and ``person`` holds it. NaN for
        ``process`` where nobody was simulated twice, ``person`` then holding it; and for all but
        the last for a quantity that is no mean over the same people in every draw.

    Notes
    -----
    With ``T`` the variance of the mean over ``n`` people and ``V_i`` that of a person's own
    difference, people being independent given what they share,

        parameter = (T - sum V_i / n^2) n / (n - 1)

    is the mean covariance of two people. The same cut to [0, T] is told: with few draws it may miss
    by more than its size. Whoever shares a clinic or a queue shares that too, in part.
    """
    found = dict.fromkeys(PARTS, np.nan) | {"monte_carlo": error**2}
    if row.quantity not in spread.AXES:
        return found
    place = _place(row, outcomes, weeks)
    total, n = float(np.var(apart, ddof=1)), row.people
    own = _sum_at(sums, spread.OF_CONTRAST, row.quantity, place)
    shared = (total - own / n**2) * n / (n - 1) if n > 1 else np.nan
    found["parameter"] = float(np.clip(shared, 0, total))
    rest = total - (found["parameter"] if n > 1 else 0.0)
    twice = sums.get(spread.TWICE, np.zeros(2))[int(row.quantity in spread.OF_WORKERS)]
    if twice:
        chance = _sum_at(sums, spread.CHANCE_OF_CONTRAST, row.quantity, place) / twice / n
        found["process"] = min(chance, rest)
        rest -= found["process"]
    return found | {"person": rest}


def _place(row: Row, outcomes: tuple[str, ...], weeks: tuple[int, ...]) -> tuple[int, ...]:
    at = {
        "week": weeks.index(row.week),
        "outcome": outcomes.index(row.outcome) if row.outcome else 0,
        "criterion": CRITERIA.index(row.detail) if row.detail in CRITERIA else 0,
        "work_status": WORK_STATES.index(row.detail) if row.detail in WORK_STATES else 0,
    }
    return tuple(at[axis] for axis in spread.AXES[row.quantity])


def _sum_at(sums: Mapping[str, Totals], name: str, quantity: str, place: tuple[int, ...]) -> float:
    return float(sums[f"{name} {quantity}"][place]) / UNITS_PER_POINT
