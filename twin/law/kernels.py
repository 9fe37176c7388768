"""Compiled forms of the two computations that dominate the cost of the law, and their gradients.

`score_terms` and `work_terms` have the arguments and results of their plain forms in `scores` and
`work`; each has a companion that carries the gradient of any function of its results back to its
arguments. Tests hold them to the plain forms and to finite differences. Everything is compiled at
first use and cached on disk by numba.

Names: `x_bar` is the gradient of the target with respect to x. Indices: i person, t score (or
segment), j k effect or outcome, c cell.
"""

from __future__ import annotations

import math

import numpy as np

from .grid import Floats, Ints
from .small_matrices import (
    TAPE,
    as_float,
    backward_solve,
    cholesky,
    compiled,
    exponential,
    exponential_gradient,
    forward_solve,
    generator,
)
from .work import LEVEL_REFERENCE, N_TRANSIENT, PERMANENTLY_OUT

LOG_2PI = math.log(2 * math.pi)


@compiled
def _weights(
    rate: float, dose: Floats, response_rate: float, edges: Floats, week: float
) -> tuple[float, float]:
    """Weight of the start, and uptake, in the level: `course.basis` at one time."""
    uptake = 0.0
    from_start = math.exp(-response_rate * week)
    for c in range(len(dose)):
        if week <= edges[c]:
            break
        after_end = week - edges[c + 1]
        from_end = math.exp(-response_rate * after_end) if after_end > 0 else 1.0
        uptake += dose[c] * (from_end - from_start)
        from_start = from_end
    return math.exp(-rate * week), uptake


@compiled
def _weights_gradient(
    rate: float,
    dose: Floats,
    response_rate: float,
    edges: Floats,
    week: float,
    remaining_bar: float,
    uptake_bar: float,
    dose_bar: Floats,
) -> tuple[float, float]:
    """Add to dose_bar, and return the gradients with respect to rate and response rate."""
    if uptake_bar == 0.0:
        return -week * math.exp(-rate * week) * remaining_bar, 0.0
    from_start = math.exp(-response_rate * week)
    response_rate_bar = 0.0
    for c in range(len(dose)):
        if week <= edges[c]:
            break
        after_start = week - edges[c]
        after_end = max(week - edges[c + 1], 0.0)
        from_end = math.exp(-response_rate * after_end) if after_end > 0 else 1.0
        dose_bar[c] += (from_end - from_start) * uptake_bar
        response_rate_bar += dose[c] * (after_start * from_start - after_end * from_end)
        from_start = from_end
    return -week * math.exp(-rate * week) * remaining_bar, response_rate_bar * uptake_bar


