"""The law run forward: people drawn from a population, and what would be recorded of them.

Used to make synthetic cohorts, prior and posterior predictive data. Randomness is handed in. What
becomes of their work is drawn in `forward_work`.
"""

from __future__ import annotations

import numpy as np

from . import course, dose, residual
from .backends import NUMPY
from .dose import DoseCells
from .grid import Floats, Ints, TimeGrid
from .population import People, Population, expect, linear_scale, people


def draw_people(
    population: Population, covariate: Floats, cluster: Ints, arm: Ints, rng: np.random.Generator
) -> People:
    """Draw people from the population, given covariates and memberships as in `expect`."""
    n = covariate.shape[0]
    z = rng.normal(size=n)
    expected = expect(NUMPY, population, covariate, cluster, arm, z)
    standard = rng.normal(size=(n, population.n_linear))
    own = linear_scale(NUMPY, population)[arm]
    deviation = np.matmul(own, standard[:, :, None])[:, :, 0]
    return people(population, expected.log_rate, expected.linear + deviation)


def levels(
    population: Population,
    people: People,
    grid: TimeGrid,
    cells: DoseCells,
    arm: Ints,
    week: Floats,
) -> Floats:
    """Levels of people under an arm each, at given weeks.

    Parameters
    ----------
    population
        Population parameters; what lasts of a dose is theirs.
    people
        Individual parameters.
    grid
        The cells of person time.
    cells
        Schedules of the arms, arrays of shape (arm, cell).
    arm
        Index of each person's arm, shape (person,).
    week
        Weeks since baseline, within the grid, shape (person, time).

    Returns
    -------
    Floats
        Severity, shape (person, time, outcome).
    """
    by_arm = dose.dose(NUMPY, cells, population.lasting_share, population.waning_half_life)
    own = (by_arm[arm], population.response_rate[arm], np.exp(people.log_rate))
    weights = course.basis(NUMPY, grid, *own, week)
    return np.asarray(course.level(weights, people.start, people.set_point, people.response))


def draw_residuals(population: Population, week: Floats, rng: np.random.Generator) -> Floats:
    """Draw flare plus error at each visit.

    Parameters
    ----------
    population
        Population parameters.
    week
        Weeks since baseline, increasing along the last axis, shape (person, visit).
    rng
        Source of randomness.

    Returns
    -------
    Floats
        Shape (person, visit, outcome).
    """
    n, n_visits = week.shape
    k = population.n_outcomes
    share = (population.spread, population.persistent_share)
    sd, error = residual.flare_sd(NUMPY, *share), residual.error_sd(NUMPY, *share)
    root = np.linalg.cholesky(population.flare_correlation)
    shocks = rng.normal(size=(n, n_visits, k)) @ root.T
    errors = rng.normal(size=(n, n_visits, k)) * error
    flare = sd * shocks[:, 0]
    result = [flare + errors[:, 0]]
    for visit in range(1, n_visits):
        passed = (week[:, visit] - week[:, visit - 1])[:, None]
        flare = residual.flare_step(
            NUMPY, flare, sd, population.persistence, passed, shocks[:, visit]
        )
        result.append(flare + errors[:, visit])
    return np.stack(result, axis=1)
