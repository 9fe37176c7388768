"""Flares and errors of simulated people, in every posterior draw."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from twin.law import residual
from twin.law.backends import NUMPY
from twin.law.grid import Floats, Ints
from twin.law.population import Population
from twin.law.scalars import SCALAR
from twin.law.small_matrices import cholesky, forward_solve

from .kernel import kernel
from .philox import Word
from .shocks import PER_BLOCK, Address, Words, weekly_normals


class Noise(NamedTuple):
    """What flares and errors are made of, draw by draw; sample comes first in every array."""

    flare_sd: Floats
    """Shape (sample, outcome)."""
    error_sd: Floats
    """Shape (sample, outcome)."""
    flare_covariance: Floats
    """Shape (sample, outcome, outcome)."""
    flare_root: Floats
    """Lower factor of the correlation of flares, shape (sample, outcome, outcome)."""
    persistence: Floats
    """Weeks, shape (sample,)."""

    def at(self, samples: Ints) -> Noise:
        """Return the same at other samples."""
        return Noise(*(part[samples] for part in self))

    @classmethod
    def of(cls, populations: Sequence[Population]) -> Noise:
        """Gather the parameters of the residuals of every draw."""
        shares = [(p.spread, p.persistent_share) for p in populations]
        correlation = np.stack([p.flare_correlation for p in populations])
        return cls(
            flare_sd=np.stack([residual.flare_sd(NUMPY, *one) for one in shares]),
            error_sd=np.stack([residual.error_sd(NUMPY, *one) for one in shares]),
            flare_covariance=np.stack(
                [
                    residual.flare_covariance(NUMPY, *one, p.flare_correlation)
                    for one, p in zip(shares, populations, strict=True)
                ]
            ),
            flare_root=np.linalg.cholesky(correlation),
            persistence=np.array([float(p.persistence) for p in populations]),
        )


class Start(NamedTuple):
    """What is known of a person's flare at baseline."""

    level: Floats
    """Severity, shape (sample, outcome)."""
    seen: Ints
    """Outcomes whose score lies inside its scale, shape (seen,). A score at an end is passed over:
    it says little more of the flare than its sign."""
    severity: Floats
    """Severity of these scores, shape (seen,)."""
    rounding_variance: Floats
    """Of these scores, shape (seen,)."""


def start_of(level: Floats, severity: Floats, rounding_variance: Floats) -> Start:
    """Gather a person's scores at baseline that lie inside their scale.

    Parameters
    ----------
    level
        At baseline, severity, shape (sample, outcome).
    severity, rounding_variance
        The person's row of `baseline.Baseline`, shape (outcome,).
    """
    seen = np.flatnonzero(np.isfinite(severity))
    return Start(np.ascontiguousarray(level), seen, severity[seen], rounding_variance[seen])


def residuals(noise: Noise, start: Start, address: Address, weeks: int) -> Floats:
    """Draw a person's flare plus error, week by week.

    Parameters
    ----------
    noise
        Of every draw.
    start
        What is known of the flare at baseline; the first is drawn given that.
    address
        Where the person's shocks stand: number 2k is that of the flare of outcome k, and 2k + 1
        that of its error.
    weeks
        How many, week 0 included.

    Returns
    -------
    Floats
        Severity, shape (sample, week, outcome).
    """
    return np.asarray(_residuals(*noise, *start, *address, weeks))


@kernel
def _residuals(
    flare_sd: Floats,
    error_sd: Floats,
    flare_covariance: Floats,
    flare_root: Floats,
    persistence: Floats,
    level: Floats,
    seen: Ints,
    severity: Floats,
    rounding_variance: Floats,
    k0: Word,
    k1: Word,
    chain: Words,
    draw: Words,
    weeks: int,
) -> Floats:
    samples, outcomes = flare_sd.shape
    result = np.empty((samples, weeks, outcomes))
    blocks = -(-2 * outcomes // PER_BLOCK)
    words = np.empty((PER_BLOCK, weeks), dtype=np.uint64)
    shock = np.empty((PER_BLOCK * blocks, weeks))
    given = np.empty((len(seen), len(seen)))
    told = np.empty((len(seen), outcomes + 1))
    left = np.empty((outcomes, outcomes))
    flare = np.empty(outcomes)
    for i in range(samples):
        for first in range(0, len(shock), PER_BLOCK):
            own = shock[first : first + PER_BLOCK]
            weekly_normals(k0, k1, chain[i], draw[i], first, words, own)
        off = severity - level[i][seen]
        noise = error_sd[i][seen] ** 2 + rounding_variance
        _first_flare(flare_covariance[i], seen, off, noise, shock[::2, 0], given, told, left, flare)
        for week in range(weeks):
            for k in range(outcomes):
                if week > 0:
                    correlated = 0.0
                    for j in range(k + 1):
                        correlated += flare_root[i, k, j] * shock[2 * j, week]
                    flare[k] = residual.flare_step(
                        SCALAR, flare[k], flare_sd[i, k], persistence[i], 1.0, correlated
                    )
                result[i, week, k] = flare[k] + error_sd[i, k] * shock[2 * k + 1, week]
    return result


@kernel
def _first_flare(
    covariance: Floats,
    seen: Ints,
    off: Floats,
    noise: Floats,
    shock: Floats,
    given: Floats,
    told: Floats,
    left: Floats,
    flare: Floats,
) -> None:
    """Fill the flare at baseline, given by how much scores are off their levels.

    With C the covariance of flares, L L' = C[seen, seen] + noise and V = L^-1 C[seen, :], the
    conditional mean is V' L^-1 off and the conditional covariance C - V' V.
    """
    n, outcomes = len(seen), len(flare)
    for a in range(n):
        for b in range(n):
            given[a, b] = covariance[seen[a], seen[b]]
        given[a, a] += noise[a]
        told[a, :outcomes] = covariance[seen[a]]
        told[a, outcomes] = off[a]
    cholesky(given, n)
    forward_solve(given, n, told)
    for k in range(outcomes):
        for j in range(outcomes):
            left[k, j] = covariance[k, j]
            for a in range(n):
                left[k, j] -= told[a, k] * told[a, j]
    cholesky(left, outcomes)
    for k in range(outcomes):
        flare[k] = 0.0
        for a in range(n):
            flare[k] += told[a, k] * told[a, outcomes]
        for j in range(k + 1):
            flare[k] += left[k, j] * shock[j]
