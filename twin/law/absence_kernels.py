"""The probability of days absent, compiled, with its gradient: `absence.log_probability`."""

from __future__ import annotations

import math

from .small_matrices import compiled

_FAR = 10.0
"""Where the asymptotic series of the digamma function is exact to rounding: its next term is
691 / (32760 x^12)."""


@compiled
def digamma(x: float) -> float:
    """Derivative of log Γ at a positive number: by recurrence, then by its asymptotic series."""
    result = 0.0
    while x < _FAR:
        result -= 1 / x
        x += 1
    y = 1 / (x * x)
    series = y * (1 / 12 - y * (1 / 120 - y * (1 / 252 - y * (1 / 240 - y / 132))))
    return result + math.log(x) - 0.5 / x - series


@compiled
def log_absence(days: int, possible: int, share: float, precision: float) -> float:
    """Log probability of days lost, of those that could be."""
    lost, kept = share * precision, (1 - share) * precision
    return (
        math.lgamma(possible + 1.0)
        - math.lgamma(days + 1.0)
        - math.lgamma(possible - days + 1.0)
        + math.lgamma(days + lost)
        + math.lgamma(possible - days + kept)
        - math.lgamma(possible + precision)
        - math.lgamma(lost)
        - math.lgamma(kept)
        + math.lgamma(precision)
    )


@compiled
def log_absence_gradient(
    days: int, possible: int, share: float, precision: float
) -> tuple[float, float]:
    """Gradients with respect to share and precision."""
    lost, kept = share * precision, (1 - share) * precision
    by_lost = digamma(days + lost) - digamma(lost)
    by_kept = digamma(possible - days + kept) - digamma(kept)
    by_all = digamma(precision) - digamma(possible + precision)
    return precision * (by_lost - by_kept), share * by_lost + (1 - share) * by_kept + by_all
