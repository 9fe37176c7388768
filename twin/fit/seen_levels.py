"""Means of starts and set points, sampled as what visits see of them.

Set points lie in the future of most visits: a faster course to a set point less far away shows much
the same at a follow-up. What a cohort does tell is the level at its usual visit, and its mean is
the coordinate here, as its SD (`level_covariance`) and the effects of arms are.

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

from priors import Normal, PriorSet
from twin.law.parameters import ModelSpec
from twin.law.records import Entry

from .families import of_family
from .geometry import coordinate_of
from .level_covariance import kept, kept_at_prior
from .ops import TENSOR

MEANS = ("start_mean", "set_point_mean")
"""Names of the parameters that are sampled as means of levels."""


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
    prior = [of_family(priors, name, Normal) for name in MEANS]
    start, set_point = (np.broadcast_to(one.mean, k) for one in prior)
    at_first = kept_at_prior(spec, priors)
    usual = at_first * start + (1 - at_first) * set_point
    coordinates = [
        pm.Flat(coordinate_of(name), dims="outcome", initval=at_prior)
        for name, at_prior in zip(MEANS, (start, usual), strict=True)
    ]
    w = kept(spec, value["log_rate_mean"])
    enrolled = (coordinates[0], (coordinates[1] - w * coordinates[0]) / (1 - w))
    means = pt.concatenate(enrolled)
    if rule is not None:
        means = means - _lift(value, rule, coordinates[0], float(start[rule.outcome]))
    found = {}
    for name, one, mean in zip(MEANS, prior, (means[:k], means[k:]), strict=True):
        found[name] = pm.Deterministic(name, mean, dims="outcome")
        density = pm.logp(pm.Normal.dist(np.asarray(one.mean), np.asarray(one.sd)), mean)
        pm.Potential(f"log_{name}", density.sum())
    pm.Potential("log_jacobian_of_means", -pt.log1p(-w).sum())
    return found


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
