"""Draws of the population side by side, as the compiled update reads them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from twin.law import dose, residual
from twin.law.backends import NUMPY
from twin.law.dose import DoseCells
from twin.law.grid import Floats, Ints, TimeGrid
from twin.law.ops import Array
from twin.law.population import Population, expect, frailty_alone
from twin.law.work import WORK_MOVES, WORK_STATES, WorkLaw

_TRANSITIONS = 6


class Law(NamedTuple):
    """What the compiled likelihood takes of every draw; the draw comes first in every array."""

    scale: Floats
    """Lower factor of the covariance of the linear effects given the rate, shape
    (draw, arm, linear effect, linear effect)."""
    dose: Floats
    """Shape (draw, arm, cell)."""
    response_rate: Floats
    """Shape (draw, arm)."""
    flare_covariance: Floats
    """Shape (draw, outcome, outcome)."""
    error_variance: Floats
    """Shape (draw, outcome)."""
    persistence: Floats
    """Weeks, shape (draw,)."""
    work: WorkLaw
    """With the draw first; 0 where there is no work."""


class Stack(NamedTuple):
    """Draws of the population, and what each expects of people."""

    law: Law
    edges: Floats
    """Edges of the grid of person time, shape (cell + 1,)."""
    log_rate: Floats
    """Log rate of a person of average covariates, shape (draw, outcome)."""
    log_rate_slope: Floats
    """Its change per unit of the rate's standard normal, then of each covariate, alike for all
    outcomes, shape (draw, 1 + covariate)."""
    linear: Floats
    """Mean of the linear effects of such a person of each arm and cluster, the unknown cluster
    last, shape (draw, arm, cluster + 1, linear effect)."""
    linear_slope: Floats
    """Its change likewise, shape (draw, arm, 1 + covariate, linear effect)."""
    start_sd: Floats
    """SD of starts between people, shape (draw, outcome)."""
    spread: Floats
    """SD of flare and error, shape (draw, outcome)."""
    has_work: bool
    """Whether people may have a work process."""

    @property
    def n(self) -> int:
        """Number of draws."""
        return len(self.log_rate)

    @property
    def n_linear(self) -> int:
        """Number of linear effects."""
        return int(self.linear.shape[-1])

    @property
    def n_outcomes(self) -> int:
        """Number of outcomes."""
        return int(self.log_rate.shape[-1])


def stack(populations: Sequence[Population], grid: TimeGrid, arms: DoseCells) -> Stack:
    """Put draws side by side.

    What is expected of people is affine in the rate's normal and in covariates, so that the law's
    own `expect` at the origin and at unit vectors says all of it.

    Parameters
    ----------
    populations
        Draws, at least one.
    grid
        The cells of person time.
    arms
        Schedules of the arms, shape (arm, cell).
    """
    first = populations[0]
    n_arms, clusters = len(first.arm_effect), len(first.cluster_effect)
    unit = _unit_people(n_arms, clusters, len(first.covariate_effect))
    each = [_expected(one, unit, n_arms, clusters) for one in populations]
    shares = [(one.spread, one.persistent_share) for one in populations]
    work = [one.work or _no_work(n_arms, one.n_outcomes) for one in populations]
    law = Law(
        scale=_stacked(frailty_alone(NUMPY, one) for one in populations),
        dose=_stacked(
            dose.dose(NUMPY, arms, one.lasting_share, one.waning_half_life) for one in populations
        ),
        response_rate=_stacked(one.response_rate for one in populations),
        flare_covariance=_stacked(
            residual.flare_covariance(NUMPY, *share, one.flare_correlation)
            for share, one in zip(shares, populations, strict=True)
        ),
        error_variance=_stacked(residual.error_sd(NUMPY, *share) ** 2 for share in shares),
        persistence=_stacked(one.persistence for one in populations),
        work=WorkLaw(*(_stacked(part) for part in zip(*work, strict=True))),
    )
    k = first.n_outcomes
    return Stack(
        law=law,
        edges=np.asarray(grid.edges, dtype=float),
        log_rate=_stacked(one[0] for one in each),
        log_rate_slope=_stacked(one[1] for one in each),
        linear=_stacked(one[2] for one in each),
        linear_slope=_stacked(one[3] for one in each),
        start_sd=_stacked(np.sqrt((one.scale[1 : 1 + k] ** 2).sum(axis=1)) for one in populations),
        spread=_stacked(one.spread for one in populations),
        has_work=first.work is not None,
    )


def _unit_people(arms: int, clusters: int, covariates: int) -> tuple[Floats, Ints, Ints, Floats]:
    """People at the origin in each arm and cluster, then those a unit away from it in each arm."""
    origin = [(a, c) for a in range(arms) for c in range(clusters)]
    unit = [(a, j) for a in range(arms) for j in range(1 + covariates)]
    n = len(origin) + len(unit)
    covariate, z = np.zeros((n, covariates)), np.zeros(n)
    cluster, arm = np.full(n, clusters - 1), np.zeros(n, dtype=np.int64)
    for row, (a, c) in enumerate(origin):
        arm[row], cluster[row] = a, c
    for row, (a, j) in enumerate(unit, start=len(origin)):
        arm[row] = a
        if j == 0:
            z[row] = 1.0
        else:
            covariate[row, j - 1] = 1.0
    return covariate, cluster, arm, z


def _expected(
    population: Population, unit: tuple[Floats, Ints, Ints, Floats], arms: int, clusters: int
) -> tuple[Floats, Floats, Floats, Floats]:
    found = expect(NUMPY, population, *unit)
    at_origin = arms * clusters
    linear = found.linear[:at_origin].reshape(arms, clusters, -1)
    slope = found.linear[at_origin:].reshape(arms, -1, linear.shape[-1]) - linear[:, -1:]
    log_rate = found.log_rate[0]
    by_unit = found.log_rate[at_origin:, 0].reshape(arms, -1)[0] - log_rate[0]
    return log_rate, by_unit, linear, slope


def _no_work(arms: int, outcomes: int) -> WorkLaw:
    """Parameters that nothing reads."""
    none = np.zeros(outcomes)
    return WorkLaw(
        log_intensity=np.zeros(_TRANSITIONS),
        worsening_slope=none,
        recovery_slope=none,
        log_exit_intensity=np.zeros(()),
        initial_logit=np.zeros(len(WORK_STATES) - 2),
        initial_slope=none,
        arm_log_hazard=np.zeros((arms, len(WORK_MOVES))),
        absence_precision=np.ones(()),
    )


def _stacked(parts: Iterable[Array]) -> Floats:
    return np.ascontiguousarray(np.stack([np.asarray(part, dtype=float) for part in parts]))
