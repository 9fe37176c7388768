"""Which scenarios a run simulates, and where their effects come from."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scenarios import Effect, Scenario, load_scenario
from twin.cohort import Arm, Cohort
from twin.cohort.synthetic import SyntheticSettings, synthetic_cohort
from twin.config import RunConfig
from twin.pipeline.chosen import chosen_scenarios, with_estimates
from twin.simulate.settings import SimulationSettings

SMALL = SyntheticSettings(people=12, clusters=2)


@pytest.fixture(scope="module")
def cohort() -> Cohort:
    return synthetic_cohort(SMALL, seed=1)[0]


def test_an_intervention_that_the_cohort_received_has_its_estimated_effect(cohort: Cohort) -> None:
    selfback = load_scenario("selfback")
    assert with_estimates(selfback, cohort) == selfback
    received = replace(cohort, arms={"usual_care": Arm(), "app": Arm("selfback", 0, 13, 3)})
    told = with_estimates(selfback, received)
    assert told.interventions[0].arm == "selfback"
    assert set(told.labels.values()) == {"estimated"}


def test_auto_takes_what_the_cohort_can_carry_the_comparator_first(cohort: Cohort) -> None:
    names = [scenario.name for scenario in chosen_scenarios(RunConfig(cohort=SMALL), cohort)]
    assert names == ["usual_care", "app", "selfback", "workplace"]
    without = replace(cohort, visits=cohort.visits.assign(work_status=None))
    names = [scenario.name for scenario in chosen_scenarios(RunConfig(cohort=SMALL), without)]
    assert names == ["usual_care", "app", "selfback"]


def effect_on(scenarios: tuple[Scenario, ...], target: str) -> Effect:
    (effect,) = (
        effect
        for scenario in scenarios
        for intervention in scenario.interventions
        for effect in intervention.effects
        if effect.target == target
    )
    return effect


def test_the_setting_says_which_effects_are_believed(cohort: Cohort) -> None:
    elsewhere, same = (
        RunConfig(
            cohort=SMALL,
            scenario=("usual_care", "selfback"),
            simulation=SimulationSettings(setting=setting),
        )
        for setting in ("elsewhere", "same")
    )
    effect = effect_on(chosen_scenarios(same, cohort), "disability")
    assert effect.centre == pytest.approx(-0.79, abs=0.02)
    assert abs(effect_on(chosen_scenarios(elsewhere, cohort), "disability").centre) < 0.7


def test_evidence_that_the_cohort_excludes_is_no_effect_of_its_scenarios(cohort: Cohort) -> None:
    config = RunConfig(cohort=SMALL, scenario=("usual_care", "pain_reprocessing_borrowed"))
    assert effect_on(chosen_scenarios(config, cohort), "pain").label == "borrowed"
    its_own = replace(cohort, evidence_ids=("ashar2022",))
    assert effect_on(chosen_scenarios(config, its_own), "pain").label == "assumed"
