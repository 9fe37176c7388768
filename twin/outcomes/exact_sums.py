"""Sums of scores that do not depend on the order in which they are added.

Sums of floating-point numbers do, in their last digits; sums of integers do not. Scores are
counted in units of 2**-24 points, which holds every grid score and every single-precision score
from 1 on exactly, and errs by less than 1e-7 points below.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Totals = npt.NDArray[np.int64]

UNITS_PER_POINT = 2**24


def units(score: npt.NDArray[np.float32]) -> Totals:
    """Return scores as whole numbers of units, any shape."""
    return np.rint(score * np.float32(UNITS_PER_POINT)).astype(np.int64)


def points(total: Totals, count: int) -> npt.NDArray[np.float64]:
    """Return the mean score, points, of a total of units over so many scores."""
    return total / (UNITS_PER_POINT * count)
