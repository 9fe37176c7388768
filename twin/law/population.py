"""The population parameters, and how a person is drawn from them.

A person is one vector: log rate (as far as the own rates, one for each outcome, differ from the
population's), then start and set point of every outcome, then work frailty
(where there is a work process), jointly normal around a regression on covariates, shifted by the
person's cluster (clinic, practice, therapist). The responses to the person's own arm are normal
around a mean that may depend on the start, on covariates and on the cluster: whoever begins worse
may gain more, or less.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .grid import Ints
from .ops import Array, ArrayOps
from .work import WorkLaw


def effect_names(outcomes: tuple[str, ...], has_work: bool) -> tuple[str, ...]:
    """Names of the components of the person vector, in order."""
    return (
        "log_rate",
        *(f"start[{outcome}]" for outcome in outcomes),
        *(f"set_point[{outcome}]" for outcome in outcomes),
        *(("work_frailty",) if has_work else ()),
    )


class Population(NamedTuple):
    """Population parameters. Severities are fractions of the scale, times are weeks.

    Dims: effect (the person vector), outcome, covariate, cluster (the last stands for an unknown
    one and is 0, so that index -1 finds it), arm (reference first).
    """

    log_rate_mean: Array
    """Mean log rate per week of each outcome, shape (outcome,)."""
    mean: Array
    """Mean of the person vector at average covariates, shape (effect,); 0 of log rate, which is
    told from `log_rate_mean`, and of frailty."""
    scale: Array
    """Lower Cholesky factor of its covariance, shape (effect, effect)."""
    covariate_effect: Array
    """Change of the mean per SD of a covariate, shape (covariate, effect)."""
    cluster_effect: Array
    """Shift of the mean of a cluster's people, shape (cluster + 1, effect); none of the rate."""
    arm_effect: Array
    """Mean response (shift of the level by full dose, taken up) at the mean start, shape
    (arm, outcome); reference 0."""
    effect_modification: Array
    """Change of the mean response per SD of a covariate, shape (arm, covariate, outcome);
    reference 0, and 0 for covariates that modify no effect."""
    cluster_response: Array
    """Shift of the mean response of a cluster's people, shape (cluster + 1, arm, outcome);
    reference 0."""
    response_slope: Array
    """Change of the mean response per unit of start, shape (arm, outcome); reference 0."""
    response_scale: Array
    """Lower factor of the covariance of responses given starts, shape (arm, outcome, outcome);
    reference 0."""
    response_rate: Array
    """Rate per week at which a response to an arm is taken up, shape (arm,)."""
    lasting_share: Array
    """Share of an arm's dose that never wanes, shape (arm,)."""
    waning_half_life: Array
    """Weeks in which the rest halves after delivery has ended, shape (arm,)."""
    spread: Array
    """SD of flare plus error, shape (outcome,)."""
    persistent_share: Array
    """The flare's share of that variance, shape (outcome,)."""
    persistence: Array
    """Weeks in which a flare's autocorrelation falls to 1/e, a scalar."""
    flare_correlation: Array
    """Correlation of flares between outcomes, shape (outcome, outcome)."""
    work: WorkLaw | None
    """The work process, where the cohort has one."""
    n_outcomes: int
    """Number of outcomes."""

    @property
    def n_linear(self) -> int:
        """Effects that scores are linear in: start, set point, response, and frailty with work."""
        return 3 * self.n_outcomes + (self.work is not None)


class People(NamedTuple):
    """Individual parameters, shapes (person,) or (person, outcome)."""

    log_rate: Array
    """Log of the rate per week, (person, outcome)."""
    frailty: Array
    """Shift of work log-intensities; 0 where there is no work process."""
    start: Array
    """Level at baseline, severity."""
    set_point: Array
    """Level that the person tends to without intervention, severity."""
    response: Array
    """Shift of the level by full dose of the person's own arm, taken up, severity."""


class Expected(NamedTuple):
    """What is expected of people before their scores are seen."""

    log_rate: Array
    """Shape (person, outcome)."""
    linear: Array
    """Mean of the linear effects given it: starts, set points, responses and, where there is a
    work process, the frailty; shape (person, linear effect)."""


