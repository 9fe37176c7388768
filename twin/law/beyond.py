"""Draws of the continuous severities behind scores at an end of the scale.

Given a person's rate, the continuous scores y of a person are normal with mean m and covariance
V = L L' (linear effects, flares, errors and rounding together). Scores inside the scale are known;
those at an end lie in a half-line. With the known scores first and e = L^-1 (y - m), each further
e_j is standard normal beyond a bound that hangs on those before it, and is drawn there from a
uniform number (Geweke 1989, Econometrica 57:1317-1339; Hajivassiliou and Ruud 1994, Handbook of
Econometrics 4:2383-2441; after both and Keane called GHK). The density q of what was drawn is
known, and the density of all scores over q is an unbiased estimate of the probability of what was
recorded.
"""

from __future__ import annotations

import math

import numpy as np

from .grid import Floats, Ints
from .normal import probability_below, quantile
from .score_kernels import LOG_2PI, score_terms
from .small_matrices import cholesky, compiled

_SMALLEST = 1e-300  # keeps logarithm and quantile finite 37 SD out


@compiled
def draw_beyond(
    log_rate: Floats,
    mean: Floats,
    scale: Floats,
    dose: Floats,
    response_rate: Floats,
    flare_covariance: Floats,
    error_variance: Floats,
    persistence: float,
    bound: Floats,
    edges: Floats,
    arm: Ints,
    count: Ints,
    week: Floats,
    outcome: Ints,
    rounding_variance: Floats,
    end: Ints,
    uniform: Floats,
) -> tuple[Floats, Floats]:
    """Draw severities beyond the ends of scales, given everything else.

    Parameters
    ----------
    log_rate, mean, scale, dose, response_rate, flare_covariance, error_variance, persistence
        As for `scores.score_terms`.
    bound
        Continuous severity of each score; at an end of its scale, the bound beyond which it lies,
        shape (person, score).
    edges, arm, count, week, outcome, rounding_variance
        As for `scores.score_terms`.
    end
        -1 at the floor, +1 at the ceiling, else 0, shape (person, score).
    uniform
        Between 0 and 1, one for each score at an end in the order of the person's scores, shape
        (person, at least the most ends of a person).

    Returns
    -------
    latent
        Continuous severities, shape (person, score).
    log_density
        Log density with which those beyond an end were drawn, shape (person,); 0 for a person
        without any.
    """
    people, scores = week.shape
    q = mean.shape[1]
    latent = bound.copy()
    log_density = np.zeros(people)
    _, _, _, _, noise_root, white, _, _ = score_terms(
        log_rate,
        mean,
        scale,
        dose,
        response_rate,
        flare_covariance,
        error_variance,
        persistence,
        bound,
        np.zeros_like(mean),
        edges,
        arm,
        count,
        week,
        outcome,
        rounding_variance,
    )
    design = np.empty((scores, q + 1))  # and residuals, last
    root = np.empty((scores, scores))
    order = np.empty(scores, dtype=np.int64)
    e = np.empty(scores)
    for i in range(people):
        n = count[i]
        inside = 0
        for t in range(n):
            if end[i, t] == 0:
                order[inside] = t
                inside += 1
        if inside == n:
            continue
        place = inside
        for t in range(n):
            if end[i, t] != 0:
                order[place] = t
                place += 1
        for t in range(n):
            for j in range(q + 1):
                design[t, j] = 0.0
                for s in range(t + 1):
                    design[t, j] += noise_root[i, t, s] * white[i, s, j]
        for a in range(n):
            t = order[a]
            for b in range(a + 1):
                s = order[b]
                v = 0.0
                for r in range(min(s, t) + 1):
                    v += noise_root[i, t, r] * noise_root[i, s, r]
                for j in range(q):
                    v += design[t, j] * design[s, j]
                root[a, b] = v
        cholesky(root, n)
        for a in range(n):
            t = order[a]
            given = 0.0
            for b in range(a):
                given += root[a, b] * e[b]
            e[a] = (design[t, q] - given) / root[a, a]
            if a < inside:
                continue
            side = end[i, t]
            # toward the end lies the lower tail of -side * e
            beyond = max(probability_below(-side * e[a]), _SMALLEST)
            e[a] = -side * quantile(beyond * uniform[i, a - inside])
            log_density[i] -= 0.5 * (e[a] ** 2 + LOG_2PI) + math.log(beyond) + math.log(root[a, a])
            latent[i, t] = bound[i, t] + given + root[a, a] * e[a] - design[t, q]
    return latent, log_density
