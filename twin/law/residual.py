"""What a score adds to its level: a flare that persists for a while, and an error that does not.

The flare is a stationary Ornstein-Uhlenbeck process, correlated between outcomes, with one
persistence for all outcomes; the error is independent normal. They are described by their total
SD (`spread`) and the flare's share of that variance (`persistent_share`), because the data of
widely spaced visits tell the total and hardly the parts.
"""

from __future__ import annotations

from numba.extending import register_jitable

from .ops import Array, ArrayOps, ElementwiseOps


def flare_sd(xp: ArrayOps, spread: Array, persistent_share: Array) -> Array:
    """SD of the flare, in severity."""
    return spread * xp.sqrt(persistent_share)


def error_sd(xp: ArrayOps, spread: Array, persistent_share: Array) -> Array:
    """SD of the measurement error, in severity."""
    return spread * xp.sqrt(1 - persistent_share)


@register_jitable
def autocorrelation(xp: ElementwiseOps, persistence: Array, weeks: Array) -> Array:
    """Correlation of a flare with itself some weeks later: exp(-weeks / persistence)."""
    return xp.exp(-weeks / persistence)


@register_jitable
def flare_step(
    xp: ElementwiseOps, flare: Array, sd: Array, persistence: Array, weeks: Array, shock: Array
) -> Array:
    """Flare some weeks later, given a standard normal shock (correlated between outcomes)."""
    rho = autocorrelation(xp, persistence, weeks)
    return rho * flare + sd * xp.sqrt(1 - rho**2) * shock


def retest_error(
    xp: ArrayOps, spread: Array, persistent_share: Array, persistence: Array, weeks: Array
) -> Array:
    """Standard error of measurement that a test-retest study at a given lag would find.

    SEM^2 = error^2 + flare^2 (1 - rho(lag)) = spread^2 (1 - persistent_share rho(lag)): such a
    study sees both, never the error alone.
    """
    kept = persistent_share * autocorrelation(xp, persistence, weeks)
    return spread * xp.sqrt(1 - kept)


def flare_covariance(
    xp: ArrayOps, spread: Array, persistent_share: Array, flare_correlation: Array
) -> Array:
    """Covariance of the flares of all outcomes at one time, shape (outcome, outcome)."""
    sd = flare_sd(xp, spread, persistent_share)
    return sd[:, None] * sd[None, :] * flare_correlation
