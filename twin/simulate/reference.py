"""People whom a population would bring forth: those that a published difference is read by.

A published difference of scores becomes a shift of levels on average over people. For a cohort
these are the cohort; twins that were assimilated one by one are measured by people such as that
cohort enrolled instead, so that none of them depends on who else is there.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from twin.fit.arrays import entry_rule
from twin.fit.frame import Frame
from twin.keyed import stream
from twin.law.enrolled import draw_people
from twin.law.grid import Floats
from twin.law.population import Population

PEOPLE = 64
"""For each draw of the population; over 1,000 draws the mean of their expected scores errs by a
thousandth of a scale."""


def reference_people(
    frame: Frame, populations: Sequence[Population], seed: int
) -> dict[str, Floats]:
    """Draw people under usual care from each population, enrolled by the rule of its cohort.

    Parameters
    ----------
    frame
        How the fit reads people: the joint normal of their covariates, and whom it enrolled.
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
    rule, baseline = entry_rule(frame.outcomes, frame.entry), np.zeros((PEOPLE, 1))
    nobody, usual = np.full(PEOPLE, -1), np.zeros(PEOPLE, dtype=np.int64)
    drawn = []
    for population in populations:
        covariate = mean + rng.standard_normal((PEOPLE, len(mean))) @ root.T
        found, _ = draw_people(population, rule, covariate, nobody, usual, baseline, rng)
        drawn.append(found)
    return {
        name: np.stack([getattr(one, name) for one in drawn], axis=1)
        for name in ("log_rate", "start", "set_point")
    }


def _root(covariance: Floats) -> Floats:
    """A factor of a covariance, of covariates that determine each other too."""
    value, vector = np.linalg.eigh(covariance)
    return np.asarray(vector * np.sqrt(np.maximum(value, 0.0)))
