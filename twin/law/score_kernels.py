"""The law of scores, compiled, with its gradient.

`score_terms` has the arguments and results of its plain form in `scores`, followed by what its
companion needs to carry the gradient of any function of the two results back to the arguments.
Tests hold both to the plain form and to finite differences. Everything is compiled at first use and
cached on disk by numba.

Names: `x_bar` is the gradient of the target with respect to x. Indices: i person, t s score, j k
effect or outcome, c cell. Inner loops run along rows, where they become vector instructions.
"""

from __future__ import annotations

import math

import numpy as np

from .course_kernels import uptake_at, uptake_gradient
from .grid import Floats, Ints
from .small_matrices import (
    as_float,
    backward_solve,
    cholesky,
    compiled,
    forward_solve,
    gram,
    invert_factor,
    multiply_transposed,
)

LOG_2PI = math.log(2 * math.pi)


@compiled
def score_terms(
    log_rate: Floats,
    mean: Floats,
    scale: Floats,
    dose: Floats,
    response_rate: Floats,
    flare_covariance: Floats,
    error_variance: Floats,
    persistence: float,
    latent: Floats,
    eps: Floats,
    edges: Floats,
    arm: Ints,
    count: Ints,
    week: Floats,
    outcome: Ints,
    rounding_variance: Floats,
) -> tuple[Floats, Floats, Floats, Floats, Floats, Floats, Floats, Floats]:
    """Compiled `scores.score_terms`, and what its gradient needs.

    Returns
    -------
    log_density, effects
        As from the plain form.
    weight
        Weights of start, set point and response in the level, shape (person, score, 3).
    kept
        Autocorrelation of flares between a score and those before it, (person, score, score).
    root
        Lower factor of the covariance of flares, errors and rounding, (person, score, score).
    white
        Standardised design and, last, residuals, divided by it, (person, score, effect + 1).
    precision_root
        Lower factor of the precision of standardised effects, (person, effect, effect).
    centre
        Their mean given the scores, (person, effect). Padding of all these is left unset.
    """
    people, scores = week.shape
    q = mean.shape[1]
    outcomes = len(error_variance)
    lasting = as_float(persistence)
    rate = np.exp(log_rate)
    log_density = np.empty(people)
    effects = np.empty((people, q))
    weight = np.empty((people, scores, 3))
    kept = np.empty((people, scores, scores))
    root = np.empty((people, scores, scores))
    white = np.empty((people, scores, q + 1))
    precision_root = np.empty((people, q, q))
    centre = np.empty((people, q))
    standard = np.empty((q, 2))
    # people of one arm who are seen in the same week share the uptake
    known_week = np.full((len(dose), scores), -1.0)
    known_uptake = np.empty((len(dose), scores))
    for i in range(people):
        n, a = count[i], arm[i]
        visit = -1
        for t in range(n):
            k = outcome[i, t]
            if t > 0 and week[i, t] == week[i, t - 1]:
                decay = 1.0
                weight[i, t, 2] = weight[i, t - 1, 2]
            else:
                visit += 1
                decay = math.exp((week[i, t - 1] - week[i, t]) / lasting) if t > 0 else 0.0
                if known_week[a, visit] != week[i, t]:
                    known_week[a, visit] = week[i, t]
                    known_uptake[a, visit] = uptake_at(dose[a], response_rate[a], edges, week[i, t])
                weight[i, t, 2] = known_uptake[a, visit]
            weight[i, t, 0] = math.exp(-rate[i, k] * week[i, t])
            weight[i, t, 1] = 1 - weight[i, t, 0]
            for s in range(t):
                kept[i, t, s] = kept[i, t - 1, s] * decay
                root[i, t, s] = kept[i, t, s] * flare_covariance[k, outcome[i, s]]
            kept[i, t, t] = 1.0
            root[i, t, t] = flare_covariance[k, k] + error_variance[k] + rounding_variance[i, t]
            first, second, third = k, outcomes + k, 2 * outcomes + k
            w0, w1, w2 = weight[i, t, 0], weight[i, t, 1], weight[i, t, 2]
            for j in range(q):
                white[i, t, j] = (
                    w0 * scale[a, first, j] + w1 * scale[a, second, j] + w2 * scale[a, third, j]
                )
            white[i, t, q] = latent[i, t] - (
                w0 * mean[i, first] + w1 * mean[i, second] + w2 * mean[i, third]
            )
        cholesky(root[i], n)
        forward_solve(root[i], n, white[i])
        total = -0.5 * LOG_2PI * n
        for j in range(q):
            for k in range(j):
                precision_root[i, j, k] = 0.0
            precision_root[i, j, j] = 1.0
            standard[j, 0] = 0.0
            standard[j, 1] = eps[i, j]
        for t in range(n):
            total -= math.log(root[i, t, t]) + 0.5 * white[i, t, q] ** 2
            for j in range(q):
                standard[j, 0] += white[i, t, j] * white[i, t, q]
                for k in range(j + 1):
                    precision_root[i, j, k] += white[i, t, j] * white[i, t, k]
        cholesky(precision_root[i], q)
        forward_solve(precision_root[i], q, standard[:, :1])
        for j in range(q):
            total += 0.5 * standard[j, 0] ** 2 - math.log(precision_root[i, j, j])
        log_density[i] = total
        backward_solve(precision_root[i], q, standard)
        for j in range(q):
            centre[i, j] = standard[j, 0]
            effects[i, j] = mean[i, j]
            for k in range(q):
                effects[i, j] += scale[a, j, k] * (standard[k, 0] + standard[k, 1])
    return log_density, effects, weight, kept, root, white, precision_root, centre


