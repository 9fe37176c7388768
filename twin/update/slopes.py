"""Slope and curvature of a person's log posterior density, compiled: where a proposal is put.

What is read is `target`; derivatives may be a little off, as a proposal need not be exact.
"""

from __future__ import annotations

import numpy as np

from twin.law.grid import Floats, Ints
from twin.law.score_kernels import score_terms_gradient
from twin.law.work_gradient_kernels import work_terms_gradient

from .person import Data, Placed
from .stack import Law
from .target import beyond, density, expected, released, work_copies, work_law

_STEP = 1e-4
"""Of finite differences of a density, in units of standard normals."""
_CURVATURE_STEP = 0.02
"""Of those of a slope: longer, to outweigh the error of its own finite differences."""


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
        expected(d, steps, placed, log_rate, mean)
        eps[0] = x[p, own:]
        if len(uniform) > 0:
            latent, log_drawn = beyond(d, log_rate, mean, law, edges, data, alike)
        else:
            latent, log_drawn = data.severity[: own + 1], np.zeros(own + 1)
        found = density(d, log_rate, mean, law, edges, data, latent, eps)
        log_density = found[0] - log_drawn
        for j in range(own):
            result[p, j] += (log_density[j + 1] - log_density[0]) / _STEP
        if len(data.work.worker) == 0:
            continue
        at, effects = log_rate[:1], found[1][:1]
        by_work = work_terms_gradient(
            at,
            effects,
            np.ascontiguousarray(effects[:, 3 * outcomes]),
            law.dose[d],
            law.response_rate[d],
            work_law(d, law.work),
            edges,
            data.arm[:1],
            work_copies(1, data.work),
            one,
            one,
        )
        effects_bar = by_work.effects
        effects_bar[0, 3 * outcomes] += by_work.frailty[0]
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
        rate_bar = by_work.log_rate.sum() + by_scores[0].sum()
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
