"""The law of scores, compiled, with its gradient.

`score_terms` has the arguments and results of its plain form in `scores`; its companion carries the
gradient of any function of its results back to its arguments. Tests hold both to the plain form
and to finite differences. Everything is compiled at first use and cached on disk by numba.

Names: `x_bar` is the gradient of the target with respect to x. Indices: i person, t score, j k
effect or outcome, c cell.
"""

from __future__ import annotations

import math

import numpy as np

from .course_kernels import level_weights, level_weights_gradient
from .grid import Floats, Ints
from .small_matrices import as_float, backward_solve, cholesky, compiled, forward_solve

_LOG_2PI = math.log(2 * math.pi)


@compiled
def _score_model(
    i: int,
    rate: float,
    mean: Floats,
    scale: Floats,
    dose: Floats,
    response_rate: float,
    flare_covariance: Floats,
    error_variance: Floats,
    persistence: float,
    latent: Floats,
    edges: Floats,
    n: int,
    week: Floats,
    outcome: Ints,
    rounding_variance: Floats,
    weight: Floats,
    design: Floats,
    residual: Floats,
    covariance: Floats,
) -> None:
    """Fill one person's weights, standardised design, residuals and lower covariance."""
    q = mean.shape[1]
    outcomes = q // 3
    for t in range(n):
        k = outcome[i, t]
        if t > 0 and week[i, t] == week[i, t - 1]:
            weight[t] = weight[t - 1]
        else:
            remaining, uptake = level_weights(rate, dose, response_rate, edges, week[i, t])
            weight[t, 0] = remaining
            weight[t, 1] = 1 - remaining
            weight[t, 2] = uptake
        residual[t] = latent[i, t]
        for j in range(q):
            design[t, j] = 0.0
        for part in range(3):
            row = part * outcomes + k
            residual[t] -= weight[t, part] * mean[i, row]
            for j in range(row + 1):
                design[t, j] += weight[t, part] * scale[row, j]
        rho = 1.0
        for s in range(t, -1, -1):
            if s == t or week[i, s] != week[i, s + 1]:
                rho = math.exp(-abs(week[i, t] - week[i, s]) / persistence)
            covariance[t, s] = flare_covariance[k, outcome[i, s]] * rho
        covariance[t, t] += error_variance[k] + rounding_variance[i, t]


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
) -> tuple[Floats, Floats]:
    """Compiled `scores.score_terms`."""
    people, scores = week.shape
    q = mean.shape[1]
    lasting = as_float(persistence)
    log_density = np.empty(people)
    effects = np.empty((people, q))
    weight = np.empty((scores, 3))
    design = np.empty((scores, q))
    residual = np.empty(scores)
    root = np.empty((scores, scores))
    white = np.empty((scores, q + 1))
    a = np.empty((q, q))
    x = np.empty((q, 1))
    for i in range(people):
        n = count[i]
        _score_model(
            i,
            math.exp(log_rate[i]),
            mean,
            scale[arm[i]],
            dose[arm[i]],
            response_rate[arm[i]],
            flare_covariance,
            error_variance,
            lasting,
            latent,
            edges,
            n,
            week,
            outcome,
            rounding_variance,
            weight,
            design,
            residual,
            root,
        )
        cholesky(root, n)
        white[:n, :q] = design[:n]
        white[:n, q] = residual[:n]
        forward_solve(root, n, white)
        total = -0.5 * _LOG_2PI * n
        for t in range(n):
            total -= math.log(root[t, t]) + 0.5 * white[t, q] ** 2
        for j in range(q):
            for k in range(j + 1):
                s = 1.0 if j == k else 0.0
                for t in range(n):
                    s += white[t, j] * white[t, k]
                a[j, k] = s
            s = 0.0
            for t in range(n):
                s += white[t, j] * white[t, q]
            x[j, 0] = s
        cholesky(a, q)
        forward_solve(a, q, x)
        for j in range(q):
            total += 0.5 * x[j, 0] ** 2 - math.log(a[j, j])
            x[j, 0] += eps[i, j]
        backward_solve(a, q, x)
        log_density[i] = total
        own = scale[arm[i]]
        for j in range(q):
            s = mean[i, j]
            for k in range(j + 1):
                s += own[j, k] * x[k, 0]
            effects[i, j] = s
    return log_density, effects


