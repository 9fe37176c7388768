"""What was recalled, and not seen on a page, is printed as such wherever a result rests on it."""

from __future__ import annotations

import dataclasses
from html import unescape

import pytest
from test_report import content

from priors import load_elicited_effects, load_evidence, load_prior_set, prior_set_names
from scenarios import Scenario, ScenarioLibrary
from twin.pipeline.headlines import headlines
from twin.report.page import render

MARK = "recalled, to be verified"
EVIDENCE, EFFECTS, LIBRARY = load_evidence(), load_elicited_effects(), ScenarioLibrary()


def cited(scenario: Scenario) -> set[str]:
    """Return what of a scenario cites an effect that rests on a figure that was recalled."""
    return {
        f"{one.name}: effect on {effect.target}"
        for one in scenario.interventions
        for effect in one.effects
        if effect.evidence is not None
        and any(EVIDENCE[key].status == "recalled" for key in EFFECTS[effect.evidence].evidence)
    }


def test_scenarios_name_every_effect_that_rests_on_what_was_recalled() -> None:
    found = {name: cited(LIBRARY.load(name)) for name in LIBRARY.names}
    assert found["exercise"] == {"exercise: effect on disability", "exercise: effect on pain"}
    assert found["selfback"] == set()
    for name, wanted in found.items():
        assert wanted <= set(LIBRARY.load(name).recalled), name
    assert LIBRARY.load("selfback").recalled == ()


@pytest.mark.parametrize("name", prior_set_names())
def test_sets_of_priors_mark_it_in_print(name: str) -> None:
    priors = load_prior_set(name)
    for belief in (priors.retest, *priors.parameters.values()):
        for key in belief.evidence:
            if EVIDENCE[key].status == "recalled":
                assert MARK in belief.source, key


def test_the_terminal_says_so_below_the_headlines() -> None:
    shown = content()
    contrasts, design = shown.contrasts, shown.design
    plain = headlines(contrasts, design, 0.9, [])
    marked = headlines(contrasts, design, 0.9, ["a: effect on pain", "a: effect on pain"])
    assert MARK not in plain
    assert marked == f"{plain}Rests on figures {MARK}: a: effect on pain.\n"


def test_the_report_says_so_beside_what_it_found() -> None:
    shown = content()
    place = shown.design.scenarios.index("selfback")
    scenario = shown.scenarios[place]
    (one,) = scenario.interventions
    source = f"Doe, 2020 (evidence 1.2; {MARK})"
    effects = tuple(effect.model_copy(update={"source": source}) for effect in one.effects)
    unsure = scenario.model_copy(
        update={"interventions": (one.model_copy(update={"effects": effects}),)}
    )
    scenarios = (*shown.scenarios[:place], unsure, *shown.scenarios[place + 1 :])
    said = f"Rests on figures {MARK}: selfback: effect on disability; selfback: effect on pain."
    assert said in unescape(render(dataclasses.replace(shown, scenarios=scenarios)))
    assert said not in unescape(render(shown))
