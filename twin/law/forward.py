"""The law run forward: people drawn from a population, and what would be recorded of them.

Used to make synthetic cohorts, prior and posterior predictive data. Randomness is handed in.
"""

from __future__ import annotations

import math

import numpy as np

from . import course, dose, residual, work
from .backends import NUMPY
from .dose import DoseCells
from .grid import Floats, Ints, TimeGrid
from .population import People, Population, expect, linear_scale, people

_EXACT_UP_TO = 500.0  # intensity times weeks; see work.transition_probabilities


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


def draw_work(
    law: work.WorkLaw,
    grid: TimeGrid,
    first_level: Floats,
    cell_level: Floats,
    frailty: Floats,
    week: Floats,
    rng: np.random.Generator,
) -> Ints:
    """Draw work states at each visit, exactly: cell by cell from the transition probabilities.

    Parameters
    ----------
    law
        Parameters of the work process.
    grid
        The cells of person time.
    first_level
        Levels at the first visit, shape (person, outcome).
    cell_level
        Levels at the middle of each cell, shape (person, cell, outcome).
    frailty
        Shape (person,).
    week
        Weeks since baseline of each visit, increasing, shape (person, visit).
    rng
        Source of randomness.

    Returns
    -------
    Ints
        Codes of `work.WORK_STATES`, shape (person, visit).
    """
    n, n_visits = week.shape
    first = np.exp(work.initial_log_probabilities(NUMPY, law, first_level, frailty))
    intensity = work.log_intensities(NUMPY, law, cell_level, frailty[:, None])
    state = _choose(first, rng)
    states = [state]
    for visit in range(1, n_visits):
        for cell in range(grid.n_cells):
            inside = np.minimum(grid.ends[cell], week[:, visit]) - np.maximum(
                grid.starts[cell], week[:, visit - 1]
            )
            weeks = np.maximum(inside, 0)
            if not weeks.any():
                continue  # nobody passes through this cell between these visits
            generator = work.transient_generator(
                NUMPY, intensity[:, cell].T, law.log_exit_intensity
            )
            moves = _moves(generator * weeks)
            present = np.minimum(state, work.N_TRANSIENT - 1)
            to = np.moveaxis(moves, -1, 0)[np.arange(n), present]
            out = np.clip(1 - to.sum(axis=1), 0, 1)
            drawn = _choose(np.column_stack([to, out]), rng)
            state = np.where(state == work.PERMANENTLY_OUT, state, drawn)
        states.append(state)
    return np.stack(states, axis=1)


def _moves(generator: Floats) -> Floats:
    """Transition probabilities at any pace: over a part of the time short enough, then doubled.

    Priors allow intensities at which the series behind `work.transition_probabilities` diverges.
    """
    fastest = float(-generator.min())
    doublings = max(0, math.ceil(math.log2(fastest / _EXACT_UP_TO)))
    moves = np.asarray(work.transition_probabilities(generator / 2**doublings))
    for _ in range(doublings):
        moves = np.einsum("ijb,jkb->ikb", moves, moves)
    return moves


def _choose(probability: Floats, rng: np.random.Generator) -> Ints:
    """One category per row, by inversion, with one uniform per row whatever the outcome."""
    cumulative = np.cumsum(probability, axis=1)
    u = rng.random(len(probability))[:, None] * cumulative[:, -1:]
    return np.asarray((u >= cumulative[:, :-1]).sum(axis=1), dtype=np.int64)
