"""The likelihood of a cohort, term by term, in whatever array operations it is given.

The continuous score behind a recorded one at an end of its scale is part of the state, and rounding
inside the scale is a small independent error; so flares, errors and the linear effects of a person
are jointly normal given the state, and are integrated out exactly.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from . import dose, entry, residual
from .ops import Array, ArrayOps
from .population import Expected, People, Population, expect, frailty_alone, people
from .records import Records


class Terms(NamedTuple):
    """Log-likelihood, and the people it implies."""

    scores: Array
    """Log density of the continuous scores, shape (person,)."""
    entry: Array | float
    """Minus the log chance of having been enrolled, shape (person,); 0 without a threshold."""
    work_state: Array | float
    """Log probability of the work states seen, shape (worker,); 0 without work."""
    days_absent: Array | float
    """Log probability of the days absent given them, shape (worker,); 0 without work."""
    people: People
    """Individual parameters."""


def log_likelihood(
    xp: ArrayOps,
    population: Population,
    records: Records,
    covariate: Array,
    latent: Array,
    z: Array,
    eps: Array,
) -> Terms:
    """All terms of the likelihood.

    Parameters
    ----------
    xp
        Array operations.
    population
        Population parameters.
    records
        The cohort.
    covariate
        Standardised covariates with missing ones filled by their current values, shape
        (person, covariate).
    latent
        Continuous severity behind each score, shape (person, score): the recorded one, or beyond
        the end of the scale.
    z
        Standard normal, shape (person,): rate.
    eps
        Standard normal, shape (person, linear effect): linear effects given the scores.
    """
    expected = expect(xp, population, covariate, records.cluster, records.arm, z)
    arm_dose = dose_of_arms(xp, population, records)
    state, data = score_arguments(xp, population, records, expected, arm_dose)
    log_density, effects = xp.score_terms(*state, latent, eps, *data)
    persons = people(population, expected.log_rate, effects)
    states: Array | float = 0.0
    days: Array | float = 0.0
    if records.work is not None and population.work is not None:
        states, days = xp.work_terms(
            persons.log_rate,
            effects,
            persons.frailty,
            arm_dose,
            population.response_rate,
            population.work,
            np.asarray(records.grid.edges),
            records.arm,
            records.work,
        )
    return Terms(
        scores=log_density,
        entry=entry_term(xp, population, records, covariate),
        work_state=states,
        days_absent=days,
        people=persons,
    )


def score_arguments(
    xp: ArrayOps, population: Population, records: Records, expected: Expected, arm_dose: Array
) -> tuple[tuple[Array, ...], tuple[Array, ...]]:
    """Arguments of `scores.score_terms` before and after the scores and the noise of the effects.

    Parameters
    ----------
    xp, population, records
        As for `log_likelihood`.
    expected
        What is expected of people before their scores are seen.
    arm_dose
        From `dose_of_arms`.
    """
    shares = (population.spread, population.persistent_share)
    state = (
        expected.log_rate,
        expected.linear,
        frailty_alone(xp, population),
        arm_dose,
        population.response_rate,
        residual.flare_covariance(xp, *shares, population.flare_correlation),
        residual.error_sd(xp, *shares) ** 2,
        population.persistence,
    )
    scores = records.scores
    data = (
        np.asarray(records.grid.edges),
        records.arm,
        scores.n_scores,
        scores.week,
        scores.outcome,
        scores.rounding_variance,
    )
    return state, data


def dose_of_arms(xp: ArrayOps, population: Population, records: Records) -> Array:
    """Dose of every arm, shape (arm, cell)."""
    return dose.dose(xp, records.dose, population.lasting_share, population.waning_half_life)


def entry_term(
    xp: ArrayOps, population: Population, records: Records, covariate: Array
) -> Array | float:
    """Minus the log chance of having been enrolled, shape (person,); 0 without a threshold.

    Arguments as for `log_likelihood`.
    """
    rule = records.entry
    if rule is None:
        return 0.0
    effect = 1 + rule.outcome
    by_covariates = xp.sum(covariate * population.covariate_effect[:, effect], axis=-1)
    by_cluster = population.cluster_effect[:, effect][records.cluster]
    return -entry.log_passing(
        xp,
        population.mean[effect] + by_covariates + by_cluster,
        xp.sqrt(xp.sum(population.scale[effect] ** 2)),
        population.spread[rule.outcome],
        rule.bound,
    )
