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
from .shocks import PER_BLOCK, Address, weekly_normals


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
    return np.asarray(_residuals(noise, start, address, weeks, 1.0))


def flares(noise: Noise, start: Start, address: Address, weeks: int) -> Floats:
    """Draw the flares that are in `residuals`, of the same arguments and shape."""
    return np.asarray(_residuals(noise, start, address, weeks, 0.0))


@kernel
def _residuals(
    noise: Noise, start: Start, address: Address, weeks: int, of_errors: float
) -> Floats:
    samples, outcomes = noise.flare_sd.shape
    result = np.empty((samples, weeks, outcomes))
    blocks = -(-2 * outcomes // PER_BLOCK)
    words = np.empty((PER_BLOCK, weeks), dtype=np.uint64)
    shock = np.empty((PER_BLOCK * blocks, weeks))
    n = len(start.seen)
    given, told = np.empty((n, n)), np.empty((n, outcomes + 1))
    left, flare = np.empty((outcomes, outcomes)), np.empty(outcomes)
    for i in range(samples):
        where = (address.k0, address.k1, address.chain[i], address.draw[i])
        for first in range(0, len(shock), PER_BLOCK):
            weekly_normals(where, first, words, shock[first : first + PER_BLOCK])
        _first_flare(noise, start, i, shock[::2, 0], given, told, left, flare)
        for k in range(outcomes):
            root, lasts = noise.flare_root[i, k, : k + 1], noise.persistence[i]
            of_error = of_errors * noise.error_sd[i, k]
            of_flare, now = noise.flare_sd[i, k], flare[k]
            result[i, 0, k] = now + of_error * shock[2 * k + 1, 0]
            for week in range(1, weeks):
                correlated = 0.0
                for j in range(k + 1):
                    correlated += root[j] * shock[2 * j, week]
                now = residual.flare_step(SCALAR, now, of_flare, lasts, 1.0, correlated)
                result[i, week, k] = now + of_error * shock[2 * k + 1, week]
    return result


@kernel
def _first_flare(
    noise: Noise,
    start: Start,
    i: int,
    shock: Floats,
    given: Floats,
    told: Floats,
    left: Floats,
    flare: Floats,
) -> None:
    """Fill the flare of sample i at baseline.

    With C the covariance of flares, L L' = C[seen, seen] + noise and V = L^-1 C[seen, :], the
    conditional mean is V' L^-1 off and the conditional covariance C - V' V.
    """
    n, outcomes = len(start.seen), len(flare)
    covariance = noise.flare_covariance[i]
    for a in range(n):
        k = start.seen[a]
        for b in range(n):
            given[a, b] = covariance[k, start.seen[b]]
        given[a, a] += noise.error_sd[i, k] ** 2 + start.rounding_variance[a]
        for j in range(outcomes):
            told[a, j] = covariance[k, j]
        told[a, outcomes] = start.severity[a] - start.level[i, k]
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
