"""What a study that follows people without an intervention would have recorded.

People differ in start, set point and rate, scores in flare and error. Given the rate, the
continuous severities of two visits are jointly normal, so that all that a study publishes of two
visits (means, SDs, correlation, SD of the change, shares that improved) is a double integral: over
rates by Gauss-Hermite nodes, over the first severity by Gauss-Legendre nodes within each value that
can be recorded. The second score is integrated in closed form. Nothing is simulated, so that the
same parameters always give the same figures.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Self

import numpy as np
from scipy.special import ndtr, ndtri

from twin.law import course, residual
from twin.law.backends import NUMPY
from twin.law.expected import thresholds
from twin.law.grid import Floats
from twin.law.measurement import Scale

_RATES = 15
"""Nodes of the log rate: with an SD of 0.5 the course is a smooth function of it."""
_WITHIN = 4
"""Nodes of the first severity among those that are recorded alike."""


class Natural(NamedTuple):
    """A population's course in one outcome, and how it is measured; severities and weeks."""

    start_mean: float
    set_point_mean: float
    log_rate_mean: float
    log_rate_sd: float
    start_sd: float
    set_point_sd: float
    correlation: float
    """Of a person's start with the set point."""
    spread: float
    persistent_share: float
    persistence: float

    @classmethod
    def unchanged(
        cls, mean: float, sd: float, spread: float, share: float, persistence: float
    ) -> Self:
        """Return people who stay where they are, each at a level of the own."""
        return cls(mean, mean, 0.0, 0.0, sd, sd, 1.0, spread, share, persistence)


class Recorded(NamedTuple):
    """Moments of the recorded severities of a visit and of the first one, of the same people."""

    first: float
    later: float
    first_squared: float
    later_squared: float
    product: float

    @property
    def sd(self) -> float:
        """SD of the later score between people."""
        return float(np.sqrt(self.later_squared - self.later**2))

    @property
    def first_sd(self) -> float:
        """SD of the first score between people."""
        return float(np.sqrt(self.first_squared - self.first**2))

    @property
    def correlation(self) -> float:
        """Correlation of the later score with the first."""
        return (self.product - self.first * self.later) / (self.sd * self.first_sd)

    @property
    def change_sd(self) -> float:
        """SD of the change."""
        squared = self.later_squared - 2 * self.product + self.first_squared
        return float(np.sqrt(squared - (self.later - self.first) ** 2))


def mixed(parts: Sequence[Recorded], shares: Sequence[float]) -> Recorded:
    """Return the moments of a study that holds several groups of people."""
    return Recorded(*(float(np.dot(shares, moments)) for moments in zip(*parts, strict=True)))


def recorded(natural: Natural, scale: Scale, week: float, entry: float | None = None) -> Recorded:
    """Return what a study records at a week, beside the first score of the same people.

    Parameters
    ----------
    natural
        The population.
    scale
        Measurement of the instrument.
    week
        Since baseline.
    entry
        Lowest severity recorded at baseline with which people were enrolled; None for everyone.
    """
    at = _Pair.of(natural, scale, week, entry)
    first, mean, sd = at.first_score, at.later_mean, at.later_sd
    later, squared = (passed(mean, sd, scale, power) for power in (1, 2))
    parts = (first, later, first**2, squared, first * later)
    return Recorded(*(float(np.sum(at.weight * part)) for part in parts))


def improved(
    natural: Natural, scale: Scale, week: float, by: float, entry: float | None = None
) -> float:
    """Return the share of people whose recorded severity fell by some amount or more.

    Parameters
    ----------
    natural, scale, week, entry
        As for `recorded`.
    by
        The amount, severity.
    """
    at = _Pair.of(natural, scale, week, entry)
    rise, height = thresholds(scale)
    reached = np.concatenate([[0.0], np.cumsum(height)])  # the severities that can be recorded
    last = np.searchsorted(reached, at.first_score - by + _DUST, side="right")
    bound = np.concatenate([[-np.inf], rise, [np.inf]])[last]
    return float(np.sum(at.weight * ndtr((bound - at.later_mean) / at.later_sd)))


_DUST = 1e-9  # of binary fractions


def passed(mean: Floats, sd: Floats, scale: Scale, power: int) -> Floats:
    """Return the expected power of the severity recorded of a normal continuous one."""
    at, height = thresholds(scale)
    reached = np.cumsum(height) ** power
    total = np.zeros(np.broadcast_shapes(np.shape(mean), np.shape(sd)))
    for bound, rise in zip(at, np.diff(reached, prepend=0.0), strict=True):
        total += rise * ndtr((mean - bound) / sd)
    return total


class _Pair(NamedTuple):
    """Nodes of rate and first score, shape (rate, node), and the later severity given them."""

    weight: Floats
    first_score: Floats
    later_mean: Floats
    later_sd: Floats

    @classmethod
    def of(cls, natural: Natural, scale: Scale, week: float, entry: float | None) -> Self:
        z, weight = np.polynomial.hermite_e.hermegauss(_RATES)
        rate = np.exp(natural.log_rate_mean + natural.log_rate_sd * z)[:, None]
        kept = course.step(NUMPY, np.ones_like(rate), np.zeros_like(rate), rate, week)
        level = course.step(NUMPY, natural.start_mean, natural.set_point_mean, rate, week)
        noise = natural.spread**2
        still = natural.persistent_share * residual.autocorrelation(
            NUMPY, natural.persistence, np.asarray(week)
        )
        shared = natural.correlation * natural.start_sd * natural.set_point_sd
        first_variance = natural.start_sd**2 + noise
        covariance = kept * natural.start_sd**2 + (1 - kept) * shared + noise * still
        variance = (
            (kept * natural.start_sd) ** 2
            + ((1 - kept) * natural.set_point_sd) ** 2
            + 2 * kept * (1 - kept) * shared
            + noise
        )
        first, probability, score = _first(
            natural.start_mean, float(np.sqrt(first_variance)), scale, entry
        )
        return cls(
            weight=(weight / weight.sum())[:, None] * probability,
            first_score=np.broadcast_to(score, (_RATES, len(score))),
            later_mean=level + covariance / first_variance * (first - natural.start_mean),
            later_sd=np.sqrt(variance - covariance**2 / first_variance),
        )


def _first(
    mean: float, sd: float, scale: Scale, entry: float | None
) -> tuple[Floats, Floats, Floats]:
    """Return nodes of the first continuous severity, their weights and what is recorded of them.

    The weight of each recorded value is exact; within it the nodes are quantiles of what is
    recorded so, at Gauss-Legendre positions.
    """
    at, height = thresholds(scale)
    value = np.concatenate([[0.0], np.cumsum(height)])
    edge = np.concatenate([[0.0], ndtr((at - mean) / sd), [1.0]])
    if entry is not None:
        enrolled = value >= entry - _DUST
        value, edge = value[enrolled], edge[np.append(enrolled, True)]
    position, weight = np.polynomial.legendre.leggauss(_WITHIN)
    inside = np.diff(edge)[:, None]
    quantile = edge[:-1, None] + inside * (1 + position) / 2
    node = mean + sd * ndtri(np.clip(quantile, _RAREST, 1 - _RAREST))
    probability = inside * weight / 2 / (edge[-1] - edge[0])
    return node.ravel(), probability.ravel(), np.repeat(value, _WITHIN)


_RAREST = 1e-12
"""Quantiles beyond it stand for nobody; their logarithm would be lost."""
