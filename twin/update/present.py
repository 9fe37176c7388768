"""Where a person stands at the last visit, under the draw of the population paired with each."""

from __future__ import annotations

import numpy as np

from twin.law.course_kernels import level_at
from twin.law.grid import Floats, Ints
from twin.law.score_kernels import score_terms
from twin.law.small_matrices import cholesky, forward_solve

from .person import Data
from .stack import Law
from .target import released


@released
def present(
    log_rate: Floats,
    effects: Floats,
    latent: Floats,
    week: float,
    noise: Floats,
    draw: Ints,
    law: Law,
    edges: Floats,
    data: Data,
) -> tuple[Floats, Floats]:
    """Return levels at a week, and flares there drawn given the scores.

    Flares and scores are jointly normal given the levels, so that the draw is exact.

    Parameters
    ----------
    log_rate, effects, latent
        Of the person at each place; see `target.weigh`.
    week
        Of the last visit.
    noise
        Standard normal, shape (place, outcome).
    draw
        Draw of the population at each place.
    law, edges, data
        As for `target.weigh`.

    Returns
    -------
    level, flare
        Severity, shape (place, outcome).
    """
    places, outcomes = log_rate.shape
    n, arm = data.n_scores[0], data.arm[0]
    q = effects.shape[1]
    level, flare = np.empty((places, outcomes)), np.zeros((places, outcomes))
    at_visit = np.empty(outcomes)
    off = np.empty((n, outcomes + 1))
    rest = np.empty((outcomes, outcomes))
    nothing = np.zeros((1, q))
    for p in range(places):
        d = draw[p]
        rate = np.exp(log_rate[p])
        dose, speed = law.dose[d, arm], law.response_rate[d, arm]
        root = score_terms(
            log_rate[p : p + 1],
            effects[p : p + 1],
            law.scale[d],
            law.dose[d],
            law.response_rate[d],
            law.flare_covariance[d],
            law.error_variance[d],
            law.persistence[d],
            latent[p : p + 1],
            nothing,
            edges,
            data.arm[:1],
            data.n_scores[:1],
            data.week[:1],
            data.outcome[:1],
            data.rounding_variance[:1],
        )[4][0]
        for t in range(n):
            k, at = data.outcome[0, t], data.week[0, t]
            level_at(rate, effects[p], dose, speed, edges, at, at_visit)
            kept = np.exp(-abs(week - at) / law.persistence[d])
            for j in range(outcomes):
                off[t, j] = kept * law.flare_covariance[d, k, j]
            off[t, outcomes] = latent[p, t] - at_visit[k]
        forward_solve(root, n, off)
        for i in range(outcomes):
            for j in range(outcomes):
                rest[i, j] = law.flare_covariance[d, i, j]
                for t in range(n):
                    rest[i, j] -= off[t, i] * off[t, j]
            for t in range(n):
                flare[p, i] += off[t, i] * off[t, outcomes]
        cholesky(rest, outcomes)
        for i in range(outcomes):
            for j in range(i + 1):
                flare[p, i] += rest[i, j] * noise[p, j]
        level_at(rate, effects[p], dose, speed, edges, week, level[p])
    return level, flare
