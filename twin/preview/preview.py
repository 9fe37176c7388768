"""A scenario tried on people drawn from evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from priors import load_evidence, load_prior_set
from scenarios import Scenario, ScenarioLibrary
from twin.fit.settings import ModelSettings
from twin.instruments import instruments
from twin.law.grid import Floats, Ints
from twin.outcomes.intervals import tails
from twin.population.cohort import evidence_cohort
from twin.population.draw import draw_twins
from twin.population.settings import PopulationSettings
from twin.simulate.care import BEGUN, ENDED
from twin.simulate.check import check_scenarios
from twin.simulate.prepare import prepare
from twin.simulate.settings import SimulationSettings
from twin.simulate.simulate import simulate

WEEKS = (6, 13, 26, 52)
"""At which differences are told."""
_USUAL_CARE = "usual_care"
_LEVEL = 0.9


@dataclass(frozen=True, eq=False)
class Preview:
    """What a scenario does to people drawn from evidence.

    Attributes
    ----------
    people, draws
        How many were simulated, in how many populations.
    kinds
        Which people these are, where not all kinds are wanted.
    instruments
        Name of the instrument of each outcome.
    difference
        From usual care, mean expected score of everyone, score units, by outcome: mean and ends of
        the 90 % interval at each of `WEEKS`, shape (3, week).
    in_force
        By intervention, mean share of people who have begun it and not ended it, by week, shape
        (week,).
    weeks
        Weeks since baseline, shape (week,).
    """

    people: int
    draws: int
    kinds: Mapping[str, object]
    instruments: dict[str, str]
    difference: dict[str, Floats]
    in_force: dict[str, Floats]
    weeks: Ints


def preview(
    scenario: Scenario, library: ScenarioLibrary, people: PopulationSettings, seed: int
) -> Preview:
    """Try a scenario.

    Parameters
    ----------
    scenario
        The scenario.
    library
        Where usual care is read from.
    people
        Who is drawn.
    seed
        Of everything random.

    Raises
    ------
    InputError
        If such people cannot carry it: its effect is that of an arm of a cohort.
    """
    evidence = load_evidence(instruments=instruments())
    cohort = evidence_cohort(people, evidence, seed)
    model = ModelSettings()
    settings = SimulationSettings(
        draws=people.draws, horizon_weeks=WEEKS[-1], setting=library.setting, progress_bar=False
    )
    both = [library.load(_USUAL_CARE), scenario]
    check_scenarios(both, cohort, model.time_grid, settings)
    priors = load_prior_set("literature", cohort.own_evidence).of_outcomes(tuple(cohort.outcomes))
    twins = draw_twins(cohort, model, priors, people.draws, seed)
    prepared = prepare(cohort, twins, both, settings, seed)
    design = prepared.design
    chunks = list(simulate(prepared))
    apart = sum((one.expected[1] - one.expected[0]).sum(axis=1, dtype=float) for one in chunks)
    mean = np.asarray(apart) / cohort.n  # (sample, week, outcome)
    at = mean[:, list(WEEKS)]
    told = np.stack([at.mean(axis=0), *np.quantile(at, tails(_LEVEL), axis=0)])
    begun, ended = (
        np.concatenate([one.care.weeks[:, place] for one in chunks if one.care], axis=1)
        for place in (BEGUN, ENDED)
    )
    weeks = design.weeks[:, None, None]
    return Preview(
        people=cohort.n,
        draws=design.n_chains * design.n_draws,
        kinds=people.kinds,
        instruments={name: scale.name for name, scale in cohort.outcomes.items()},
        difference={name: told[:, :, k] for k, name in enumerate(design.outcomes)},
        in_force={
            given.intervention: ((begun[row] <= weeks) & (weeks < ended[row])).mean(axis=(1, 2))
            for row, given in enumerate(design.given)
        },
        weeks=design.weeks,
    )
