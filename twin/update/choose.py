"""Which candidates are kept: weights, how far they can be trusted, and the draw made by them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from arviz_stats.base.array import array_stats
from scipy.special import logsumexp

from twin.law.grid import Floats, Ints

LARGEST_K = 0.7
"""Shape of the tail above which weights cannot be relied on (Vehtari et al 2024, JMLR 25(72))."""
FEWEST = 0.1
"""Share of the places below which too few weights count."""

_ALIKE = 1e-9  # spread of log weights that is rounding


class Weights(NamedTuple):
    """Importance weights of candidates, those of all draws of the population together."""

    share: Floats
    """Smoothed, summing to 1, shape (place, candidate)."""
    pareto_k: float
    """Shape of the tail of the weights as they were; 0 where all are alike."""
    ess: float
    """Effective number of the places: as many equal weights would tell as much."""
    log_evidence: float
    """Log of the mean weight: the log density of what was recorded of the person."""

    @property
    def reliable(self) -> bool:
        """Whether tail and effective number allow the weights to be used as they are."""
        return self.pareto_k <= LARGEST_K and self.ess >= FEWEST * len(self.share)


def weights(log_weight: Floats) -> Weights:
    """Smooth weights and say how far they can be trusted.

    Parameters
    ----------
    log_weight
        Shape (place, candidate).
    """
    log_evidence = float(logsumexp(log_weight) - np.log(log_weight.size))
    if np.ptp(log_weight) < _ALIKE:
        even = np.full(log_weight.shape, 1 / log_weight.size)
        return Weights(even, 0.0, float(len(log_weight)), log_evidence)
    # ArviZ smooths the weights of leaving out, which are minus what it is given
    smooth, k = array_stats.psislw(-log_weight.ravel())  # type: ignore[no-untyped-call]
    share = np.exp(smooth - smooth.max()).reshape(log_weight.shape)
    share /= share.sum()
    return Weights(share, float(k), 1 / float((share.sum(axis=1) ** 2).sum()), log_evidence)


def choose(share: Floats, uniform: Floats) -> tuple[Ints, Ints]:
    """Choose a candidate for every place, in proportion to the weights of all.

    A place keeps a candidate of its own draw of the population as far as that draw's weight goes;
    places that are left empty are filled from the draws whose weight exceeds one place. So two
    people whose data leave most draws their weight have most of them in common.

    Parameters
    ----------
    share
        Weights that sum to 1, shape (place, candidate).
    uniform
        Between 0 and 1, shape (3, place).

    Returns
    -------
    place, candidate
        Whose candidate, and which of them, shape (place,).
    """
    n = len(share)
    weight = n * share.sum(axis=1)
    place = np.arange(n)
    empty = np.flatnonzero(uniform[0] >= weight)
    if empty.size:
        excess = np.cumsum(np.maximum(weight - 1, 0))
        # evenly spaced through the excess: as many of each draw as its part of it, but for one
        at = (np.arange(empty.size) + uniform[1, 0]) / empty.size * excess[-1]
        place[empty] = np.minimum(np.searchsorted(excess, at, side="right"), n - 1)
    return place, choose_within(share, place, uniform[2])


def choose_within(share: Floats, place: Ints, uniform: Floats) -> Ints:
    """Choose one of a place's candidates each, shape (place,), in proportion to their weights."""
    up_to = np.cumsum(share[place], axis=1)
    chosen = (uniform[:, None] * up_to[:, -1:] >= up_to).sum(axis=1)
    return np.asarray(np.minimum(chosen, share.shape[1] - 1), dtype=np.int64)
