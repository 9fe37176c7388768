"""The likelihood of one person under many draws of the population, compiled.

The kernels of `twin.law` are called as they are, each time with one draw and some copies of the
person: candidates, or steps for a derivative. The coordinates of a person are

    x = (rate, missing covariates, linear effects given the scores),

all of them standard normal before anything is seen. The linear effects count only with work:
nothing but the scores speaks of those of others, and these are integrated out.

Indices: d draw, m candidate, j coordinate, k outcome.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from twin.law.beyond import draw_beyond
from twin.law.grid import Floats, Ints
from twin.law.score_kernels import score_terms, score_terms_gradient
from twin.law.work_kernels import work_terms, work_terms_gradient

from .person import Data, Placed
from .stack import Law

released = njit(
    cache=True,
    nogil=True,
    error_model="numpy",
    fastmath={"reassoc", "contract", "arcp", "nsz"},
)
"""As `small_matrices.compiled`, and free of Python's lock: people go through on several threads."""

_STEP = 1e-4
"""Of finite differences, in units of standard normals: an error of a proposal, not of a result."""


@released
def _expected(d: int, x: Floats, placed: Placed, log_rate: Floats, mean: Floats) -> None:
    """Fill log rates and means of the linear effects of each candidate."""
    coordinates = placed.log_rate_slope.shape[1]
    for m in range(len(x)):
        own = 0.0
        for j in range(mean.shape[1]):
            mean[m, j] = placed.linear[d, j]
        for c in range(coordinates):
            own += placed.log_rate_slope[d, c] * x[m, c]
            for j in range(mean.shape[1]):
                mean[m, j] += placed.linear_slope[d, c, j] * x[m, c]
        for k in range(log_rate.shape[1]):
            log_rate[m, k] = placed.log_rate[d, k] + own


@released
def _beyond(
    d: int,
    log_rate: Floats,
    mean: Floats,
    law: Law,
    edges: Floats,
    data: Data,
    uniform: Floats,
) -> tuple[Floats, Floats]:
    """Draw what lies beyond the ends of scales; see `beyond.draw_beyond`."""
    n = len(log_rate)
    return draw_beyond(
        log_rate,
        mean,
        law.scale[d],
        law.dose[d],
        law.response_rate[d],
        law.flare_covariance[d],
        law.error_variance[d],
        law.persistence[d],
        data.severity[:n],
        edges,
        data.arm[:n],
        data.n_scores[:n],
        data.week[:n],
        data.outcome[:n],
        data.rounding_variance[:n],
        data.end[:n],
        uniform,
    )


@released
def _scores(
    d: int,
    log_rate: Floats,
    mean: Floats,
    law: Law,
    edges: Floats,
    data: Data,
    latent: Floats,
    eps: Floats,
) -> tuple[Floats, Floats, Floats, Floats, Floats, Floats, Floats, Floats]:
    n = len(log_rate)
    return score_terms(
        log_rate,
        mean,
        law.scale[d],
        law.dose[d],
        law.response_rate[d],
        law.flare_covariance[d],
        law.error_variance[d],
        law.persistence[d],
        latent,
        eps,
        edges,
        data.arm[:n],
        data.n_scores[:n],
        data.week[:n],
        data.outcome[:n],
        data.rounding_variance[:n],
    )


@released
def weigh(
    x: Floats,
    uniform: Floats,
    draw: Ints,
    placed: Placed,
    law: Law,
    edges: Floats,
    data: Data,
) -> tuple[Floats, Floats, Floats, Floats]:
    """Evaluate candidates of a person.

    Parameters
    ----------
    x
        Standard normal coordinates, those of all linear effects included, shape
        (place, candidate, coordinate).
    uniform
        For scores at an end of the scale, shape (place, candidate, end).
    draw
        Draw of the population at each place, shape (place,).
    placed, law, edges
        What the draws say; the draw comes first.
    data
        The person, at least as many copies as candidates.

    Returns
    -------
    log_likelihood
        Log density of all that was recorded over the density of what was drawn beyond the ends,
        shape (place, candidate).
    log_rate
        Shape (place, candidate, outcome).
    effects
        Linear effects, shape (place, candidate, linear effect).
    latent
        Continuous severities, shape (place, candidate, score).
    """
    places, candidates, coordinates = x.shape
    outcomes, q = placed.log_rate.shape[1], placed.linear.shape[1]
    own = coordinates - q
    scores = data.week.shape[1]
    log_likelihood = np.empty((places, candidates))
    log_rate = np.empty((places, candidates, outcomes))
    effects = np.empty((places, candidates, q))
    latent = np.empty((places, candidates, scores))
    mean = np.empty((candidates, q))
    eps = np.empty((candidates, q))
    ends = uniform.shape[2] > 0
    for p in range(places):
        d = draw[p]
        _expected(d, x[p], placed, log_rate[p], mean)
        eps[:] = x[p, :, own:]
        if ends:
            drawn, log_drawn = _beyond(d, log_rate[p], mean, law, edges, data, uniform[p])
            latent[p] = drawn
            log_likelihood[p] = -log_drawn
        else:
            latent[p] = data.severity[:candidates]
            log_likelihood[p] = 0.0
        found = _scores(d, log_rate[p], mean, law, edges, data, latent[p], eps)
        log_likelihood[p] += found[0]
        effects[p] = found[1]
        if len(data.worker) > 0:
            states, days = _work(d, log_rate[p], effects[p], law, edges, data)
            log_likelihood[p] += states
            log_likelihood[p] += days
    return log_likelihood, log_rate, effects, latent


