"""People and residuals of those who met the entry threshold, drawn exactly.

Whoever is enrolled has a baseline score at or above the threshold. Everything drawn is jointly
normal with that score, so a draw is moved onto the condition rather than thrown away: draw freely,
draw the score again from its normal distribution above the bound, and shift everything else by its
regression on the difference (Matheron's rule). The number of random numbers used never depends on
how rare passing is.
"""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr, ndtri

from . import forward, residual
from .backends import NUMPY
from .grid import Floats, Ints
from .population import People, Population
from .records import Entry


def draw_people(
    population: Population,
    entry: Entry | None,
    covariate: Floats,
    cluster: Ints,
    arm: Ints,
    week: Floats,
    rng: np.random.Generator,
) -> tuple[People, Floats]:
    """Draw people who were enrolled, and their residuals.

    Parameters
    ----------
    population
        Population parameters.
    entry
        The rule of enrolment; None where there was none.
    covariate, cluster, arm
        As for `forward.draw_people`.
    week
        Weeks since baseline of each visit, the first 0, not decreasing, shape (person, visit).
    rng
        Source of randomness.

    Returns
    -------
    people
        Individual parameters.
    residual
        Flare plus error, shape (person, visit, outcome).
    """
    people = forward.draw_people(population, covariate, cluster, arm, rng)
    residuals = forward.draw_residuals(population, week, rng)
    if entry is None:
        return people, residuals
    k, n = entry.outcome, population.n_outcomes
    by_cluster = population.cluster_effect[cluster, 1 + k]
    mean = population.mean[1 + k] + covariate @ population.covariate_effect[:, 1 + k] + by_cluster
    shared = population.scale @ population.scale[1 + k]  # covariance of each effect with the start
    variance = shared[1 + k] + population.spread[k] ** 2
    score = people.start[:, k] + residuals[:, 0, k]
    shift = (_above(mean, np.sqrt(variance), entry.bound, rng) - score) / variance
    move = shift[:, None] * shared
    at_start = move[:, 1 : 1 + n]
    moved = people._replace(
        log_rate=people.log_rate + move[:, :1],
        start=people.start + at_start,
        set_point=people.set_point + move[:, 1 + n : 1 + 2 * n],
        response=people.response + population.response_slope[arm] * at_start,
        frailty=people.frailty if population.work is None else people.frailty + move[:, 1 + 2 * n],
    )
    return moved, residuals + shift[:, None, None] * _with_baseline(population, k, week)


def draw_residuals(
    population: Population,
    entry: Entry | None,
    start: Floats,
    week: Floats,
    rng: np.random.Generator,
) -> Floats:
    """Draw residuals of people whose own start is known and who were enrolled.

    Parameters
    ----------
    population, entry, week, rng
        As for `draw_people`.
    start
        Level at baseline, severity, shape (person, outcome).

    Returns
    -------
    Floats
        Flare plus error, shape (person, visit, outcome).
    """
    residuals = forward.draw_residuals(population, week, rng)
    if entry is None:
        return residuals
    k = entry.outcome
    sd = population.spread[k]
    wanted = _above(np.zeros(len(start)), sd, entry.bound - start[:, k], rng)
    shift = (wanted - residuals[:, 0, k]) / sd**2
    return np.asarray(residuals + shift[:, None, None] * _with_baseline(population, k, week))


def _with_baseline(population: Population, outcome: int, week: Floats) -> Floats:
    """Covariance of each residual with the first one of an outcome, (person, visit, outcome)."""
    spread, share = population.spread, population.persistent_share
    sd = residual.flare_sd(NUMPY, spread, share)
    rho = residual.autocorrelation(NUMPY, population.persistence, week - week[:, :1])
    flare = rho[:, :, None] * sd * sd[outcome] * population.flare_correlation[outcome]
    flare[:, 0, outcome] += residual.error_sd(NUMPY, spread, share)[outcome] ** 2
    return np.asarray(flare)


def _above(mean: Floats, sd: float, bound: Floats | float, rng: np.random.Generator) -> Floats:
    """Draw from a normal distribution above a bound, by inversion of its upper tail."""
    passing = ndtr((mean - bound) / sd)
    # 1 - u is in (0, 1]: the far tail stays finite
    return np.asarray(mean - sd * ndtri(passing * (1 - rng.random(len(mean)))))
