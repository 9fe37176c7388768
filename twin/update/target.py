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

from twin.law.beyond import draw_beyond
from twin.law.compiling import REORDERED, compiling
from twin.law.grid import Floats, Ints
from twin.law.records import WorkRecords
from twin.law.score_kernels import score_terms
from twin.law.work import WorkLaw
from twin.law.work_kernels import work_terms

from .person import Data, Placed
from .stack import Law

released = compiling(nogil=True, fastmath=REORDERED)
"""As `small_matrices.compiled`, and free of Python's lock: people go through on several threads."""


@released
def expected(d: int, x: Floats, placed: Placed, log_rate: Floats, mean: Floats) -> None:
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
def beyond(
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
def density(
    d: int,
    log_rate: Floats,
    mean: Floats,
    law: Law,
    edges: Floats,
    data: Data,
    latent: Floats,
    eps: Floats,
) -> tuple[Floats, Floats, Floats, Floats, Floats, Floats, Floats, Floats]:
    """Density of the scores, and what its gradient needs; see `score_kernels.score_terms`."""
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
        expected(d, x[p], placed, log_rate[p], mean)
        eps[:] = x[p, :, own:]
        if ends:
            drawn, log_drawn = beyond(d, log_rate[p], mean, law, edges, data, uniform[p])
            latent[p] = drawn
            log_likelihood[p] = -log_drawn
        else:
            latent[p] = data.severity[:candidates]
            log_likelihood[p] = 0.0
        found = density(d, log_rate[p], mean, law, edges, data, latent[p], eps)
        log_likelihood[p] += found[0]
        effects[p] = found[1]
        if len(data.work.worker) > 0:
            states, days = work_density(d, log_rate[p], effects[p], law, edges, data)
            log_likelihood[p] += states
            log_likelihood[p] += days
    return log_likelihood, log_rate, effects, latent


@released
def work_law(d: int, law: WorkLaw) -> WorkLaw:
    """What one draw of many says of work."""
    return WorkLaw(
        law.log_intensity[d],
        law.worsening_slope[d],
        law.recovery_slope[d],
        law.log_exit_intensity[d],
        law.initial_logit[d],
        law.initial_slope[d],
        law.arm_log_hazard[d],
        law.absence_precision[d],
    )


@released
def work_copies(n: int, work: WorkRecords) -> WorkRecords:
    """Return the first of the copies of a person's work."""
    return WorkRecords(
        work.worker[:n],
        work.start_week[:n],
        work.first_occasion[: n + 1],
        work.state,
        work.days,
        work.possible_days,
        work.first_segment,
        work.window_segment,
        work.segment_cell,
        work.segment_weeks,
        work.segment_reported,
        work.loss,
    )


@released
def work_density(
    d: int, log_rate: Floats, effects: Floats, law: Law, edges: Floats, data: Data
) -> tuple[Floats, Floats]:
    """Log probabilities of what was learnt of work; see `work_kernels.work_terms`."""
    n, outcomes = log_rate.shape
    return work_terms(
        log_rate,
        effects,
        np.ascontiguousarray(effects[:, 3 * outcomes]),
        law.dose[d],
        law.response_rate[d],
        work_law(d, law.work),
        edges,
        data.arm[:n],
        work_copies(n, data.work),
    )
