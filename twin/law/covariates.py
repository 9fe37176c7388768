"""Covariates whose value is missing: filled from a joint normal, together with everything else.

Standardised covariates are taken to be jointly normal. What is missing of a person is then normal
given what is there, and is part of the sampled state: the person's own scores and work speak about
it too.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .grid import Floats, Ints
from .ops import Array, ArrayOps


class CovariateGaps(NamedTuple):
    """The missing values of a cohort and what the other covariates say of them.

    A gap is one missing value; gaps go by person, then covariate.
    """

    observed: Floats
    """Standardised covariates, 0 where missing, shape (person, covariate)."""
    place: Ints
    """1 + the number of the gap, 0 where nothing is missing, shape (person, covariate)."""
    mean: Floats
    """Expected value given what is known of the person, shape (gap,)."""
    partner: Ints
    """1 + the numbers of the person's gaps up to this one, 0 beyond, shape (gap, most gaps)."""
    weight: Floats
    """The gap's row of the lower factor of their conditional covariance, same shape."""

    @property
    def n(self) -> int:
        """Number of missing values."""
        return len(self.mean)


def gap_values(xp: ArrayOps, gaps: CovariateGaps, noise: Array) -> Array:
    """Missing values that standard normal numbers stand for, shape (gap,).

    Parameters
    ----------
    xp
        Array operations.
    gaps
        What is missing.
    noise
        Standard normal, shape (gap,).
    """
    padded = xp.concatenate([np.zeros(1), noise])
    own = padded[gaps.partner.ravel()].reshape(gaps.partner.shape)
    return gaps.mean + xp.sum(gaps.weight * own, axis=-1)


def fill(xp: ArrayOps, gaps: CovariateGaps, values: Array) -> Array:
    """Covariates with the missing ones filled, shape (person, covariate).

    Parameters
    ----------
    xp
        Array operations.
    gaps
        What is missing.
    values
        One for each gap, shape (gap,).
    """
    padded = xp.concatenate([np.zeros(1), values])
    return gaps.observed + padded[gaps.place.ravel()].reshape(gaps.place.shape)
