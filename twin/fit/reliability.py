"""SDs of starts and of scores about levels, sampled as their total and the share of starts in it.

Where most people were asked once or twice, data tell the SD of scores well and hardly what of it
is between people and what within: the two SDs lie along an arc. The logarithm of the total SD and
the log odds of the share of variance that lies between people, the reliability of a first score,
lie straight. With more visits each SD is told by itself, and is sampled so.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from priors import LogNormal, PriorSet
from twin.law.records import ScoreRecords

from .families import of_family
from .geometry import coordinate_of

START_SD, SPREAD = "start_sd", "spread"
FEW = 2
"""Scores of an outcome that a person usually has, up to which the total is what is told."""


class Reliability(NamedTuple):
    """The two SDs, each (outcome,), severity; and the log share of variance between people."""

    start_sd: Any
    spread: Any
    log_share: Any


def few_scores(scores: ScoreRecords, outcomes: int) -> bool:
    """Whether the usual person has too few scores to tell error from differences of people."""
    scored = scores.n_scores[scores.n_scores > 0]
    return scored.size > 0 and bool(np.median(scored) <= FEW * outcomes)


def start_sd_and_spread(priors: PriorSet) -> Reliability:
    """Add both SDs to the model at hand; their priors must be log-normal.

    With u the log of the total SD and v the log odds of the share, the logs of the two SDs are
    u + log(share) / 2 and u + log(1 - share) / 2: the Jacobian is 1/2 everywhere.
    """
    prior = [of_family(priors, name, LogNormal) for name in (START_SD, SPREAD)]
    start, spread = (np.log(np.asarray(one.median, dtype=float)) for one in prior)
    total = pm.Flat(
        coordinate_of(SPREAD),
        dims="outcome",
        initval=_each(np.logaddexp(2 * start, 2 * spread) / 2),
    )
    odds = pm.Flat(coordinate_of(START_SD), dims="outcome", initval=_each(2 * (start - spread)))
    log_share = -pt.softplus(-odds)
    found = (total + log_share / 2, total - pt.softplus(odds) / 2)
    for name, one, log_sd in zip((START_SD, SPREAD), prior, found, strict=True):
        density = pm.logp(pm.Normal.dist(np.log(one.median), np.asarray(one.log_sd)), log_sd)
        pm.Potential(f"log_{name}", density.sum())
    sds = [
        pm.Deterministic(name, pt.exp(log_sd), dims="outcome")
        for name, log_sd in zip((START_SD, SPREAD), found, strict=True)
    ]
    return Reliability(sds[0], sds[1], log_share)


def _each(value: np.ndarray) -> np.ndarray:
    n = len(pm.modelcontext(None).coords["outcome"])
    return np.broadcast_to(value, n).copy()
