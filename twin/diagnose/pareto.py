"""Pareto-smoothed importance weights (Vehtari et al 2024, JMLR 25(72)), whatever the draws are."""

from __future__ import annotations

import arviz as az  # noqa: F401  (gives arrays their accessor `azstats`)
import xarray as xr
from scipy.special import logsumexp

SAMPLE = ("chain", "draw")

FEWEST_DRAWS = 25
"""A Pareto tail is fitted to a fifth of the draws where they are few, and to five at least."""


def smoothed(log_weight: xr.DataArray, relative_size: float = 1.0) -> tuple[xr.DataArray, float]:
    """Smooth the largest of importance weights.

    Parameters
    ----------
    log_weight
        Dims chain, draw.
    relative_size
        Effective draws per draw.

    Returns
    -------
    log_weight
        Smoothed; their exponentials sum to 1. As given, but for the sum, where there are fewer
        than `FEWEST_DRAWS`, or where all of the largest are the same, as in a chain that is stuck.
    pareto_k
        NaN in the first case, infinite in the second.
    """
    k = float("nan")
    if log_weight.size >= FEWEST_DRAWS:
        try:
            # ArviZ smooths the weights of leaving out, which are minus what it is given
            smooth, found = (-log_weight).azstats.psislw(r_eff=relative_size, dim=list(SAMPLE))
        except ValueError:  # a tail without spread
            k = float("inf")
        else:
            return smooth, float(found)
    off = log_weight - log_weight.max()
    return off - float(logsumexp(off.to_numpy())), k
