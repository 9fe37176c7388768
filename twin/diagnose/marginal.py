"""The likelihood of each person given a population, with everything personal integrated out.

    L_i(θ) = E[ p(scores_i | rate, beyond) p(work_i | rate, effects) / q(beyond) ] / P(enrolled)

over the rate, the severities beyond ends of scales drawn from q, and the linear effects given the
scores (MODEL.md, section 11). The integrand is the fit's own likelihood; only the points are ours.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.special import logsumexp

from twin.law.backends import COMPILED
from twin.law.beyond import draw_beyond
from twin.law.grid import Floats, Ints
from twin.law.likelihood import Terms, dose_of_arms, log_likelihood, score_arguments
from twin.law.population import Population, expect
from twin.law.records import Records

from .points import Points, Proposal

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
    scores = records.scores
    arm_dose = dose_of_arms(COMPILED, population, records)
    found = np.empty((len(covariate), len(points.normal)))
    for p, (normal, uniform) in enumerate(zip(points.normal, points.uniform, strict=True)):
        at, log_weight = proposal.place(normal)
        z, eps = np.ascontiguousarray(at[:, 0]), np.ascontiguousarray(at[:, 1:])
        expected = expect(COMPILED, population, covariate, records.cluster, records.arm, z)
        state, data = score_arguments(COMPILED, population, records, expected, arm_dose)
        latent, log_density = _DRAW_BEYOND(*state, scores.severity, *data, scores.end, uniform)
        terms = log_likelihood(COMPILED, population, records, covariate, latent, z, eps)
        found[:, p] = by_person(terms, records) + log_weight - log_density
    return found


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
