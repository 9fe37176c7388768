"""Priors that take over a part of what an earlier fit has learnt."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .prior import Beta, Distribution, HalfNormal, LogNormal, Normal


def discounted(
    prior: Distribution, posterior: NDArray[np.float64], weight: float
) -> Distribution | None:
    """Return prior^(1 - weight) posterior^weight, in the prior's family.

    That is the prior times the likelihood of the earlier data to the power of the weight: a power
    prior (Ibrahim and Chen 2000, Stat Sci 15:46-60), for one parameter at a time. In an exponential
    family it is the weighted mean of the natural parameters. Where the data said nothing it is the
    prior; where they said nearly everything, its variance is that of the posterior by the weight.

    Parameters
    ----------
    prior
        What the earlier fit is taken to have started from.
    posterior
        Draws of the parameter, shape (draw, entry); entries without draws are NaN and keep the
        prior.
    weight
        Between 0, the prior, and 1, the posterior.

    Returns
    -------
    Distribution or None
        None for families that have no such mean: correlations, shares that add up to 1, and
        Student's t.
    """
    known = ~np.isnan(posterior).any(axis=0)
    told = np.where(known, weight, 0.0)
    drawn = np.where(known, posterior, 0.5)  # of no weight, but inside every family's support
    match prior:
        case Normal(mean=mean, sd=sd):
            centre, width = _normal(np.asarray(mean), np.asarray(sd), drawn, told)
            return Normal(mean=_values(centre), sd=_values(width))
        case LogNormal(median=median, log_sd=log_sd):
            centre, width = _normal(np.log(median), np.asarray(log_sd), np.log(drawn), told)
            return LogNormal(median=_values(np.exp(centre)), log_sd=_values(width))
        case HalfNormal(sd=sd):
            square = (drawn**2).mean(axis=0)
            return HalfNormal(sd=_values(((1 - told) / np.square(sd) + told / square) ** -0.5))
        case Beta(a=a, b=b):
            own = _beta(drawn)
            return Beta(
                a=_values((1 - told) * np.asarray(a) + told * own[0]),
                b=_values((1 - told) * np.asarray(b) + told * own[1]),
            )
        case _:
            return None


type _Floats = NDArray[np.float64]


def _normal(mean: _Floats, sd: _Floats, drawn: _Floats, told: _Floats) -> tuple[_Floats, _Floats]:
    """Weighted means of precision times mean, and of precision."""
    # an entry that never varies has weight 0
    own = np.where(told > 0, drawn.var(axis=0), 1.0)
    precision = (1 - told) / sd**2 + told / own
    centre = ((1 - told) * mean / sd**2 + told * drawn.mean(axis=0) / own) / precision
    return centre, precision**-0.5


def _beta(drawn: _Floats) -> tuple[_Floats, _Floats]:
    """The beta of the draws' mean and variance."""
    mean, variance = drawn.mean(axis=0), drawn.var(axis=0)
    size = np.where(variance > 0, mean * (1 - mean) / np.where(variance > 0, variance, 1.0) - 1, 0)
    return size * mean, size * (1 - mean)


def _values(found: _Floats) -> float | tuple[float, ...]:
    """One value where there is one entry."""
    return float(found[0]) if found.size == 1 else tuple(found.tolist())
