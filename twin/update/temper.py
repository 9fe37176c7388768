"""Tempered sequential Monte Carlo: for people whose weights are too uneven to be relied on.

Candidates are led from the proposal to the posterior through distributions

    proposal^(1 - b) posterior^b,      b from 0 to 1

(Del Moral, Doucet and Jasra 2006, J R Stat Soc B 68:411-436), each b as large as leaves half of the
candidates in force. At each, candidates are chosen by their weights and then moved about by
Metropolis steps that leave the distribution as it is. A candidate keeps its draw of the population;
draws gain and lose by being chosen.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri

from twin.law.grid import Floats, Ints

from .proposal import Proposal

MOVES = 8
"""Metropolis steps at each temperature."""
_IN_FORCE = 0.5
_ACCEPTED = 0.3  # about the best share for steps in several dims (Roberts and Rosenthal 2001)
_MOST_TEMPERATURES = 60
_INSIDE = 1e-12  # of uniform numbers, from 0 and 1


class Particles(NamedTuple):
    """Candidates, one a place."""

    x: Floats
    """Coordinates, shape (place, coordinate)."""
    uniform: Floats
    """For scores at an end of the scale, shape (place, end)."""
    draw: Ints
    """Draw of the population, shape (place,)."""
    log_weight: Floats
    """Log of posterior over proposal, shape (place,)."""


type LogWeight = Callable[[Floats, Floats, Ints], Floats]
"""Of coordinates, uniforms and draws: log of posterior over proposal, shape (place,)."""


def temper(
    start: Particles,
    places: int,
    proposal: Proposal,
    free: int,
    log_weight: LogWeight,
    rng: np.random.Generator,
) -> Particles:
    """Lead candidates from the proposal to the posterior.

    Parameters
    ----------
    start
        Drawn from the proposal.
    places
        How many candidates to go on with.
    proposal
        Where they come from.
    free
        How many of the coordinates the likelihood reads.
    log_weight
        Evaluates candidates.
    rng
        The person's own stream.
    """
    now, power, step = start, 0.0, 2.4 / np.sqrt(free + start.uniform.shape[1])
    for _ in range(_MOST_TEMPERATURES):
        warmer = _next_power(now.log_weight, power)
        now = _chosen(now, (warmer - power) * now.log_weight, places, rng)
        power = warmer
        for _ in range(MOVES):
            now, accepted = _moved(now, power, step, proposal, free, log_weight, rng)
            step *= np.exp(accepted - _ACCEPTED)
        if power == 1:
            break
    return now


def _next_power(log_weight: Floats, power: float) -> float:
    """Largest power that leaves so many of the candidates in force."""

    def surplus(to: float) -> float:
        weight = np.exp((to - power) * (log_weight - log_weight.max()))
        return float(weight.sum() ** 2 / (weight**2).sum() / len(weight) - _IN_FORCE)

    if surplus(1.0) >= 0:
        return 1.0
    return float(brentq(surplus, power, 1.0))


def _chosen(now: Particles, log_weight: Floats, places: int, rng: np.random.Generator) -> Particles:
    up_to = np.cumsum(np.exp(log_weight - log_weight.max()))
    at = (np.arange(places) + rng.random()) / places * up_to[-1]
    chosen = np.minimum(np.searchsorted(up_to, at, side="right"), len(up_to) - 1)
    return Particles(*(part[chosen] for part in now))


def _moved(
    now: Particles,
    power: float,
    step: float,
    proposal: Proposal,
    free: int,
    log_weight: LogWeight,
    rng: np.random.Generator,
) -> tuple[Particles, float]:
    """Try one Metropolis step everywhere; return the share that was accepted too."""
    places, coordinates = now.x.shape
    shock = step * rng.standard_normal((places, coordinates)) * proposal.sd
    shock[:, free:] = 0.0  # of these nothing is read: they are as the prior has them
    x = now.x + np.einsum("pj,ij->pi", shock, proposal.axis)
    # uniform numbers by their normal quantiles, by a step that leaves these standard normal
    kept = np.sqrt(1 - min(step, 1.0) ** 2)
    normal = ndtri(np.clip(now.uniform, _INSIDE, 1 - _INSIDE))
    fresh = rng.standard_normal(normal.shape)
    uniform = ndtr(kept * normal + min(step, 1.0) * fresh)
    tried = Particles(x, uniform, now.draw, log_weight(x, uniform, now.draw))
    gain = _log_target(tried, power, proposal) - _log_target(now, power, proposal)
    taken = np.log(rng.random(places)) < gain
    moved = Particles(
        np.where(taken[:, None], tried.x, now.x),
        np.where(taken[:, None], tried.uniform, now.uniform),
        now.draw,
        np.where(taken, tried.log_weight, now.log_weight),
    )
    return moved, float(taken.mean())


def _log_target(at: Particles, power: float, proposal: Proposal) -> Floats:
    """Log of proposal times (posterior over proposal)^power, but for a constant."""
    log_ratio = proposal.log_ratio(at.x[:, None], at.draw)[:, 0]
    return np.asarray(-0.5 * (at.x**2).sum(axis=1) - log_ratio + power * at.log_weight)


def arranged(draw: Ints, draws: int) -> Ints:
    """Order candidates so that each draw of the population has one at its own place, if any.

    Parameters
    ----------
    draw
        Of each candidate, as many as there are draws.
    draws
        Number of draws.
    """
    order = np.full(draws, -1)
    used = np.zeros(len(draw), dtype=bool)
    found, first = np.unique(draw, return_index=True)
    order[found], used[first] = first, True
    order[order < 0] = np.flatnonzero(~used)
    return order
