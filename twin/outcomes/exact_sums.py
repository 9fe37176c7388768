"""Sums of scores that do not depend on the order in which they are added.

Sums of floating-point numbers do, in their last digits; sums of integers do not. Scores are
counted in units of 2**-24 points, which holds every grid score and every single-precision score
from 1 on exactly, and errs by less than 1e-7 points below.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from twin.simulate.kernel import kernel

Totals = npt.NDArray[np.int64]
Counts = npt.NDArray[np.int32]
Singles = npt.NDArray[np.float32]
Truths = npt.NDArray[np.bool_]

UNITS_PER_POINT = 2**24
_UNITS = np.float32(UNITS_PER_POINT)


def add_scores(score: Singles, total: Totals) -> Totals:
    """Add scores to totals, in units, and return their own sum over samples.

    Parameters
    ----------
    score
        Points, shape (sample, ...).
    total
        Changed in place, same shape.
    """
    flat = (len(score), -1)
    return np.asarray(_add_scores(score.reshape(flat), total.reshape(flat))).reshape(
        score.shape[1:]
    )


def add_counts(truths: Truths, total: Counts) -> None:
    """Count truths, any shape; totals of the same shape are changed in place."""
    _add_counts(truths.ravel(), total.reshape(-1))


def points(total: Totals, count: int) -> npt.NDArray[np.float64]:
    """Return the mean score, points, of a total of units over so many scores."""
    return total / (UNITS_PER_POINT * count)


@kernel
def _add_scores(score: Singles, total: Totals) -> Totals:
    samples, cells = score.shape
    own = np.zeros(cells, dtype=np.int64)
    for i in range(samples):
        for j in range(cells):
            counted = np.int64(np.rint(score[i, j] * _UNITS))
            total[i, j] += counted
            own[j] += counted
    return own


@kernel
def _add_counts(truths: Truths, total: Counts) -> None:
    for j in range(len(truths)):
        total[j] += truths[j]
