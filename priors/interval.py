"""Equal-tailed intervals of priors."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import special

from .prior import Beta, Dirichlet, Distribution, HalfNormal, HalfStudentT, Lkj, LogNormal, Normal


def interval(distribution: Distribution, level: float) -> NDArray[np.float64] | None:
    """Return the equal-tailed interval of each entry.

    Parameters
    ----------
    distribution
        Of a parameter. Of correlations, the interval is that of a single one between two things.
    level
        Between 0 and 1.

    Returns
    -------
    NDArray
        Shape (entry, 2), lower end first, one row where all entries are alike; None of shares that
        add up to 1, whose interval depends on their number.
    """
    tails = np.array([(1 - level) / 2, (1 + level) / 2])
    match distribution:
        case Normal(mean=mean, sd=sd):
            return _column(mean) + _column(sd) * special.ndtri(tails)
        case HalfNormal(sd=sd):
            return _column(sd) * special.ndtri((1 + tails) / 2)
        case HalfStudentT(df=df, scale=scale):
            return _column(scale) * special.stdtrit(df, (1 + tails) / 2)
        case LogNormal(median=median, log_sd=log_sd):
            return _column(median) * np.exp(_column(log_sd) * special.ndtri(tails))
        case Beta(a=a, b=b):
            return np.asarray(special.betaincinv(_column(a), _column(b), tails))
        case Lkj(eta=eta):
            return np.asarray(2 * special.betaincinv(eta, eta, tails) - 1).reshape(1, 2)
        case Dirichlet():
            return None


def _column(value: float | tuple[float, ...]) -> NDArray[np.float64]:
    return np.atleast_1d(np.asarray(value, dtype=float))[:, None]
