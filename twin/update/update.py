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

from .choose import Weights, choose, choose_within, weights
from .person import Data, Gaps, Placed, data_of, gaps_of, place
from .present import present
from .proposal import FREEDOM, Proposal, laplace
from .stack import Stack
from .target import weigh
from .temper import Particles, arranged, temper


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
    person = _read(stack, records, row, candidates)
    every = np.arange(stack.n)
    x, uniform, log_ratio = _candidates(
        stack, person, candidates, stream(seed, "candidates", patient)
    )
    found = weigh(x, uniform, every, person.placed, stack.law, stack.edges, person.data)
    log_weight = _possible(found[0] + log_ratio - person.log_enrolled(stack, x, every))
    weighed = weights(log_weight)
    if reweigh and not weighed.reliable:
        start = Particles(
            x.reshape(log_weight.size, x.shape[-1]),
            uniform.reshape(log_weight.size, uniform.shape[-1]),
            np.repeat(every, candidates),
            log_weight.ravel(),
        )
        chosen = _tempered(stack, person, start, stream(seed, "tempering", patient))
    else:
        chance = stream(seed, "choice", patient).random((3, stack.n))
        if reweigh:
            at, candidate = choose(weighed.share, chance)
        else:
            own = np.exp(log_weight - log_weight.max(axis=1, keepdims=True))
            at, candidate = every, choose_within(own, every, chance[2])
        own_x, log_rate, effects, latent = (part[at, candidate] for part in (x, *found[1:]))
        chosen = _Chosen(at, own_x, log_rate, effects, latent, "laplace", weighed.ess)
    return _known(stack, person, chosen, weighed, week_now, stream(seed, "flare", patient))


class _Chosen(NamedTuple):
    """A candidate for every place; arrays are those of `target.weigh`, one candidate each."""

    draw: Ints
    x: Floats
    log_rate: Floats
    effects: Floats
    latent: Floats
    method: str
    ess: float


def _known(
    stack: Stack,
    person: _Person,
    chosen: _Chosen,
    weighed: Weights,
    week_now: float,
    rng: np.random.Generator,
) -> Known:
    """Name the parts of what was chosen, and draw where the person stands."""
    k, gaps, effects = stack.n_outcomes, person.gaps, chosen.effects
    noise = rng.standard_normal((stack.n, k))
    state = (chosen.log_rate, effects, chosen.latent)
    level, flare = present(
        *state, week_now, noise, chosen.draw, stack.law, stack.edges, person.data
    )
    return Known(
        draw=chosen.draw,
        people=People(
            log_rate=chosen.log_rate,
            frailty=effects[:, 3 * k] if stack.has_work else np.zeros(stack.n),
            start=effects[:, :k],
            set_point=effects[:, k : 2 * k],
            response=effects[:, 2 * k : 3 * k],
        ),
        missing=gaps.fill(chosen.x[:, 1 : person.own])[:, gaps.column],
        level_now=level,
        flare_now=flare,
        pareto_k=weighed.pareto_k,
        ess=chosen.ess,
        log_evidence=weighed.log_evidence,
        method=chosen.method,
    )


class _Person(NamedTuple):
    """One person as the update reads it."""

    data: Data
    gaps: Gaps
    placed: Placed
    proposal: Proposal
    entry: Entry | None

    @property
    def own(self) -> int:
        """Number of coordinates of rate and missing covariates."""
        return int(self.placed.log_rate_slope.shape[1])

    @property
    def free(self) -> int:
        """Number of coordinates that the likelihood reads."""
        return len(self.proposal.sd) if self.data.works else self.own

    def log_enrolled(self, stack: Stack, x: Floats, draw: Ints) -> Floats | float:
        """Log chance of having been enrolled, shape (place, candidate); 0 without a threshold."""
        if self.entry is None:
            return 0.0
        k, placed = self.entry.outcome, self.placed
        by_gaps = np.einsum("pmg,pg->pm", x[..., 1 : self.own], placed.linear_slope[draw, 1:, k])
        return np.asarray(
            entry.log_passing(
                NUMPY,
                placed.linear[draw, k, None] + by_gaps,
                stack.start_sd[draw, k, None],
                stack.spread[draw, k, None],
                self.entry.bound,
            )
        )


def _read(stack: Stack, records: Records, row: int, candidates: int) -> _Person:
    gaps = gaps_of(records, row)
    placed = place(stack, gaps, int(records.arm[row]), int(records.cluster[row]))
    data = data_of(records, row, max(candidates, placed.log_rate_slope.shape[1] + 1))
    return _Person(data, gaps, placed, laplace(stack, placed, data), records.entry)


def _candidates(
    stack: Stack, person: _Person, candidates: int, rng: np.random.Generator
) -> tuple[Floats, Floats, Floats]:
    """Draw coordinates and uniforms for every draw, and the log of prior over proposal."""
    shape = (stack.n, candidates)
    normal = rng.standard_normal((*shape, len(person.proposal.sd)))
    gamma = rng.standard_gamma(FREEDOM / 2, shape)
    uniform = rng.random((*shape, person.data.n_ends))
    x, log_ratio = person.proposal.place(normal, gamma, np.arange(stack.n))
    return x, uniform, log_ratio


def _tempered(stack: Stack, person: _Person, start: Particles, rng: np.random.Generator) -> _Chosen:
    """Temper candidates, and put them in order."""
    given = (person.placed, stack.law, stack.edges, person.data)

    def log_weight(x: Floats, uniform: Floats, draw: Ints) -> Floats:
        x, uniform = x[:, None], uniform[:, None]
        weight = weigh(x, uniform, draw, *given)[0] + person.proposal.log_ratio(x, draw)
        return _possible(weight - person.log_enrolled(stack, x, draw))[:, 0]

    found = temper(start, stack.n, person.proposal, person.free, log_weight, rng)
    order = arranged(found.draw, stack.n)
    x, uniform, at = found.x[order, None], found.uniform[order, None], found.draw[order]
    _, log_rate, effects, latent = (part[:, 0] for part in weigh(x, uniform, at, *given))
    return _Chosen(at, x[:, 0], log_rate, effects, latent, "tempered", _effective(at, stack.n))


def _possible(log_weight: Floats) -> Floats:
    """Give no weight to candidates under which what was recorded cannot be."""
    return np.where(np.isnan(log_weight), -np.inf, log_weight)


def _effective(draw: Ints, draws: int) -> float:
    """Effective number of the draws of the population that are left."""
    share = np.bincount(draw, minlength=draws) / len(draw)
    return float(1 / (share**2).sum())
