"""Equal-tailed intervals."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from .order_statistics import Grid, order_statistics

Floats = npt.NDArray[np.float64]


def tails(level: float) -> tuple[float, float]:
    """Return the probabilities below the ends of an equal-tailed interval."""
    return (1 - level) / 2, (1 + level) / 2


def quantiles(values: npt.NDArray[np.floating], probabilities: Sequence[float]) -> Floats:
    """Return quantiles over the last axis, shape (quantile, ...).

    They are those of `numpy.quantile` with its linear rule. Sorting along contiguous memory is
    many times faster than what that does for several quantiles of short rows.
    """
    ordered = np.moveaxis(np.sort(values, axis=-1), -1, 0)
    at = _between(tuple(probabilities), len(ordered))
    return at.interpolated(ordered[at.places])


def quantiles_of_scores(
    score: npt.NDArray[np.float32], probabilities: Sequence[float], grid: Grid | None = None
) -> Floats:
    """Return the same of many scores, given with shape (sample, week, outcome), over samples.

    Parameters
    ----------
    score, grid
        Of `order_statistics`.
    probabilities
        Of the quantiles.
    """
    at = _between(tuple(probabilities), len(score))
    return at.interpolated(order_statistics(score, at.places, grid))


class _Between(NamedTuple):
    """Where quantiles lie in an order."""

    places: npt.NDArray[np.int64]
    """Those next to any quantile, rising, shape (place,)."""
    sides: npt.NDArray[np.int64]
    """Which of them stand below and above each quantile, shape (2, quantile)."""
    part: npt.NDArray[np.float64]
    """How far on from the one below it lies, shape (quantile,)."""

    def interpolated(self, values: npt.NDArray[np.floating]) -> Floats:
        """Return quantiles, shape (quantile, ...), of the values at the places, (place, ...)."""
        low, high = values[self.sides].astype(np.float64)
        return np.asarray(low + self.part.reshape(-1, *(1,) * (low.ndim - 1)) * (high - low))


@cache  # the same few for everybody
def _between(probabilities: tuple[float, ...], n: int) -> _Between:
    """Return where quantiles lie in an order of n."""
    place = np.asarray(probabilities) * (n - 1)
    below = place.astype(np.int64)
    each, sides = np.unique([below, np.minimum(below + 1, n - 1)], return_inverse=True)
    return _Between(each, sides.reshape(2, -1), place - below)
