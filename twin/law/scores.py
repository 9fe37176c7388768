"""The scores of a cohort: their density with people's linear effects integrated out, exactly.

Given the rate, scores are linear in a person's start, set point and response, with normal
residuals. With effects = mean + A w and w standard normal, the residuals r = G w + e have

    precision of w given r:  P = I + G' R^-1 G,      mean of w:  P^-1 G' R^-1 r

and w = P^-1 G' R^-1 r + P^(-1/2) eps with eps standard normal *whatever the scores say*. The fit
samples eps instead of the effects: what the scores know is integrated out and cannot slow the
sampler.
"""

from __future__ import annotations

import math

import numpy as np

from . import course, residual
from .grid import Floats, Ints, TimeGrid
from .ops import Array, ArrayOps


def score_terms(
    xp: ArrayOps,
    log_rate: Array,
    mean: Array,
    scale: Array,
    dose: Array,
    response_rate: Array,
    flare_covariance: Array,
    error_variance: Array,
    persistence: Array,
    latent: Array,
    eps: Array,
    edges: Floats,
    arm: Ints,
    count: Ints,
    week: Floats,
    outcome: Ints,
    rounding_variance: Floats,
) -> tuple[Array, Array]:
    """Integrate people's linear effects out of their scores, and place them given the scores.

    Parameters
    ----------
    xp
        Array operations.
    log_rate
        Log of the rate per week, shape (person, outcome).
    mean
        Mean of the linear effects before the scores, severity, (person, linear effect).
    scale
        A factor of their covariance in each arm, shape (arm, linear effect, linear effect).
    dose
        Shape (arm, cell).
    response_rate
        Per week, shape (arm,).
    flare_covariance
        Shape (outcome, outcome).
    error_variance
        Shape (outcome,).
    persistence
        Weeks, a scalar.
    latent
        Continuous severity behind each score, shape (person, score).
    eps
        Standard normal, shape (person, linear effect).
    edges
        Edges of the grid of person time, weeks, shape (cell + 1,).
    arm
        Each person's arm, shape (person,).
    count
        Number of scores of each person, shape (person,); padding comes last.
    week, outcome, rounding_variance
        As in `records.ScoreRecords`, shape (person, score).

    Returns
    -------
    log_density
        Log density of the scores with the effects integrated out, shape (person,).
    effects
        The linear effects that eps stands for, shape (person, linear effect).
    """
    observed = (np.arange(week.shape[1]) < count[:, None]).astype(float)
    one_hot = np.eye(error_variance.shape[0])[outcome] * observed[:, :, None]
    grid, rate = TimeGrid(tuple(edges)), xp.exp(log_rate)
    weights = course.basis(xp, grid, dose[arm], response_rate[arm], rate, week)
    # scores say nothing of the frailty, where there is one, but through what it goes with
    other = np.zeros((*week.shape, eps.shape[1] - 3 * error_variance.shape[0]))
    design = xp.concatenate([*(weight * one_hot for weight in weights), other], axis=-1)
    rho = residual.autocorrelation(xp, persistence, np.abs(week[:, :, None] - week[:, None, :]))
    flares = xp.matmul(xp.matmul(one_hot, flare_covariance), one_hot.swapaxes(-1, -2)) * rho
    # padding has variance 1 and no covariance, so that it drops out of every density and solve
    own = xp.sum(one_hot * error_variance, axis=-1) + rounding_variance + (1 - observed)
    covariance = flares + np.eye(week.shape[1]) * own[:, :, None]
    expected = xp.sum(design * mean[:, None, :], axis=-1)
    own = scale[arm]
    log_density, standard = condition(
        xp, (latent - expected) * observed, xp.matmul(design, own), covariance, observed, eps
    )
    return log_density, mean + xp.matmul(own, standard[:, :, None])[:, :, 0]


def condition(
    xp: ArrayOps,
    residual: Array,
    design: Array,
    covariance: Array,
    observed: Floats,
    eps: Array,
) -> tuple[Array, Array]:
    """Integrate standardised effects out of normal scores, and place them given the scores.

    Parameters
    ----------
    xp
        Array operations.
    residual
        Scores less their mean at zero effects, 0 where padded, shape (person, score).
    design
        What a unit of each standardised effect adds to each score, 0 where padded, shape
        (person, score, effect).
    covariance
        Of the scores given the effects, 1 on the padded diagonal, shape (person, score, score).
    observed
        1 where there is a score, 0 where padded, shape (person, score).
    eps
        Standard normal, shape (person, effect).

    Returns
    -------
    log_density
        Marginal log density of the scores, shape (person,).
    effects
        The standardised effects that eps stands for, shape (person, effect).
    """
    root = xp.cholesky(covariance)
    both = xp.concatenate([residual[:, :, None], design], axis=-1)
    white = xp.solve_lower(root, both, False)
    r, g = white[:, :, :1], white[:, :, 1:]
    g_t = xp.swapaxes(g, -1, -2)
    precision_root = xp.cholesky(np.eye(eps.shape[1]) + xp.matmul(g_t, g))
    projected = xp.solve_lower(precision_root, xp.matmul(g_t, r), False)
    effects = xp.solve_lower(precision_root, projected + eps[:, :, None], True)[:, :, 0]
    log_density = (
        -0.5 * xp.sum(r[:, :, 0] ** 2, axis=-1)
        + 0.5 * xp.sum(projected[:, :, 0] ** 2, axis=-1)
        - xp.sum(xp.log(xp.diagonal(root)), axis=-1)
        - xp.sum(xp.log(xp.diagonal(precision_root)), axis=-1)
        - 0.5 * math.log(2 * math.pi) * observed.sum(axis=-1)
    )
    return log_density, effects
