"""Means of starts and set points, sampled as those of the people who were enrolled.

A study with an entry threshold sees the tail of a distribution: a higher mean with a smaller spread
between people shows it as well as a lower mean with a larger one, and all other means go along.
What it does tell are the means of those enrolled. They are the coordinates here; the parameters,
and their priors, stay those of everyone who could have been enrolled.
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

from .geometry import coordinate_of
from .ops import TENSOR

MEANS = ("start_mean", "set_point_mean")
"""Names of the parameters that are sampled in these coordinates."""


def means_of_enrolled(
    spec: ModelSpec, priors: PriorSet, value: Mapping[str, Any], rule: Entry
) -> dict[str, Any]:
    """Add the means of starts and set points to the model at hand.

    Parameters
    ----------
    spec
        What the cohort has.
    priors
        Priors; those of the means are normal.
    value
        Variables sampled so far: SDs and correlations between people, and spreads.
    rule
        The entry threshold.

    Returns
    -------
    dict
        ``start_mean`` and ``set_point_mean``, each (outcome,), severity.
    """
    k, at = len(spec.outcomes), rule.outcome
    prior = [_normal(priors, name) for name in MEANS]
    centre = [np.broadcast_to(one.mean, k) for one in prior]
    coordinates = [
        pm.Flat(coordinate_of(name), dims="outcome", initval=at_centre)
        for name, at_centre in zip(MEANS, centre, strict=True)
    ]
    factor = value["person_correlation"]
    with_entry = pt.matmul(factor, factor[at])[: 2 * k]
    sd = pt.concatenate([value["start_sd"], value["set_point_sd"]])
    score_sd = pt.sqrt(value["start_sd"][at] ** 2 + value["spread"][at] ** 2)

    # The lift of the entry outcome's start is read at the prior's mean, the others at the mean that
    # this gives: no lift holds the mean that it is added to, and the Jacobian is 1.
    own = value["start_sd"][at] ** 2 / score_sd * _hazard((centre[0][at] - rule.bound) / score_sd)
    above = (coordinates[0][at] - own - rule.bound) / score_sd
    lift = sd * with_entry * value["start_sd"][at] / score_sd * _hazard(above)
    means = pt.concatenate(coordinates) - pt.set_subtensor(lift[at], own)
    found = {}
    for name, one, mean in zip(MEANS, prior, (means[:k], means[k:]), strict=True):
        found[name] = pm.Deterministic(name, mean, dims="outcome")
        density = pm.logp(pm.Normal.dist(np.asarray(one.mean), np.asarray(one.sd)), mean)
        pm.Potential(f"log_{name}", density.sum())
    return found


def _normal(priors: PriorSet, name: str) -> Normal:
    distribution = priors[name].distribution
    if not isinstance(distribution, Normal):
        raise TypeError(
            f"prior set '{priors.name}': the prior of {name} must be normal, not"
            f" {distribution.family}. Give it a mean and an SD."
        )
    return distribution


def _hazard(above: Any) -> Any:
    """Mean of a standard normal that exceeds -above."""
    return pt.exp(-0.5 * above**2 - 0.5 * math.log(2 * math.pi) - TENSOR.log_normal_cdf(above))
