"""Covariance of people's set points, sampled as that of the levels that visits see.

Set points lie in the future of most visits. What a cohort tells is how far people are apart at its
usual visit, and how they have kept their places since the start; a slow course to set points far
apart, which go little with starts, shows the same as a fast course to near ones that go with them.
So the SDs of levels at the usual visit, and all correlations with them, are the coordinates here.
With the weight w_k of the start in that level at the mean rate,

    level_k = w_k start_k + (1 - w_k) set_point_k,

effects are A times (start, level, frailty), A lower triangular, and its product with the Cholesky
factor of the one covariance is that of the other. The priors stay those of set points: with n
effects, a covariance C = A S A' has dC / dS = |A|^(n + 1), and one of SDs s and correlations R has
dC / d(s, R) = 2^n (prod s)^n.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from priors import Lkj, LogNormal, Normal, PriorSet
from twin.law.parameters import ModelSpec

from .families import of_family
from .geometry import coordinate_of, factor_of_partial_correlations

SD, CORRELATION = "set_point_sd", "person_correlation"
"""Names of the parameters that are sampled by those of levels."""


class LevelCovariance(NamedTuple):
    """SDs of set points, (outcome,), and the factor of the correlation of effects."""

    set_point_sd: Any
    person_correlation: Any


def kept(spec: ModelSpec, log_rate_mean: Any) -> Any:
    """Weight of the start in the level at the usual visit, at the mean rate, shape (outcome,)."""
    return pt.exp(-spec.usual_week * pt.exp(log_rate_mean))


def kept_at_prior(spec: ModelSpec, priors: PriorSet) -> np.ndarray:
    """The same at the mean of the rate's prior."""
    mean = of_family(priors, "log_rate_mean", Normal).mean
    return np.exp(-spec.usual_week * np.exp(np.broadcast_to(mean, len(spec.outcomes))))


def covariance_of_levels(
    spec: ModelSpec, priors: PriorSet, start_sd: Any, log_rate_mean: Any, log_share: Any = 0.0
) -> LevelCovariance:
    """Add the SDs of set points and the correlation of effects to the model at hand.

    Parameters
    ----------
    spec
        What the cohort has.
    priors
        Priors; that of the SDs is log-normal, that of the correlation LKJ.
    start_sd
        Severity, shape (outcome,).
    log_rate_mean
        Log per week, shape (outcome,).
    log_share
        Log of the share of variance between people where scores tell the SD of levels together with
        what differs within people; it then moves with the root of it, as that of starts does.
    """
    prior, eta = of_family(priors, SD, LogNormal), of_family(priors, CORRELATION, Lkj).eta
    k, n = len(spec.outcomes), len(spec.coords["correlated_effect"])
    w, log_median = kept(spec, log_rate_mean), np.log(np.broadcast_to(prior.median, k))
    coordinate = pm.Flat(
        coordinate_of(SD),
        dims="outcome",
        initval=log_median + np.log1p(-kept_at_prior(spec, priors)),
    )
    log_level_sd = coordinate + log_share / 2
    factor = factor_of_partial_correlations(CORRELATION, n, eta)
    level = pt.exp(log_level_sd)[:, None] * factor[k : 2 * k]
    start = start_sd[:, None] * factor[:k]
    set_point = (level - w[:, None] * start) / (1 - w)[:, None]
    sd = pt.sqrt((set_point**2).sum(axis=1))
    found = pt.set_subtensor(factor[k : 2 * k], set_point / sd[:, None])
    # log of SD of level over that of set point, apart from the part that A's determinant takes up
    apart = log_level_sd - pt.log(sd) - pt.log1p(-w)
    density = pm.logp(pm.Normal.dist(log_median, np.asarray(prior.log_sd)), pt.log(sd)).sum()
    # log |R| changes by 2 log |A| and by twice the logs of all SDs: by twice the sum of `apart`
    pm.Potential(f"log_{SD}", density + (n + 1 + 2 * (eta - 1)) * apart.sum())
    return LevelCovariance(
        pm.Deterministic(SD, sd, dims="outcome"),
        pm.Deterministic(CORRELATION, found, dims=("correlated_effect", "correlated_effect_other")),
    )
