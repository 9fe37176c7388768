"""Means of starts and set points, and SDs of set points, sampled as what visits see of them.

Set points lie in the future of most visits: a faster course to a set point less far away shows much
the same at a follow-up. What a cohort does tell is the level at its usual visit, and its mean and
SD are the coordinates here, as they are for the effects of arms.

A study with an entry threshold, moreover, sees the tail of a distribution: a higher mean with a
smaller spread between people shows it as well as a lower mean with a larger one, and all other
means go along. What it does tell are the means of those enrolled, which take the place of the
others. The parameters, and their priors, stay those of everyone who could have been enrolled.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from priors import LogNormal, Normal, PriorSet
from twin.law.parameters import ModelSpec
from twin.law.records import Entry

from .geometry import coordinate_of
from .ops import TENSOR

MEANS = ("start_mean", "set_point_mean")
"""Names of the parameters that are sampled as means of levels."""
SD = "set_point_sd"
"""Name of the parameter that is sampled as the SD of a level."""


def sd_of_set_points(spec: ModelSpec, priors: PriorSet, log_rate_mean: Any) -> Any:
    """Add the SDs of set points to the model at hand, sampled as what the usual visit sees of them.

    Parameters
    ----------
    spec
        What the cohort has.
    priors
        Priors; that of the SD is log-normal.
    log_rate_mean
        Log per week, shape (outcome,).

    Returns
    -------
    Variable
        ``set_point_sd``, shape (outcome,), severity.
    """
    prior = priors[SD].distribution
    if not isinstance(prior, LogNormal):
        raise _wrong_family(priors, SD, "log_normal", prior.family)
    k = len(spec.outcomes)
    at_prior = np.broadcast_to(np.log(prior.median), k) + np.log1p(-_kept_at_prior(spec, priors))
    coordinate = pm.Flat(coordinate_of(SD), dims="outcome", initval=at_prior)
    log_sd = coordinate - pt.log1p(-_kept(spec, log_rate_mean))
    # on the log scale the coordinate is but shifted: its Jacobian is 1
    density = pm.logp(pm.Normal.dist(np.log(prior.median), np.asarray(prior.log_sd)), log_sd)
    pm.Potential(f"log_{SD}", density.sum())
    return pm.Deterministic(SD, pt.exp(log_sd), dims="outcome")


def means_of_levels(
    spec: ModelSpec, priors: PriorSet, value: Mapping[str, Any], rule: Entry | None
) -> dict[str, Any]:
    """Add the means of starts and set points to the model at hand.

    Parameters
    ----------
    spec
        What the cohort has.
    priors
        Priors; those of the means are normal.
    value
        Variables sampled so far: rates, SDs and correlations between people, and spreads.
    rule
        The entry threshold, None where there is none.

    Returns
    -------
    dict
        ``start_mean`` and ``set_point_mean``, each (outcome,), severity.
    """
    k = len(spec.outcomes)
    prior = [_normal(priors, name) for name in MEANS]
    start, set_point = (np.broadcast_to(one.mean, k) for one in prior)
    kept_at_prior = _kept_at_prior(spec, priors)
    usual = kept_at_prior * start + (1 - kept_at_prior) * set_point
    coordinates = [
        pm.Flat(coordinate_of(name), dims="outcome", initval=at_prior)
        for name, at_prior in zip(MEANS, (start, usual), strict=True)
    ]
    kept = _kept(spec, value["log_rate_mean"])
    enrolled = (coordinates[0], (coordinates[1] - kept * coordinates[0]) / (1 - kept))
    means = pt.concatenate(enrolled)
    if rule is not None:
        means = means - _lift(value, rule, coordinates[0], float(start[rule.outcome]))
    found = {}
    for name, one, mean in zip(MEANS, prior, (means[:k], means[k:]), strict=True):
        found[name] = pm.Deterministic(name, mean, dims="outcome")
        density = pm.logp(pm.Normal.dist(np.asarray(one.mean), np.asarray(one.sd)), mean)
        pm.Potential(f"log_{name}", density.sum())
    pm.Potential("log_jacobian_of_means", -pt.log1p(-kept).sum())
    return found


def _kept(spec: ModelSpec, log_rate_mean: Any) -> Any:
    """Weight of the start in the level at the usual visit, at the mean rate, shape (outcome,)."""
    return pt.exp(-spec.usual_week * pt.exp(log_rate_mean))


def _kept_at_prior(spec: ModelSpec, priors: PriorSet) -> Any:
    mean = np.broadcast_to(_normal(priors, "log_rate_mean").mean, len(spec.outcomes))
    return np.exp(-spec.usual_week * np.exp(mean))


def _lift(value: Mapping[str, Any], rule: Entry, start: Any, start_at_prior: float) -> Any:
    """How much higher the means of those enrolled are, starts then set points, (2 outcome,).

    The lift of the entry outcome's start is read at the prior's mean, the others at the mean that
    this gives: no lift holds the mean that it is added to, and the Jacobian is 1.
    """
    at, factor = rule.outcome, value["person_correlation"]
    sd = pt.concatenate([value["start_sd"], value["set_point_sd"]])
    with_entry = pt.matmul(factor, factor[at])[: 2 * value["spread"].shape[0]]
    start_sd = value["start_sd"][at]
    score_sd = pt.sqrt(start_sd**2 + value["spread"][at] ** 2)
    own = start_sd**2 / score_sd * _hazard((start_at_prior - rule.bound) / score_sd)
    above = (start[at] - own - rule.bound) / score_sd
    lift = sd * with_entry * start_sd / score_sd * _hazard(above)
    return pt.set_subtensor(lift[at], own)


def _hazard(above: Any) -> Any:
    """Mean of a standard normal that exceeds -above."""
    return pt.exp(-0.5 * above**2 - 0.5 * math.log(2 * math.pi) - TENSOR.log_normal_cdf(above))


def _normal(priors: PriorSet, name: str) -> Normal:
    distribution = priors[name].distribution
    if not isinstance(distribution, Normal):
        raise _wrong_family(priors, name, "normal", distribution.family)
    return distribution


def _wrong_family(priors: PriorSet, name: str, wanted: str, found: str) -> TypeError:
    return TypeError(
        f"prior set '{priors.name}': the prior of {name} must be of family {wanted}, not {found}."
    )