@compiled
def _carry_effects(
    effects_bar: Floats,
    scale: Floats,
    factor_inverse: Floats,
    covariance: Floats,
    centre: Floats,
    eps: Floats,
    precision_bar: Floats,
    projection_bar: Floats,
    eps_bar: Floats,
    scale_bar: Floats,
    work: Floats,
) -> None:
    """Add what one person's effects pass back: to the precision A, to G'S r, to eps and scale.

    `covariance` is A^-1 and `factor_inverse` D^-1. The noise u = D'^-1 eps moves with D, and D with
    A: as D' u = eps, the adjoint of the Cholesky factorisation is that of minus the symmetric
    matrix whose lower triangle is eps eps_bar'.
    """
    q = len(eps)
    standard_bar, by_centre, inner = work[0], work[1], work[2:]
    for k in range(q):
        standard_bar[k] = 0.0
        noise = 0.0
        for j in range(k, q):
            noise += factor_inverse[j, k] * eps[j]
        for j in range(q):
            standard_bar[k] += scale[j, k] * effects_bar[j]
            scale_bar[j, k] += effects_bar[j] * (centre[k] + noise)
    for j in range(q):
        by_centre[j] = 0.0
        eps_bar[j] = 0.0
        for k in range(q):
            by_centre[j] += covariance[j, k] * standard_bar[k]
        for k in range(j + 1):
            eps_bar[j] += factor_inverse[j, k] * standard_bar[k]
        projection_bar[j] += by_centre[j]
    for j in range(q):
        for k in range(q):
            inner[j, k] = 0.0
        for t in range(j, q):
            f = factor_inverse[t, j]
            for k in range(q):
                inner[j, k] -= f * (eps[t] * eps_bar[k] if k <= t else eps[k] * eps_bar[t])
    for j in range(q):
        for k in range(q):
            s = -by_centre[j] * centre[k] - centre[j] * by_centre[k]
            for t in range(k, q):
                s += inner[j, t] * factor_inverse[t, k]
            precision_bar[j, k] += 0.5 * s


