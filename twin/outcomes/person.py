"""One person's outcomes, summarised over posterior draws.

People are summarised one at a time, so that what is found of one cannot depend on who else is in
the chunk.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from .exact_sums import Totals, points
from .intervals import Floats, quantiles, quantiles_of_scores, tails
from .order_statistics import Grid

Singles = npt.NDArray[np.float32]

STATISTICS = ("mean", "lower", "median", "upper")


class Benefit(NamedTuple):
    """What a scenario gains a person over the comparator; each has shape (week, outcome)."""

    mean: Floats
    lower: Floats
    upper: Floats
    probability_benefit: Floats
    """Probability of a benefit at least as large as the important change; NaN without one."""
    probability_harm: Floats
    """Probability of being worse off by more than the harmful change."""


def course(total: Totals, score: Singles, level: float, grid: Grid | None = None) -> Singles:
    """Statistics of a score by week.

    Parameters
    ----------
    total
        Scores in units of `exact_sums`, added up over samples, shape (week, outcome).
    score
        Scores, shape (sample, week, outcome).
    level
        Level of the interval.
    grid
        Where they lie, see `order_statistics`.

    Returns
    -------
    numpy.ndarray
        Shape (statistic, week, outcome), in the order of `STATISTICS`.
    """
    lower, upper = tails(level)
    mean = points(total, len(score))
    found = quantiles_of_scores(score, (lower, 0.5, upper), grid)
    return np.concatenate([mean[None], found]).astype(np.float32)


def benefit(
    expected: Floats,
    comparator: Floats,
    sign: Floats,
    important: Floats,
    harm: Floats,
    level: float,
) -> Benefit:
    """Expected scores under a scenario against those under the comparator.

    Parameters
    ----------
    expected, comparator
        Expected scores at the weeks reported, score points, shape (week, outcome, sample).
    sign
        1 where a lower score is better, -1 where a higher one is, shape (outcome,).
    important
        Change that counts as important, score points, NaN where none is known, shape (outcome,).
    harm
        Worsening beyond which a person is harmed, score points, shape (outcome,).
    level
        Level of the interval.
    """
    # each posterior draw against itself: the pair is not broken by averaging first
    gain = sign[:, None] * (comparator - expected)
    lower, upper = quantiles(gain, tails(level))
    reached = (gain >= important[:, None]).mean(axis=-1)
    return Benefit(
        mean=gain.mean(axis=-1),
        lower=lower,
        upper=upper,
        probability_benefit=np.where(np.isnan(important), np.nan, reached),
        probability_harm=(gain < -harm[:, None]).mean(axis=-1),
    )


def saved(lost: Floats, comparator: Floats, level: float) -> tuple[float, float, float]:
    """Mean and interval of the days that a scenario saves a worker.

    Parameters
    ----------
    lost, comparator
        Days lost under it and under the comparator, shape (sample,).
    level
        Level of the interval.
    """
    gain = comparator - lost
    lower, upper = quantiles(gain, tails(level))
    return float(gain.mean()), float(lower), float(upper)
