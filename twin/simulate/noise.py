"""Flares and errors of simulated people, in every posterior draw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from twin.law import residual
from twin.law.backends import NUMPY
from twin.law.grid import Floats, Ints
from twin.law.population import Population


@dataclass(frozen=True)
class Noise:
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
        return Noise(*(getattr(self, one.name)[samples] for one in fields(self)))

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


def first_flare(
    noise: Noise, start: Floats, severity: Floats, rounding_variance: Floats, shock: Floats
) -> Floats:
    """Draw a person's flare at baseline, given the scores that lie inside their scale.

    Parameters
    ----------
    noise
        Of every draw.
    start
        Level at baseline, shape (sample, outcome).
    severity, rounding_variance
        The person's row of `baseline.Baseline`, shape (outcome,).
    shock
        Standard normal, shape (sample, outcome).

    Returns
    -------
    Floats
        Severity, shape (sample, outcome). A score at an end of its scale is passed over: it says
        little more of the flare than its sign.
    """
    seen = np.isfinite(severity)
    covariance = noise.flare_covariance
    shared = covariance[:, :, seen]
    own = (
        np.eye(int(seen.sum()))
        * (noise.error_sd[:, seen] ** 2 + rounding_variance[seen])[:, None, :]
    )
    gain = np.swapaxes(
        np.linalg.solve(covariance[:, seen][:, :, seen] + own, np.swapaxes(shared, 1, 2)), 1, 2
    )
    off = severity[seen] - start[:, seen]
    rest = covariance - gain @ np.swapaxes(shared, 1, 2)
    mean = (gain @ off[:, :, None])[:, :, 0]
    return np.asarray(mean + (np.linalg.cholesky(rest) @ shock[:, :, None])[:, :, 0])


def residual_path(
    noise: Noise, first: Floats, weeks: Floats, flare_shock: Floats, error_shock: Floats
) -> Floats:
    """Draw flare plus error week by week.

    Parameters
    ----------
    noise
        Of every draw.
    first
        Flare at the first week, shape (sample, outcome).
    weeks
        Increasing, shape (week,).
    flare_shock, error_shock
        Standard normal, shape (week, sample, outcome); the first flare shock is not used here.

    Returns
    -------
    Floats
        Severity, shape (sample, week, outcome).
    """
    correlated = np.matmul(noise.flare_root, flare_shock[..., None])[..., 0]
    flare, path = first, [first]
    for shock, passed in zip(correlated[1:], np.diff(weeks), strict=True):
        flare = residual.flare_step(
            NUMPY, flare, noise.flare_sd, noise.persistence[:, None], passed, shock
        )
        path.append(flare)
    return np.stack(path, axis=1) + np.swapaxes(noise.error_sd * error_shock, 0, 1)
