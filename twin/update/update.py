"""One person's posterior: candidates under every draw of the population, weighed and chosen.

For each draw of the population a few candidates of the person's coordinates are placed by the
person's data (`proposal`), and weighed by the likelihood over the density that they were placed
with. Where the population is to be learnt from as well, the weights of all draws count together:
the mean weight of a draw estimates the density of the person's data under it, which is by how much
that draw gains or loses.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from twin.keyed import stream
from twin.law import entry
from twin.law.backends import NUMPY
from twin.law.grid import Floats, Ints
from twin.law.population import People
from twin.law.records import Entry, Records

from .choose import choose, choose_within, weights
from .person import Placed, data_of, gaps_of, place
from .present import present
from .proposal import FREEDOM, laplace
from .stack import Stack
from .target import weigh


class Known(NamedTuple):
    """What is known of one person: a draw for every place."""

    draw: Ints
    """Draw of the population that each is paired with, shape (place,)."""
    people: People
    """Person parameters, place by place as if it were people."""
    missing: Floats
    """Missing covariates, standardised, shape (place, gap)."""
    level_now: Floats
    """Level at the last visit, shape (place, outcome)."""
    flare_now: Floats
    """Flare at the last visit, shape (place, outcome)."""
    pareto_k: float
    """See `choose.Weights`; of the weights of all draws together."""
    ess: float
    """Effective number of the places."""
    log_evidence: float
    """Log density of what was recorded of the person, given covariates and the cohort."""
    method: str
    """How it was found."""


def update(
    stack: Stack,
    records: Records,
    row: int,
    patient: str,
    week_now: float,
    seed: int,
    *,
    candidates: int,
    reweigh: bool,
) -> Known:
    """Draw one person's posterior.

    Nothing depends on who else is in the records.

    Parameters
    ----------
    stack
        Draws of the population.
    records, row
        Where the person's data stand.
    patient
        Id of the person; with the seed it keys everything random.
    week_now
        Last visit.
    seed
        Seed of the run.
    candidates
        How many for each draw of the population.
    reweigh
        Whether the person's data tell of the population too, as those of somebody whom it was not
        learnt from; else each place keeps its own draw.
    """
    gaps = gaps_of(records, row)
    arm = int(records.arm[row])
    placed = place(stack, gaps, arm, int(records.cluster[row]))
    own = placed.log_rate_slope.shape[1]
    data = data_of(records, row, max(candidates, own + 1))
    proposal = laplace(stack, placed, data)
    rng = stream(seed, "candidates", patient)
    shape = (stack.n, candidates)
    normal = rng.standard_normal((*shape, proposal.centre.shape[1]))
    gamma = rng.standard_gamma(FREEDOM / 2, shape)
    uniform = rng.random((*shape, data.n_ends))
    every = np.arange(stack.n)
    x, log_ratio = proposal.place(normal, gamma, every)
    found = weigh(x, uniform, every, placed, stack.law, stack.edges, data)
    log_weight = found[0] + log_ratio
    if records.entry is not None:
        log_weight -= _log_enrolled(stack, placed, x[..., 1:own], records.entry)
    weighed = weights(log_weight)
    chance = stream(seed, "choice", patient).random((3, stack.n))
    if reweigh:
        at, candidate = choose(weighed.share, chance)
    else:
        at = every
        own_share = np.exp(log_weight - log_weight.max(axis=1, keepdims=True))
        candidate = choose_within(own_share, at, chance[2])
    log_rate, effects, latent = (part[at, candidate] for part in found[1:])
    k = stack.n_outcomes
    noise = stream(seed, "flare", patient).standard_normal((stack.n, k))
    level, flare = present(
        log_rate, effects, latent, week_now, noise, at, stack.law, stack.edges, data
    )
    filled = gaps.fill(x[at, candidate, 1:own])
    return Known(
        draw=at,
        people=People(
            log_rate=log_rate,
            frailty=effects[:, 3 * k] if stack.has_work else np.zeros(stack.n),
            start=effects[:, :k],
            set_point=effects[:, k : 2 * k],
            response=effects[:, 2 * k : 3 * k],
        ),
        missing=filled[:, gaps.column],
        level_now=level,
        flare_now=flare,
        pareto_k=weighed.pareto_k,
        ess=weighed.ess,
        log_evidence=weighed.log_evidence,
        method="laplace",
    )


def _log_enrolled(stack: Stack, placed: Placed, noise: Floats, rule: Entry) -> Floats:
    """Log chance of having been enrolled, shape (place, candidate)."""
    k = rule.outcome
    by_gaps = np.einsum("pmg,pg->pm", noise, placed.linear_slope[:, 1:, k])
    return np.asarray(
        entry.log_passing(
            NUMPY,
            placed.linear[:, k, None] + by_gaps,
            stack.start_sd[:, k, None],
            stack.spread[:, k, None],
            rule.bound,
        )
    )
