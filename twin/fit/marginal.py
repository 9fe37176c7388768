"""The likelihood of each person given a population, with everything personal integrated out.

    L_i(θ) = E[ p(scores_i | rate, beyond) p(work_i | rate, effects) / q(beyond) ] / P(enrolled)

over the rate, the severities beyond ends of scales drawn from q, and the linear effects given the
scores (MODEL.md, section 11). The integrand is the fit's own likelihood; only the points are ours.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from scipy.special import logsumexp

from twin.law.backends import COMPILED
from twin.law.beyond import draw_beyond
from twin.law.grid import Floats, Ints
from twin.law.likelihood import Terms, dose_of_arms, log_likelihood, score_arguments
from twin.law.population import Population, expect
from twin.law.records import Records

from .points import Points, Proposal, adapted_proposal, prior_proposal, sobol_points

PILOT_DRAWS = 8
_PILOT_POINTS = 256
"""Before the integral proper, points of the prior say where each person's coordinates lie."""

_DRAW_BEYOND: Callable[..., tuple[Floats, Floats]] = draw_beyond  # numba's own type hides it


def log_marginal(
    population: Population,
    records: Records,
    covariate: Floats,
    points: Points,
    proposal: Proposal,
) -> Floats:
    """Return the log-likelihood of each person, shape (person,).

    Parameters
    ----------
    population
        Population parameters.
    records
        The cohort.
    covariate
        Standardised covariates, missing ones filled, shape (person, covariate).
    points, proposal
        Points of the integral, and where each person's lie.
    """
    terms = log_integrand(population, records, covariate, points, proposal)
    return np.asarray(logsumexp(terms, axis=1) - np.log(terms.shape[1]))


def log_integrand(
    population: Population,
    records: Records,
    covariate: Floats,
    points: Points,
    proposal: Proposal,
) -> Floats:
    """Return the log of what is averaged over points, shape (person, point).

    Arguments as for `log_marginal`.
    """
    columns = [
        integrand_at(population, records, covariate, normal, uniform, proposal).log
        for normal, uniform in zip(points.normal, points.uniform, strict=True)
    ]
    return np.stack(columns, axis=1)


class Candidate(NamedTuple):
    """A point of the integral for each person, and what is averaged there."""

    log: Floats
    """Log of the integrand over the density that the point was drawn from, shape (person,)."""
    z: Floats
    """Standard normal of the rate, shape (person,)."""
    eps: Floats
    """Standard normals of the linear effects given the scores, shape (person, linear effect)."""
    latent: Floats
    """Continuous severity behind each score, shape (person, score)."""


def integrand_at(
    population: Population,
    records: Records,
    covariate: Floats,
    normal: Floats,
    uniform: Floats,
    proposal: Proposal,
) -> Candidate:
    """Evaluate the integrand at one point of the unit, placed for each person.

    Parameters
    ----------
    population, records, covariate, proposal
        As for `log_marginal`.
    normal
        Standard normal coordinates, shape (normal,).
    uniform
        For scores at an end of the scale, shape (at least the most ends of a person,), alike for
        everybody.
    """
    scores = records.scores
    at, log_weight = proposal.place(normal)
    z, eps = np.ascontiguousarray(at[:, 0]), np.ascontiguousarray(at[:, 1:])
    expected = expect(COMPILED, population, covariate, records.cluster, records.arm, z)
    arm_dose = dose_of_arms(COMPILED, population, records)
    state, data = score_arguments(COMPILED, population, records, expected, arm_dose)
    alike = np.tile(uniform, (len(z), 1))
    latent, log_density = _DRAW_BEYOND(*state, scores.severity, *data, scores.end, alike)
    terms = log_likelihood(COMPILED, population, records, covariate, latent, z, eps)
    return Candidate(by_person(terms, records) + log_weight - log_density, z, eps, latent)


def person_proposal(
    pilot: Sequence[tuple[Population, Floats]], records: Records, n_linear: int, seed: int
) -> Proposal:
    """Place each person's points where the person's data put them, on average over some draws.

    Parameters
    ----------
    pilot
        Populations, and covariates with missing ones filled: a few draws of the posterior.
    records
        The cohort.
    n_linear
        Number of linear effects.
    seed
        Seed of the points.
    """
    free, ends = coordinates(records, n_linear)
    start = prior_proposal(len(free), 1 + n_linear)
    points = sobol_points(_PILOT_POINTS, 1 + n_linear, ends, seed + 1)
    weight = np.zeros((len(free), _PILOT_POINTS))
    for population, covariate in pilot:
        log = log_integrand(population, records, covariate, points, start)
        own = np.exp(log - log.max(axis=1, keepdims=True))
        weight += own / own.sum(axis=1, keepdims=True) / len(pilot)
    return adapted_proposal(points.normal, weight, free)


def by_person(terms: Terms, records: Records) -> Floats:
    """Return the sum of each person's terms of the likelihood, shape (person,)."""
    total = np.asarray(terms.scores + terms.entry, dtype=float)
    if records.work is not None:
        total[records.work.worker] += np.asarray(terms.work_state + terms.days_absent)
    return total


def coordinates(records: Records, n_linear: int) -> tuple[Ints, int]:
    """Return how many normal coordinates each person's data speak of, and the most ends of one.

    Scores integrate the linear effects out by themselves: only work speaks of more than the rate.
    """
    free = np.ones(len(records.arm), dtype=np.int64)
    if records.work is not None:
        free[records.work.worker] = 1 + n_linear
    return free, int((records.scores.end != 0).sum(axis=1).max(initial=0))
