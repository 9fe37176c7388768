"""People whom a population would bring forth: those that a published difference is read by.

A published difference of scores becomes a shift of levels on average over people. For a cohort
these are the cohort; twins that were assimilated one by one are measured by the population instead,
so that none of them depends on who else is there.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from twin.fit.frame import Frame
from twin.keyed import stream
from twin.law.backends import NUMPY
from twin.law.grid import Floats
from twin.law.population import Population, expect, linear_scale, people

PEOPLE = 64
"""For each draw of the population; over 1,000 draws the mean of their expected scores errs by a
thousandth of a scale."""


def reference_people(
    frame: Frame, populations: Sequence[Population], seed: int
) -> dict[str, Floats]:
    """Draw people under usual care from each population.

    Parameters
    ----------
    frame
        How the fit reads people: the joint normal of their covariates.
    populations
        Draws of the population.
    seed
        Seed of the run.

    Returns
    -------
    dict
        ``log_rate``, ``start`` and ``set_point``, shape (person, sample, outcome).
    """
    rng = stream(seed, "reference people")
    mean = np.asarray(frame.covariate_mean)
    root = _root(np.asarray(frame.covariate_covariance).reshape(len(mean), len(mean)))
    nobody, usual = np.full(PEOPLE, -1), np.zeros(PEOPLE, dtype=np.int64)
    drawn = []
    for population in populations:
        covariate = mean + rng.standard_normal((PEOPLE, len(mean))) @ root.T
        z = rng.standard_normal(PEOPLE)
        expected = expect(NUMPY, population, covariate, nobody, usual, z)
        noise = rng.standard_normal((PEOPLE, population.n_linear))
        linear = expected.linear + noise @ linear_scale(NUMPY, population)[0].T
        drawn.append(people(population, expected.log_rate, linear))
    return {
        name: np.stack([getattr(one, name) for one in drawn], axis=1)
        for name in ("log_rate", "start", "set_point")
    }


def _root(covariance: Floats) -> Floats:
    """A factor of a covariance, of covariates that determine each other too."""
    value, vector = np.linalg.eigh(covariance)
    return np.asarray(vector * np.sqrt(np.maximum(value, 0.0)))