def expect(
    xp: ArrayOps, population: Population, covariate: Array, cluster: Ints, arm: Ints, z: Array
) -> Expected:
    """Place the rate, and the mean of the linear effects given it.

    Parameters
    ----------
    xp
        Array operations.
    population
        Population parameters.
    covariate
        Standardised covariates, shape (person, covariate).
    cluster
        Index of each person's cluster, -1 where unknown or there is none, shape (person,).
    arm
        Index of each person's arm, shape (person,).
    z
        Standard normal, shape (person,): the person's rate.
    """
    k = population.n_outcomes
    centre = population.mean + xp.matmul(covariate, population.covariate_effect)
    vector = centre + population.cluster_effect[cluster] + z[:, None] * population.scale[:, 0]
    start = vector[:, 1 : 1 + k]
    parts = [
        start,
        vector[:, 1 + k : 1 + 2 * k],
        response_of_arms(population, covariate, cluster, arm, start),
    ]
    if population.work is not None:
        parts.append(vector[:, 1 + 2 * k :])
    return Expected(population.log_rate_mean + vector[:, :1], xp.concatenate(parts, axis=-1))


def response_of_arms(
    population: Population, covariate: Array, cluster: Ints, arm: Ints | int, start: Array
) -> Array:
    """Mean response of people to an arm each, or all to one; see `mean_response`.

    Parameters
    ----------
    population
        Population parameters.
    covariate, cluster
        As for `expect`.
    arm
        Index of each person's arm, shape (person,), or one for all.
    start
        Severity, shape (person, outcome).
    """
    return mean_response(
        population.arm_effect[arm],
        population.response_slope[arm],
        population.effect_modification[arm],
        population.cluster_response[cluster, arm],
        covariate,
        start - population.mean[1 : 1 + population.n_outcomes],
    )


def mean_response(
    arm_effect: Array,
    response_slope: Array,
    effect_modification: Array,
    cluster_response: Array,
    covariate: Array,
    above_mean: Array,
) -> Array:
    """Mean response to an arm, for people or for draws: every argument may have leading axes.

    Parameters
    ----------
    arm_effect, response_slope, cluster_response
        Of the arm, and of the cluster in it, shape (..., outcome).
    effect_modification
        Of the arm, shape (..., covariate, outcome).
    covariate
        Standardised, shape (..., covariate).
    above_mean
        Start less the population's mean start, severity, shape (..., outcome).

    Returns
    -------
    Array
        Severity, shape (..., outcome).
    """
    modified = (covariate[..., None] * effect_modification).sum(axis=-2)
    return arm_effect + response_slope * above_mean + modified + cluster_response


def linear_scale(xp: ArrayOps, population: Population) -> Array:
    """Lower factor of the covariance of the linear effects given the rate, in each arm.

    The responses stand between the set points and the frailty, and go with the starts. Shape
    (arm, linear effect, linear effect).
    """
    k = population.n_outcomes
    place = np.eye(population.n_linear)
    response = place[:, 2 * k : 3 * k]
    rest = np.delete(place, np.s_[2 * k : 3 * k], axis=1)
    own = xp.matmul(xp.matmul(rest, population.scale[1:, 1:]), rest.T)
    with_start = population.response_slope[:, :, None] * own[:k]
    alone = xp.matmul(population.response_scale, response.T)
    return own + xp.matmul(response, with_start + alone)


def frailty_alone(xp: ArrayOps, population: Population) -> Array:
    """The factor of `linear_scale`, turned so that one noise, the last, is that of the frailty.

    What a person's work says is almost all about the frailty. By the lower factor every noise has
    a part in it, and what is told of it moves from one to the other as correlations change. The
    columns are reflected in the plane between the frailty's row and the last axis; the covariance
    stays. Shape (arm, linear effect, linear effect); not turned without a work process.
    """
    scale = linear_scale(xp, population)
    if population.work is None:
        return scale
    row = scale[0, -1]  # no response has a part in it: it is the same in every arm
    length = xp.sqrt(xp.sum(row**2))
    across = row + length * np.eye(population.n_linear)[-1]
    mirror = across[:, None] * across[None, :] / (length * (length + row[-1]))
    return xp.matmul(scale, mirror - np.eye(population.n_linear))


def people(population: Population, log_rate: Array, linear: Array) -> People:
    """Name the parts of people's effects; linear has shape (person, linear effect)."""
    k = population.n_outcomes
    return People(
        log_rate=log_rate,
        frailty=0 * linear[:, 0] if population.work is None else linear[:, 3 * k],
        start=linear[:, :k],
        set_point=linear[:, k : 2 * k],
        response=linear[:, 2 * k : 3 * k],
    )
