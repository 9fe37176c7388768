"""Coordinates in which the sampler's steps can be long: the posterior is the same in any."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt
from pymc.logprob.transforms import Transform


class Softplus(Transform):  # type: ignore[misc]  # PyMC has no types
    """Coordinate of a positive quantity that may lie near zero: logarithm below, itself above.

    With the logarithm alone, a normal's upper half curves ever more steeply upward and has a long
    lower tail; here both sides are about as steep as a normal's.

    Parameters
    ----------
    unit
        Where the one goes over into the other: about half the quantity's typical size.
    """

    name = "softplus"
    ndim_supp = 0

    def __init__(self, unit: Any) -> None:
        self.unit = unit

    def forward(self, value: Any, *_: Any) -> Any:
        """Return the coordinate of a quantity."""
        part = value / self.unit
        return part + pt.log(-pt.expm1(-part))

    def backward(self, value: Any, *_: Any) -> Any:
        """Return the quantity at a coordinate."""
        return self.unit * pt.softplus(value)

    def log_jac_det(self, value: Any, *_: Any) -> Any:
        """Return the log derivative of the quantity by its coordinate."""
        return np.log(self.unit) - pt.softplus(-value)


def partly_centred(name: str, dims: tuple[str, ...], sd: Any, told: Any) -> Any:
    """Return standard normals that effects are multiples of, sampled so that data and prior agree.

    An effect of prior SD `sd` that data tell to within a standard error much smaller has a
    standardised value that moves with `sd`, along a hyperbola; one that they hardly tell has a
    value that moves with `sd` itself, in a funnel. The coordinate, the standard normal times
    sqrt(1 + (sd / told)^2), is the effect in standard errors for the first and the standard normal
    for the second (Papaspiliopoulos, Roberts and Sköld 2007, Stat Sci 22:59-73).

    Parameters
    ----------
    name
        Of the standard normals; their coordinate has a name of its own, `coordinate_of`.
    dims
        Names of their dims.
    sd
        SD of the effects, which broadcasts to their shape.
    told
        Standard error to which the data tell the effects, roughly, in the same unit: it changes
        the coordinate and not the posterior.
    """
    stretch = pt.sqrt(1 + (sd / told) ** 2)
    coordinate = pm.Normal(coordinate_of(name), sigma=stretch, dims=dims)
    return pm.Deterministic(name, coordinate / stretch, dims=dims)


def correlation_factor(
    name: str, dims: tuple[str, str], n: int, eta: float, stretch: Any = 1.0
) -> Any:
    """Return the lower Cholesky factor of a correlation matrix of LKJ distribution.

    Parameters
    ----------
    name
        Of the factor; its partial correlations have a name of their own, `coordinate_of`.
    dims
        Names of the factor's dims.
    n, eta, stretch
        As for `factor_of_partial_correlations`.
    """
    return pm.Deterministic(name, factor_of_partial_correlations(name, n, eta, stretch), dims=dims)


def factor_of_partial_correlations(name: str, n: int, eta: float, stretch: Any = 1.0) -> Any:
    """Return the same without a name of its own in the model.

    Sampled are its canonical partial correlations, which are independent beta variables under LKJ
    (Lewandowski and others 2009, J Multivar Anal 100:1989-2001), on the scale of their log odds,
    where their tails are exponential. PyMC's own coordinates normalise rows, which gives a
    correlation of two the tails of a Student t, and the sampler gets stuck in them.

    Parameters
    ----------
    name
        Of what is correlated: the partial correlations are its `coordinate_of`.
    n
        Number of variables that are correlated.
    eta
        Shape of the distribution: 1 is uniform, more shrinks toward none.
    stretch
        What the log odds are multiplied by, one for all or of each pair below the diagonal, by
        rows: it changes the coordinate and not the posterior.
    """
    row, column = _pairs(n)
    shape = eta + (n - 2 - column) / 2
    place = pm.CustomDist(
        coordinate_of(name),
        shape,
        pt.broadcast_to(stretch, row.shape),
        logp=_stretched_log_odds_density,
        dist=_stretched_log_odds,
        shape=row.shape,
    )
    log_odds = place / stretch
    partial = pt.set_subtensor(pt.zeros((n, n))[row, column], pt.tanh(log_odds / 2))
    log_rest = math.log(4) + _log_halves(log_odds)  # of the variance, log(1 - partial^2)
    rest = pt.set_subtensor(pt.zeros((n, n))[row, column], log_rest)
    before = pt.matmul(rest, np.triu(np.ones((n, n)), 1))
    return (partial + np.eye(n)) * pt.exp(0.5 * before)


def flare_stretch(persistent_share: Any, n: int, visits: Any) -> Any:
    """Return what the log odds of flares' partial correlations are multiplied by, (pair,).

    Visits far apart tell the covariance of two outcomes' residuals, which is their flares' alone:
    the correlation r of flares times g, the root of the product of the flares' shares of variance.
    For a given covariance c the log odds of (1 + r) / 2 are known to 2 / (g (1 - r^2)) times what c
    is known to, and with r = c / g that goes about as 1 / g^2. Where that is more than the prior
    knows, the log odds themselves are as good a coordinate: as in `partly_centred`.

    Parameters
    ----------
    persistent_share
        Share of the flare in the variance about the level, shape (outcome,).
    n
        Number of outcomes.
    visits
        How many there are at which outcomes were scored together, roughly.
    """
    row, column = _pairs(n)
    told = _TOLD_BY_ONE_VISIT / pt.sqrt(pt.maximum(visits, 1.0))
    return pt.sqrt(1 + (persistent_share[row] * persistent_share[column] / told) ** 2)


_TOLD_BY_ONE_VISIT = 3.0
"""To what it tells the log odds, for flares that are all of the variance; of the default cohort's
thousand visits, 0.1."""


def _pairs(n: int) -> tuple[np.ndarray, np.ndarray]:
    row, column = np.tril_indices(n, -1)
    return row, column


def _log_halves(log_odds: Any) -> Any:
    """Log of p (1 - p) at the log odds of p."""
    return -pt.softplus(log_odds) - pt.softplus(-log_odds)


def _stretched_log_odds_density(value: Any, shape: Any, stretch: Any) -> Any:
    """Log density of the log odds of a beta variable of equal shapes, times a stretch."""
    log_beta = 2 * pt.gammaln(shape) - pt.gammaln(2 * shape)
    return shape * _log_halves(value / stretch) - log_beta - pt.log(stretch)


def _stretched_log_odds(shape: Any, stretch: Any, size: Any) -> Any:
    half = pm.Beta.dist(shape, shape, size=size)
    return stretch * (pt.log(half) - pt.log1p(-half))


def coordinate_of(name: str) -> str:
    """Return the name under which the coordinate of a parameter is sampled."""
    return f"{name}_coordinate"