@compiled
def score_model(
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
            remaining, uptake = _weights(rate, dose, response_rate, edges, week[i, t])
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
        score_model(
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
        total = -0.5 * LOG_2PI * n
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
        score_model(
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
                personal, common = _weights_gradient(
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


@compiled
def _level(
    rate: float,
    effects: Floats,
    dose: Floats,
    response_rate: float,
    edges: Floats,
    week: float,
    level: Floats,
) -> None:
    """Fill one person's levels at one time."""
    outcomes = len(level)
    remaining, uptake = _weights(rate, dose, response_rate, edges, week)
    for k in range(outcomes):
        level[k] = (
            remaining * effects[k]
            + (1 - remaining) * effects[outcomes + k]
            + uptake * effects[2 * outcomes + k]
        )


@compiled
def _level_gradient(
    rate: float,
    effects: Floats,
    dose: Floats,
    response_rate: float,
    edges: Floats,
    week: float,
    level_bar: Floats,
    effects_bar: Floats,
    dose_bar: Floats,
) -> tuple[float, float]:
    """Add to effects_bar and dose_bar; return the gradients of rate and response rate."""
    outcomes = len(level_bar)
    remaining, uptake = _weights(rate, dose, response_rate, edges, week)
    remaining_bar = 0.0
    uptake_bar = 0.0
    for k in range(outcomes):
        effects_bar[k] += remaining * level_bar[k]
        effects_bar[outcomes + k] += (1 - remaining) * level_bar[k]
        effects_bar[2 * outcomes + k] += uptake * level_bar[k]
        remaining_bar += (effects[k] - effects[outcomes + k]) * level_bar[k]
        uptake_bar += effects[2 * outcomes + k] * level_bar[k]
    return _weights_gradient(
        rate, dose, response_rate, edges, week, remaining_bar, uptake_bar, dose_bar
    )


@compiled
def intensities(
    log_intensity: Floats,
    worsening_slope: Floats,
    recovery_slope: Floats,
    frailty: float,
    level: Floats,
    result: Floats,
) -> None:
    """`work.log_intensities` at one level; the first three transitions are worsening."""
    worsening = frailty
    recovery = -frailty
    for k in range(len(level)):
        worsening += worsening_slope[k] * (level[k] - LEVEL_REFERENCE)
        recovery -= recovery_slope[k] * (level[k] - LEVEL_REFERENCE)
    for m in range(6):
        result[m] = log_intensity[m] + (worsening if m < 3 else recovery)


@compiled
def _first_probabilities(
    initial_logit: Floats, initial_slope: Floats, frailty: float, level: Floats, p: Floats
) -> None:
    """`work.initial_log_probabilities` of one person, as probabilities."""
    away = frailty
    for k in range(len(level)):
        away += initial_slope[k] * (level[k] - LEVEL_REFERENCE)
    first, second = initial_logit[0] + away, initial_logit[1] + away
    top = max(0.0, first, second)
    p[0] = math.exp(-top)
    p[1] = math.exp(first - top)
    p[2] = math.exp(second - top)
    p /= p.sum()


@compiled
def work_terms(
    log_rate: Floats,
    effects: Floats,
    frailty: Floats,
    dose: Floats,
    response_rate: Floats,
    log_intensity: Floats,
    worsening_slope: Floats,
    recovery_slope: Floats,
    log_exit_intensity: float,
    initial_logit: Floats,
    initial_slope: Floats,
    edges: Floats,
    arm: Ints,
    worker: Ints,
    first_state: Ints,
    first_week: Floats,
    segment_worker: Ints,
    segment_cell: Ints,
    segment_weeks: Floats,
    first_segment: Ints,
    from_state: Ints,
    to_state: Ints,
) -> tuple[Floats, Floats]:
    """Compiled `work.work_terms`."""
    first = np.empty(len(worker))
    later = np.empty(len(from_state))
    level = np.empty(len(worsening_slope))
    p = np.empty(N_TRANSIENT)
    intensity = np.empty(6)
    tape = np.empty((TAPE, N_TRANSIENT, N_TRANSIENT))
    new = np.empty(N_TRANSIENT)
    exit_intensity = math.exp(as_float(log_exit_intensity))
    for w in range(len(worker)):
        i = worker[w]
        own, speed = dose[arm[i]], response_rate[arm[i]]
        _level(math.exp(log_rate[i]), effects[i], own, speed, edges, first_week[w], level)
        _first_probabilities(initial_logit, initial_slope, frailty[i], level, p)
        first[w] = math.log(p[first_state[w]])
    for t in range(len(from_state)):
        at = np.zeros(N_TRANSIENT)
        at[from_state[t]] = 1.0
        for g in range(first_segment[t], first_segment[t + 1]):
            i, c = worker[segment_worker[g]], segment_cell[g]
            middle = 0.5 * (edges[c] + edges[c + 1])
            own, speed = dose[arm[i]], response_rate[arm[i]]
            _level(math.exp(log_rate[i]), effects[i], own, speed, edges, middle, level)
            intensities(
                log_intensity, worsening_slope, recovery_slope, frailty[i], level, intensity
            )
            halvings = generator(intensity, exit_intensity, segment_weeks[g], tape[0])
            exponential(tape, halvings)
            _forward(at, tape[5 + halvings], new)
            at[:] = new
        seen = 1 - at.sum() if to_state[t] == PERMANENTLY_OUT else at[to_state[t]]
        later[t] = math.log(seen)
    return first, later


@compiled
def _forward(at: Floats, moves: Floats, new: Floats) -> None:
    for k in range(N_TRANSIENT):
        new[k] = at[0] * moves[0, k] + at[1] * moves[1, k] + at[2] * moves[2, k]


@compiled
def work_terms_gradient(
    log_rate: Floats,
    effects: Floats,
    frailty: Floats,
    dose: Floats,
    response_rate: Floats,
    log_intensity: Floats,
    worsening_slope: Floats,
    recovery_slope: Floats,
    log_exit_intensity: float,
    initial_logit: Floats,
    initial_slope: Floats,
    edges: Floats,
    arm: Ints,
    worker: Ints,
    first_state: Ints,
    first_week: Floats,
    segment_worker: Ints,
    segment_cell: Ints,
    segment_weeks: Floats,
    first_segment: Ints,
    from_state: Ints,
    to_state: Ints,
    first_bar: Floats,
    later_bar: Floats,
) -> tuple[Floats, Floats, Floats, Floats, Floats, Floats, Floats, Floats, Floats, Floats, Floats]:
    """Gradient with respect to the first eleven arguments, in their order."""
    log_rate_bar = np.zeros_like(log_rate)
    effects_bar = np.zeros_like(effects)
    frailty_bar = np.zeros_like(frailty)
    dose_bar = np.zeros_like(dose)
    response_rate_bar = np.zeros_like(response_rate)
    log_intensity_bar = np.zeros_like(log_intensity)
    worsening_bar = np.zeros_like(worsening_slope)
    recovery_bar = np.zeros_like(recovery_slope)
    exit_bar = 0.0
    logit_bar = np.zeros_like(initial_logit)
    slope_bar = np.zeros_like(initial_slope)
    outcomes = len(worsening_slope)
    level = np.empty(outcomes)
    level_bar = np.empty(outcomes)
    p = np.empty(N_TRANSIENT)
    intensity = np.empty(6)
    exit_intensity = math.exp(as_float(log_exit_intensity))
    for w in range(len(worker)):
        i = worker[w]
        rate, own, speed = math.exp(log_rate[i]), dose[arm[i]], response_rate[arm[i]]
        _level(rate, effects[i], own, speed, edges, first_week[w], level)
        _first_probabilities(initial_logit, initial_slope, frailty[i], level, p)
        away_bar = 0.0
        for state in range(1, N_TRANSIENT):
            bar = first_bar[w] * ((1.0 if first_state[w] == state else 0.0) - p[state])
            logit_bar[state - 1] += bar
            away_bar += bar
        frailty_bar[i] += away_bar
        for k in range(outcomes):
            slope_bar[k] += away_bar * (level[k] - LEVEL_REFERENCE)
            level_bar[k] = away_bar * initial_slope[k]
        personal, common = _level_gradient(
            rate,
            effects[i],
            own,
            speed,
            edges,
            first_week[w],
            level_bar,
            effects_bar[i],
            dose_bar[arm[i]],
        )
        log_rate_bar[i] += rate * personal
        response_rate_bar[arm[i]] += common
    longest = 0
    for t in range(len(from_state)):
        longest = max(longest, first_segment[t + 1] - first_segment[t])
    tapes = np.empty((longest, TAPE, N_TRANSIENT, N_TRANSIENT))
    halvings = np.empty(longest, dtype=np.int64)
    ats = np.empty((longest + 1, N_TRANSIENT))
    at_bar = np.empty(N_TRANSIENT)
    back = np.empty(N_TRANSIENT)
    moves_bar = np.empty((N_TRANSIENT, N_TRANSIENT))
    x_bar = np.empty((N_TRANSIENT, N_TRANSIENT))
    scratch = np.empty((N_TRANSIENT, N_TRANSIENT))
    bar = np.empty(6)
    for t in range(len(from_state)):
        begin = first_segment[t]
        steps = first_segment[t + 1] - begin
        ats[0] = 0.0
        ats[0, from_state[t]] = 1.0
        for step in range(steps):
            g = begin + step
            i, c = worker[segment_worker[g]], segment_cell[g]
            middle = 0.5 * (edges[c] + edges[c + 1])
            own, speed = dose[arm[i]], response_rate[arm[i]]
            _level(math.exp(log_rate[i]), effects[i], own, speed, edges, middle, level)
            intensities(
                log_intensity, worsening_slope, recovery_slope, frailty[i], level, intensity
            )
            halvings[step] = generator(intensity, exit_intensity, segment_weeks[g], tapes[step, 0])
            exponential(tapes[step], halvings[step])
            _forward(ats[step], tapes[step, 5 + halvings[step]], ats[step + 1])
        end = ats[steps]
        if to_state[t] == PERMANENTLY_OUT:
            at_bar[:] = -later_bar[t] / (1 - end.sum())
        else:
            at_bar[:] = 0.0
            at_bar[to_state[t]] = later_bar[t] / end[to_state[t]]
        for step in range(steps - 1, -1, -1):
            g = begin + step
            i, c = worker[segment_worker[g]], segment_cell[g]
            moves = tapes[step, 5 + halvings[step]]
            for j in range(N_TRANSIENT):
                back[j] = (
                    moves[j, 0] * at_bar[0] + moves[j, 1] * at_bar[1] + moves[j, 2] * at_bar[2]
                )
                for k in range(N_TRANSIENT):
                    moves_bar[j, k] = ats[step, j] * at_bar[k]
            at_bar[:] = back
            exponential_gradient(tapes[step], halvings[step], moves_bar, x_bar, scratch)
            x = tapes[step, 0]
            bar[0] = x[0, 1] * (x_bar[0, 1] - x_bar[0, 0])
            bar[1] = x[0, 2] * (x_bar[0, 2] - x_bar[0, 0])
            bar[2] = x[1, 2] * (x_bar[1, 2] - x_bar[1, 1])
            bar[3] = x[1, 0] * (x_bar[1, 0] - x_bar[1, 1])
            bar[4] = x[2, 1] * (x_bar[2, 1] - x_bar[2, 2])
            bar[5] = x[2, 0] * (x_bar[2, 0] - x_bar[2, 2])
            exit_bar += (x[2, 2] + x[2, 0] + x[2, 1]) * x_bar[2, 2]
            log_intensity_bar += bar
            up = bar[0] + bar[1] + bar[2]
            down = bar[3] + bar[4] + bar[5]
            frailty_bar[i] += up - down
            rate, own, speed = math.exp(log_rate[i]), dose[arm[i]], response_rate[arm[i]]
            middle = 0.5 * (edges[c] + edges[c + 1])
            _level(rate, effects[i], own, speed, edges, middle, level)
            for k in range(outcomes):
                worsening_bar[k] += up * (level[k] - LEVEL_REFERENCE)
                recovery_bar[k] -= down * (level[k] - LEVEL_REFERENCE)
                level_bar[k] = up * worsening_slope[k] - down * recovery_slope[k]
            personal, common = _level_gradient(
                rate,
                effects[i],
                own,
                speed,
                edges,
                middle,
                level_bar,
                effects_bar[i],
                dose_bar[arm[i]],
            )
            log_rate_bar[i] += rate * personal
            response_rate_bar[arm[i]] += common
    return (
        log_rate_bar,
        effects_bar,
        frailty_bar,
        dose_bar,
        response_rate_bar,
        log_intensity_bar,
        worsening_bar,
        recovery_bar,
        np.asarray(exit_bar),
        logit_bar,
        slope_bar,
    )