@compiled
def score_terms_gradient(
    log_rate: Floats,
    mean: Floats,
    scale: Floats,
    dose: Floats,
    response_rate: Floats,
    flare_covariance: Floats,
    error_variance: Floats,
    persistence: float,
    latent: Floats,
    eps: Floats,
    edges: Floats,
    arm: Ints,
    count: Ints,
    week: Floats,
    outcome: Ints,
    rounding_variance: Floats,  # noqa: ARG001  (the arguments of `score_terms`, in their order)
    weight: Floats,
    kept: Floats,
    root: Floats,
    white: Floats,
    precision_root: Floats,
    centre: Floats,
    density_bar: Floats,
    effects_bar: Floats,
) -> tuple[Floats, Floats, Floats, Floats, Floats, Floats, Floats, Floats, Floats, Floats]:
    """Gradient with respect to the first ten arguments of `score_terms`, in their order.

    With R the covariance, S = R^-1, G the standardised design, r the residuals, A = I + G'S G and
    m = A^-1 G'S r,

        log density = -(r'S r - m'A m + log|R| + log|A|) / 2,     effects = m + D'^-1 eps

    with A = D D' and the effects standardised; the differentials give every adjoint in closed form.
    """
    people, scores = week.shape
    q = mean.shape[1]
    outcomes = len(error_variance)
    lasting = as_float(persistence)
    rate = np.exp(log_rate)
    log_rate_bar = np.zeros_like(log_rate)
    mean_bar = effects_bar.copy()
    scale_bar = np.zeros_like(scale)
    dose_bar = np.zeros_like(dose)
    response_rate_bar = np.zeros_like(response_rate)
    flare_bar = np.zeros_like(flare_covariance)
    error_bar = np.zeros_like(error_variance)
    lasting_bar = 0.0
    latent_bar = np.zeros_like(latent)
    eps_bar = np.zeros_like(eps)
    known_week = np.full((len(dose), scores), -1.0)
    known_by_dose = np.empty((len(dose), scores, dose.shape[1]))
    known_by_rate = np.empty((len(dose), scores))
    factor_inverse = np.empty((scores, scores))
    precision = np.empty((scores, scores))
    solved = np.empty((scores, q + 1))
    effect_inverse = np.empty((q, q))
    covariance = np.empty((q, q))
    precision_bar = np.empty((q, q))
    projection_bar = np.empty(q)
    work = np.empty((2 + q, q))
    along = np.empty(scores)
    across = np.empty((scores, q))
    design_bar = np.empty(q)
    for i in range(people):
        n, a, bar = count[i], arm[i], density_bar[i]
        invert_factor(root[i], n, factor_inverse)
        gram(factor_inverse, n, precision)  # S
        multiply_transposed(factor_inverse, n, white[i], solved)  # S G and S r
        invert_factor(precision_root[i], q, effect_inverse)
        gram(effect_inverse, q, covariance)  # A^-1
        moved = False
        for j in range(q):
            moved = moved or effects_bar[i, j] != 0
            projection_bar[j] = bar * centre[i, j]
            for k in range(q):
                precision_bar[j, k] = -0.5 * bar * (centre[i, j] * centre[i, k] + covariance[j, k])
        if moved:
            _carry_effects(
                effects_bar[i],
                scale[a],
                effect_inverse,
                covariance,
                centre[i],
                eps[i],
                precision_bar,
                projection_bar,
                eps_bar[i],
                scale_bar[a],
                work,
            )
        visit = -1
        uptake_bar = 0.0
        for t in range(n):
            k = outcome[i, t]
            by_residual = solved[t, q]
            along[t] = 0.0
            for j in range(q):
                along[t] += solved[t, j] * projection_bar[j]
                across[t, j] = 0.0
            for j in range(q):
                f = solved[t, j]
                for m in range(q):
                    across[t, m] += f * precision_bar[j, m]
            # how the density moves with each covariance; the lower triangle stands for both
            for s in range(t + 1):
                moves = 0.5 * (
                    bar * (by_residual * solved[s, q] - precision[t, s])
                    - along[t] * solved[s, q]
                    - by_residual * along[s]
                )
                for j in range(q):
                    moves -= across[t, j] * solved[s, j]
                if s == t:
                    error_bar[k] += moves
                    flare_bar[k, k] += moves
                else:
                    other = outcome[i, s]
                    moves *= 2 * kept[i, t, s]
                    flare_bar[k, other] += moves
                    lasting_bar += moves * flare_covariance[k, other] * (week[i, t] - week[i, s])
            residual_bar = along[t] - bar * by_residual
            latent_bar[i, t] = residual_bar
            for j in range(q):
                design_bar[j] = by_residual * projection_bar[j] + 2 * across[t, j]
            first, second, third = k, outcomes + k, 2 * outcomes + k
            w0, w1, w2 = weight[i, t, 0], weight[i, t, 1], weight[i, t, 2]
            mean_bar[i, first] -= w0 * residual_bar
            mean_bar[i, second] -= w1 * residual_bar
            mean_bar[i, third] -= w2 * residual_bar
            remaining_bar = (mean[i, second] - mean[i, first]) * residual_bar
            uptake_bar -= mean[i, third] * residual_bar
            for j in range(q):
                remaining_bar += design_bar[j] * (scale[a, first, j] - scale[a, second, j])
                uptake_bar += design_bar[j] * scale[a, third, j]
                scale_bar[a, first, j] += w0 * design_bar[j]
                scale_bar[a, second, j] += w1 * design_bar[j]
                scale_bar[a, third, j] += w2 * design_bar[j]
            log_rate_bar[i, k] -= rate[i, k] * week[i, t] * w0 * remaining_bar
            if t == n - 1 or week[i, t + 1] != week[i, t]:
                visit += 1
                if uptake_bar != 0:
                    if known_week[a, visit] != week[i, t]:
                        known_week[a, visit] = week[i, t]
                        known_by_dose[a, visit] = 0.0
                        known_by_rate[a, visit] = uptake_gradient(
                            dose[a],
                            response_rate[a],
                            edges,
                            week[i, t],
                            1.0,
                            known_by_dose[a, visit],
                        )
                    response_rate_bar[a] += uptake_bar * known_by_rate[a, visit]
                    for c in range(dose.shape[1]):
                        dose_bar[a, c] += uptake_bar * known_by_dose[a, visit, c]
                uptake_bar = 0.0
    return (
        log_rate_bar,
        mean_bar,
        scale_bar,
        dose_bar,
        response_rate_bar,
        flare_bar,
        error_bar,
        np.asarray(lasting_bar / lasting**2),
        latent_bar,
        eps_bar,
    )
