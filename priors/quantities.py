"""The words in which a figure is described, and what a figure of each kind can be."""

from __future__ import annotations

import math
from typing import Literal

Quantity = Literal[
    # of a measure in one group
    "mean",
    "median",
    "sd",
    "change",
    "change_sd",
    # of two groups
    "mean_difference",
    "standardised_difference",
    "share_difference",
    "odds_ratio",
    "risk_ratio",
    "rate_ratio",
    "hazard_ratio",
    "ratio",
    # of people and events
    "share",
    "count",
    "rate",
    "duration",
    # of measures among themselves, of occasions and of clusters
    "correlation",
    "reliability",
    "measurement_error",
    "detectable_change",
    "important_change",
    "within_sd",
    "between_sd",
    "cluster_icc",
    "heterogeneity",
    "intercept",
    "coefficient",
    "explained_share",
    "residual_sd",
    # of money and health
    "cost",
    "cost_difference",
    "cost_per_qaly",
    "qaly_difference",
    # of a design
    "threshold",
    # without a number
    "direction",
    "fact",
]
"""Kinds of figure. `reliability` is a test-retest correlation or ICC, `measurement_error` the SD of
one person's scores over occasions (SEM), `heterogeneity` the I squared of a meta-analysis."""

Status = Literal["read", "recalled", "derived", "computed", "gap"]
Use = Literal["prior", "scenario", "validation"]
Caution = Literal["weak", "wide", "sceptical", "sign_only", "to_be_checked"]

NEITHER = "neither"
"""What a contrast favours that shows no difference."""

WITHOUT_NUMBER = frozenset({"direction", "fact"})

ABOVE_ZERO = frozenset(
    {
        *("odds_ratio", "risk_ratio", "rate_ratio", "hazard_ratio", "ratio"),
        *("sd", "change_sd", "within_sd", "between_sd", "residual_sd"),
        *("measurement_error", "detectable_change", "important_change", "duration"),
    }
)

_SHARES = frozenset({"share", "heterogeneity", "explained_share"})
_NOT_NEGATIVE = frozenset({"count", "rate", "cost"})


def limits(quantity: Quantity, unit: str | None) -> tuple[float, float]:
    """Return the lowest and highest value that a quantity can have, in its unit."""
    if quantity == "correlation":
        return -1.0, 1.0
    if quantity in ("reliability", "cluster_icc"):
        return 0.0, 1.0
    if quantity in _SHARES:
        return 0.0, 100.0 if unit == "percent" else 1.0
    return 0.0 if quantity in _NOT_NEGATIVE else -math.inf, math.inf