@compiled
def _condition_gradient(
    n: int,
    q: int,
    residual: Floats,
    design: Floats,
    root: Floats,
    eps: Floats,
    density_bar: float,
    standard_bar: Floats,
    standard: Floats,
    residual_bar: Floats,
    design_bar: Floats,
    covariance_bar: Floats,
    eps_bar: Floats,
) -> None:
    """One person's gradient of `scores.condition`; `root` is the factor of the covariance.

    With S = R^-1, a = S r, B = S G, A = I + G'B = D D' and m = A^-1 G'a,

        log density = -(r'a - m'Am + log|R| + log|A|) / 2,    standardised effects = m + D'^-1 eps,

    whose differentials give every adjoint in closed form. Fills `standard` with the effects.
    """
    sol = np.empty((n, q + 1 + n))
    sol[:, :q] = design[:n]
    sol[:, q] = residual[:n]
    sol[:, q + 1 :] = np.eye(n)
    forward_solve(root, n, sol)
    backward_solve(root, n, sol)
    d = np.empty((q, q))
    h = np.empty(q)
    for j in range(q):
        for k in range(j + 1):
            s = 1.0 if j == k else 0.0
            for t in range(n):
                s += design[t, j] * sol[t, k]
            d[j, k] = s
        s = 0.0
        for t in range(n):
            s += design[t, j] * sol[t, q]
        h[j] = s
    cholesky(d, q)
    d_inverse = np.eye(q)
    forward_solve(d, q, d_inverse)
    a_inverse = np.empty((q, q))
    for j in range(q):
        for k in range(j + 1):
            s = 0.0
            for t in range(j, q):
                s += d_inverse[t, j] * d_inverse[t, k]
            a_inverse[j, k] = s
            a_inverse[k, j] = s
    m = np.zeros(q)
    u = np.zeros(q)  # D'^-1 eps
    v = np.zeros(q)  # A^-1 standard_bar
    for j in range(q):
        for k in range(q):
            m[j] += a_inverse[j, k] * h[k]
            u[j] += d_inverse[k, j] * eps[k]
            v[j] += a_inverse[j, k] * standard_bar[k]
        standard[j] = m[j] + u[j]
        s = 0.0
        for k in range(j + 1):
            s += d_inverse[j, k] * standard_bar[k]
        eps_bar[j] = s
    # u moves with D, and D with A: the adjoint of a Cholesky factorisation
    phi = np.zeros((q, q))
    for j in range(q):
        for k in range(j + 1):
            s = 0.0
            for t in range(j, q):
                s -= d[t, j] * u[t] * eps_bar[k]
            phi[j, k] += s * (0.5 if j == k else 1.0)
            phi[k, j] = phi[j, k]
            if j == k:
                phi[j, j] *= 2
    inner = np.empty((q, q))
    for j in range(q):
        for k in range(q):
            s = 0.0
            for t in range(j, q):
                s += d_inverse[t, j] * phi[t, k]
            inner[j, k] = s
    a_bar = np.empty((q, q))
    for j in range(q):
        for k in range(q):
            s = 0.0
            for t in range(k, q):
                s += inner[j, t] * d_inverse[t, k]
            a_bar[j, k] = (
                0.5 * s
                - 0.5 * (v[j] * m[k] + m[j] * v[k])
                - 0.5 * density_bar * (m[j] * m[k] + a_inverse[j, k])
            )
    h_bar = v + density_bar * m
    b_h = np.empty(n)
    b_a = np.empty((n, q))
    for t in range(n):
        s = 0.0
        for k in range(q):
            s += sol[t, k] * h_bar[k]
        b_h[t] = s
        residual_bar[t] = s - density_bar * sol[t, q]
        for k in range(q):
            s = 0.0
            for j in range(q):
                s += sol[t, j] * a_bar[j, k]
            b_a[t, k] = s
            design_bar[t, k] = sol[t, q] * h_bar[k] + 2 * s
    for t in range(n):
        for p in range(t + 1):
            s = 0.5 * density_bar * (sol[t, q] * sol[p, q] - sol[t, q + 1 + p])
            s -= 0.5 * (b_h[t] * sol[p, q] + sol[t, q] * b_h[p])
            for k in range(q):
                s -= b_a[t, k] * sol[p, k]
            # the lower triangle stands for both
            covariance_bar[t, p] = s if t == p else 2 * s


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
    rounding_variance: Floats,
    density_bar: Floats,
    effects_bar: Floats,
) -> tuple[Floats, Floats, Floats, Floats, Floats, Floats, Floats, Floats, Floats, Floats]:
    """Gradient with respect to the first ten arguments, in their order."""
    people, scores = week.shape
    q = mean.shape[1]
    lasting = as_float(persistence)
    outcomes = q // 3
    log_rate_bar = np.zeros_like(log_rate)
    mean_bar = np.zeros_like(mean)
    scale_bar = np.zeros_like(scale)
    dose_bar = np.zeros_like(dose)
    response_rate_bar = np.zeros_like(response_rate)
    flare_bar = np.zeros_like(flare_covariance)
    error_bar = np.zeros_like(error_variance)
    persistence_bar = 0.0
    latent_bar = np.zeros_like(latent)
    eps_bar = np.zeros_like(eps)
    weight = np.empty((scores, 3))
    design = np.empty((scores, q))
    residual = np.empty(scores)
    root = np.empty((scores, scores))
    standard = np.empty(q)
    standard_bar = np.empty(q)
    residual_bar = np.empty(scores)
    design_bar = np.empty((scores, q))
    covariance_bar = np.empty((scores, scores))
    for i in range(people):
        n = count[i]
        rate = math.exp(log_rate[i])
        own, own_bar = scale[arm[i]], scale_bar[arm[i]]
        _score_model(
            i,
            rate,
            mean,
            scale[arm[i]],
            dose[arm[i]],
            response_rate[arm[i]],
            flare_covariance,
            error_variance,
            lasting,
            latent,
            edges,
            n,
            week,
            outcome,
            rounding_variance,
            weight,
            design,
            residual,
            root,
        )
        cholesky(root, n)
        for k in range(q):
            s = 0.0
            for j in range(k, q):
                s += own[j, k] * effects_bar[i, j]
            standard_bar[k] = s
        _condition_gradient(
            n,
            q,
            residual,
            design,
            root,
            eps[i],
            density_bar[i],
            standard_bar,
            standard,
            residual_bar,
            design_bar,
            covariance_bar,
            eps_bar[i],
        )
        for j in range(q):
            mean_bar[i, j] += effects_bar[i, j]
            for k in range(j + 1):
                own_bar[j, k] += effects_bar[i, j] * standard[k]
        rate_bar = 0.0
        remaining_bar = 0.0
        uptake_bar = 0.0
        for t in range(n):
            k = outcome[i, t]
            latent_bar[i, t] = residual_bar[t]
            for part in range(3):
                row = part * outcomes + k
                mean_bar[i, row] -= weight[t, part] * residual_bar[t]
                weight_bar = -mean[i, row] * residual_bar[t]
                for j in range(row + 1):
                    weight_bar += design_bar[t, j] * own[row, j]
                    own_bar[row, j] += weight[t, part] * design_bar[t, j]
                if part == 0:
                    remaining_bar += weight_bar
                elif part == 1:
                    remaining_bar -= weight_bar
                else:
                    uptake_bar += weight_bar
            if t == n - 1 or week[i, t + 1] != week[i, t]:
                personal, common = level_weights_gradient(
                    rate,
                    dose[arm[i]],
                    response_rate[arm[i]],
                    edges,
                    week[i, t],
                    remaining_bar,
                    uptake_bar,
                    dose_bar[arm[i]],
                )
                rate_bar += personal
                response_rate_bar[arm[i]] += common
                remaining_bar = 0.0
                uptake_bar = 0.0
            error_bar[k] += covariance_bar[t, t]
            rho = 1.0
            for s in range(t, -1, -1):
                apart = abs(week[i, t] - week[i, s])
                if s == t or week[i, s] != week[i, s + 1]:
                    rho = math.exp(-apart / lasting)
                other = outcome[i, s]
                flare_bar[k, other] += covariance_bar[t, s] * rho
                persistence_bar += (
                    covariance_bar[t, s] * flare_covariance[k, other] * rho * apart / lasting**2
                )
        log_rate_bar[i] = rate * rate_bar
    return (
        log_rate_bar,
        mean_bar,
        scale_bar,
        dose_bar,
        response_rate_bar,
        flare_bar,
        error_bar,
        np.asarray(persistence_bar),
        latent_bar,
        eps_bar,
    )
