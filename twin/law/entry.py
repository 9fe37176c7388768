"""The chance of having been enrolled: a study with an entry threshold sees only some people.

The likelihood of an enrolled person is divided by this chance, with the person's effects, flare and
error integrated out; otherwise regression to the mean would be read as recovery.
"""

from __future__ import annotations

from .ops import Array, ArrayOps


def log_passing(
    xp: ArrayOps, start_mean: Array, start_sd: Array, spread: Array, bound: float
) -> Array:
    """Log probability that a baseline score reaches the entry threshold.

    The score is start + flare + error, with everything but the mean integrated out: normal with
    variance start_sd^2 + spread^2, so that P = Phi((mean - bound) / sd).

    Parameters
    ----------
    xp
        Array operations.
    start_mean
        Expected start given population parameters and covariates, severity, shape (person,).
    start_sd
        Between-person SD of the start, severity.
    spread
        SD of flare plus error, severity.
    bound
        Severity below which the continuous score rounds to a score under the threshold.
    """
    return xp.log_normal_cdf((start_mean - bound) / xp.sqrt(start_sd**2 + spread**2))
