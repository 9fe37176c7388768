"""Points of the integral over one person's rate, effects and severities beyond an end.

Quasi-random points, the same in every draw, so that their error is smooth in the population
parameters. Standard normal coordinates are moved to where each person's data put them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import ndtri
from scipy.stats import qmc

from twin.law.grid import Floats, Ints

_INSIDE = 1e-12  # from 0 and 1: the normal quantile stays finite
_PRIOR_SHARE = 0.1
"""Share of the prior's unit variance in a proposal: its tails may be too wide, never too thin."""


class Points(NamedTuple):
    """A point set of the unit cube, its first coordinates as standard normals."""

    normal: Floats
    """The rate's coordinate first, then those of the linear effects, shape (point, normal)."""
    uniform: Floats
    """For scores at an end of the scale, shape (point, most ends of a person)."""


class Proposal(NamedTuple):
    """The normal distribution from which each person's standard normal coordinates are drawn."""

    mean: Floats
    """Shape (person, normal)."""
    factor: Floats
    """Lower factor of the covariance, shape (person, normal, normal)."""

    def place(self, normal: Floats) -> tuple[Floats, Floats]:
        """Return where a standard normal point lies for each person, and how it is weighed.

        Parameters
        ----------
        normal
            Shape (normal,).

        Returns
        -------
        at
            Shape (person, normal).
        log_weight
            Log of the standard normal density there over that of the proposal, shape (person,).
        """
        at = self.mean + self.factor @ normal
        log_volume = np.log(np.diagonal(self.factor, axis1=1, axis2=2)).sum(axis=1)
        return at, 0.5 * (normal**2).sum() - 0.5 * (at**2).sum(axis=1) + log_volume


def sobol_points(n: int, n_normal: int, n_uniform: int, seed: int) -> Points:
    """Return a scrambled Sobol sequence (Owen 1998, J Complexity 14:466-489).

    Parameters
    ----------
    n
        Number of points, a power of two.
    n_normal, n_uniform
        Number of coordinates of either kind.
    seed
        Seed of the scrambling.
    """
    sequence = qmc.Sobol(n_normal + n_uniform, rng=np.random.default_rng(seed))
    cube = np.clip(sequence.random(n), _INSIDE, 1 - _INSIDE)
    return Points(ndtri(cube[:, :n_normal]), cube[:, n_normal:])


def prior_proposal(people: int, n_normal: int) -> Proposal:
    """Return the standard normal distribution for everyone."""
    return Proposal(np.zeros((people, n_normal)), np.tile(np.eye(n_normal), (people, 1, 1)))


def adapted_proposal(at: Floats, weight: Floats, free: Ints) -> Proposal:
    """Return normal distributions with the moments of weighted points.

    Parameters
    ----------
    at
        Points, the same for everyone, shape (point, normal).
    weight
        Of each point, summing to 1 for each person, shape (person, point).
    free
        How many of the coordinates a person's data speak of, shape (person,); the others stay
        standard normal.
    """
    n = at.shape[1]
    mean = weight @ at
    second = np.einsum("ip,pj,pk->ijk", weight, at, at)
    covariance = second - mean[:, :, None] * mean[:, None, :]
    spoken = np.arange(n) < free[:, None]
    both = spoken[:, :, None] & spoken[:, None, :]
    own = (1 - _PRIOR_SHARE) * covariance + _PRIOR_SHARE * np.eye(n)
    return Proposal(np.where(spoken, mean, 0.0), np.linalg.cholesky(np.where(both, own, np.eye(n))))
