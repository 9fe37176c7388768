"""Truths to recover: populations drawn from the priors that somebody could have run a trial in."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from priors import PriorSet
from twin.cohort import Cohort
from twin.cohort.synthetic import SyntheticSettings, synthetic_cohort, synthetic_spec
from twin.cohort.synthetic.truth import default_truth
from twin.fit.arrays import model_spec, records, retest_figures
from twin.fit.prior_draw import draw_truth
from twin.law import forward, work
from twin.law.backends import NUMPY
from twin.law.grid import Floats, TimeGrid
from twin.law.likelihood import dose_of_arms, entry_term
from twin.law.parameters import assemble
from twin.law.population import Population
from twin.law.records import Records

LEAST_PASSING = 0.25
"""Share of screened people that must pass the entry rule: nobody screens four for one."""

RAREST = 0.02
"""Chance of passing that every person must have: each place is filled by somebody like it."""

WIDEST = 0.6
"""Largest SD of latent severity at a visit: beyond it most scores lie at an end of their scale."""

FASTEST = 7.0
"""Largest intensity of a move between work states, per week: no status changes more than daily."""

_SCREENED = 2000  # simulated people by whom a population is judged: a share to 0.01


def moderated_truth(
    settings: SyntheticSettings, template: Cohort, priors: PriorSet, rng: np.random.Generator
) -> dict[str, Floats]:
    """Draw a truth from the priors, again and again until it is one that a trial could meet.

    Leaving out what nobody would run makes the truths slightly narrower than the priors. Intervals
    then cover slightly more often than they say, on average over all truths.

    Parameters
    ----------
    settings
        Design of the trial.
    template
        A cohort of this design with the people's facts that the study's cohort will have.
    priors
        Where truths come from.
    rng
        Source of randomness.
    """
    spec, figures = model_spec(template), retest_figures(template)
    data = records(template, TimeGrid(settings.grid_edges))
    weeks = np.asarray(settings.visit_weeks, dtype=float)
    while True:
        values = draw_truth(priors, spec, figures, rng)
        seen = _screen(assemble(NUMPY, spec, values), data, weeks, rng)
        eligible = seen.passing >= LEAST_PASSING and seen.rarest >= RAREST
        if eligible and seen.spread <= WIDEST and seen.fastest <= FASTEST:
            return values


def template(settings: SyntheticSettings, seed: int) -> Cohort:
    """Return a cohort with the people's facts that one of any given truth and this seed has."""
    values = default_truth(synthetic_spec(settings), np.random.default_rng(seed))
    return synthetic_cohort(settings, seed, values)[0]


class _Screening(NamedTuple):
    passing: float
    """Share of people who pass the entry rule."""
    rarest: float
    """Smallest chance of passing it that one of them has."""
    spread: float
    """Largest SD of latent severity at a visit."""
    fastest: float
    """Largest intensity of a move between work states, per week; 0 without work."""


def _screen(
    population: Population, data: Records, weeks: Floats, rng: np.random.Generator
) -> _Screening:
    like = rng.integers(len(data.arm), size=_SCREENED)
    covariate = data.gaps.observed
    people = forward.draw_people(
        population, data.covariate[like], data.cluster[like], data.arm[like], rng
    )
    at = (population, people, data.grid, data.dose, data.arm[like])
    week = np.tile(weeks, (_SCREENED, 1))
    severity = forward.levels(*at, week) + forward.draw_residuals(population, week, rng)
    rule, fastest = data.entry, 0.0
    if population.work is not None:
        middles = np.tile(data.grid.middles, (_SCREENED, 1))
        own_dose = dose_of_arms(NUMPY, population, data)[data.arm[like]]
        log_intensity = work.log_intensities(
            NUMPY,
            population.work,
            forward.levels(*at, middles),
            people.frailty[:, None],
            work.hazards_in_force(population.work, data.arm[like], own_dose),
        )
        fastest = float(np.exp(log_intensity.max()))
    return _Screening(
        rarest=float(np.exp(-np.max(entry_term(NUMPY, population, data, covariate)))),
        passing=1.0 if rule is None else float((severity[:, 0, rule.outcome] >= rule.bound).mean()),
        spread=float(severity.std(axis=0).max()),
        fastest=fastest,
    )