@released
def _work(
    d: int, log_rate: Floats, effects: Floats, law: Law, edges: Floats, data: Data
) -> tuple[Floats, Floats]:
    n, outcomes = log_rate.shape
    return work_terms(
        log_rate,
        effects,
        np.ascontiguousarray(effects[:, 3 * outcomes]),
        law.dose[d],
        law.response_rate[d],
        law.log_intensity[d],
        law.worsening_slope[d],
        law.recovery_slope[d],
        law.log_exit_intensity[d],
        law.initial_logit[d],
        law.initial_slope[d],
        law.arm_log_hazard[d],
        law.absence_precision[d],
        edges,
        data.arm[:n],
        data.worker[:n],
        data.start_week[:n],
        data.first_occasion[: n + 1],
        data.state,
        data.days,
        data.possible_days,
        data.first_segment,
        data.window_segment,
        data.segment_cell,
        data.segment_weeks,
        data.segment_reported,
        data.loss,
    )


@released
def slopes(
    x: Floats,
    uniform: Floats,
    draw: Ints,
    placed: Placed,
    law: Law,
    edges: Floats,
    data: Data,
) -> Floats:
    """Gradient of the log posterior density of a person's coordinates.

    The scores' part by finite differences, as the chance of lying beyond an end has no derivative
    of its own here; the work's by the law's own adjoint, what is behind the scores held still.

    Parameters
    ----------
    x
        Shape (place, coordinate).
    uniform
        The same for every place, shape (end,).
    draw, placed, law, edges
        As for `weigh`.
    data
        The person, a copy more than there are coordinates of rate and missing covariates.

    Returns
    -------
    Floats
        Shape (place, coordinate).
    """
    places, coordinates = x.shape
    outcomes, q = placed.log_rate.shape[1], placed.linear.shape[1]
    own = coordinates - q
    result = -x
    steps = np.empty((own + 1, own))
    log_rate = np.empty((own + 1, outcomes))
    mean = np.empty((own + 1, q))
    eps = np.zeros((own + 1, q))
    alike = np.empty((own + 1, len(uniform)))
    alike[:] = uniform
    none = np.zeros(1)
    one = np.ones(1)
    for p in range(places):
        d = draw[p]
        for m in range(own + 1):
            for j in range(own):
                steps[m, j] = x[p, j] + (_STEP if m == j + 1 else 0.0)
        _expected(d, steps, placed, log_rate, mean)
        eps[0] = x[p, own:]
        if len(uniform) > 0:
            latent, log_drawn = _beyond(d, log_rate, mean, law, edges, data, alike)
        else:
            latent, log_drawn = data.severity[: own + 1], np.zeros(own + 1)
        found = _scores(d, log_rate, mean, law, edges, data, latent, eps)
        density = found[0] - log_drawn
        for j in range(own):
            result[p, j] += (density[j + 1] - density[0]) / _STEP
        if len(data.worker) == 0:
            continue
        at, effects = log_rate[:1], found[1][:1]
        by_work = work_terms_gradient(
            at,
            effects,
            np.ascontiguousarray(effects[:, 3 * outcomes]),
            law.dose[d],
            law.response_rate[d],
            law.log_intensity[d],
            law.worsening_slope[d],
            law.recovery_slope[d],
            law.log_exit_intensity[d],
            law.initial_logit[d],
            law.initial_slope[d],
            law.arm_log_hazard[d],
            law.absence_precision[d],
            edges,
            data.arm[:1],
            data.worker[:1],
            data.start_week[:1],
            data.first_occasion[:2],
            data.state,
            data.days,
            data.possible_days,
            data.first_segment,
            data.window_segment,
            data.segment_cell,
            data.segment_weeks,
            data.segment_reported,
            data.loss,
            one,
            one,
        )
        effects_bar = by_work[1]
        effects_bar[0, 3 * outcomes] += by_work[2][0]
        by_scores = score_terms_gradient(
            at,
            mean[:1],
            law.scale[d],
            law.dose[d],
            law.response_rate[d],
            law.flare_covariance[d],
            law.error_variance[d],
            law.persistence[d],
            latent[:1],
            eps[:1],
            edges,
            data.arm[:1],
            data.n_scores[:1],
            data.week[:1],
            data.outcome[:1],
            data.rounding_variance[:1],
            found[2][:1],
            found[3][:1],
            found[4][:1],
            found[5][:1],
            found[6][:1],
            found[7][:1],
            none,
            effects_bar,
        )
        rate_bar = by_work[0].sum() + by_scores[0].sum()
        for j in range(own):
            moved = rate_bar * placed.log_rate_slope[d, j]
            for i in range(q):
                moved += by_scores[1][0, i] * placed.linear_slope[d, j, i]
            result[p, j] += moved
        for i in range(q):
            result[p, own + i] += by_scores[9][0, i]
    return result


@released
def curvatures(
    x: Floats,
    free: int,
    uniform: Floats,
    draw: Ints,
    placed: Placed,
    law: Law,
    edges: Floats,
    data: Data,
) -> tuple[Floats, Floats]:
    """Gradient and minus the Hessian of the log posterior density, by the first `free` coordinates.

    Arguments as for `slopes`. Shapes (place, coordinate) and (place, free, free).
    """
    places = len(x)
    slope = slopes(x, uniform, draw, placed, law, edges, data)
    curvature = np.empty((places, free, free))
    for j in range(free):
        moved = x.copy()
        moved[:, j] += _CURVATURE_STEP
        beyond = slopes(moved, uniform, draw, placed, law, edges, data)
        for p in range(places):
            for i in range(free):
                curvature[p, i, j] = (slope[p, i] - beyond[p, i]) / _CURVATURE_STEP
    return slope, 0.5 * (curvature + curvature.transpose(0, 2, 1))


_CURVATURE_STEP = 0.02
"""Longer than that of the gradient, whose own finite differences it has to outweigh."""
