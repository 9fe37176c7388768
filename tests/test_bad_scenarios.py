"""Sixty files, each wrong in one way: refused before anything runs, in words, at once."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from scenario_kit import intervention, sure

from twin.cohort import Cohort
from twin.cohort.synthetic import SyntheticSettings, synthetic_cohort
from twin.config import RunConfig
from twin.errors import InputError
from twin.pipeline.chosen import chosen_scenarios

type Change = Callable[[dict[str, Any]], Any]

GOOD: dict[str, Any] = {
    "title": "Mine",
    "question": "What of it?",
    "description": "For a test.",
    "interventions": [
        intervention(
            "app",
            uptake=sure("beta", 0.7),
            uptake_by=[{"by": "(age - 48) / 10", **sure("normal", -0.2)}],
            eligible_if="rmdq >= 6",
            capacity={"places_per_week": 5},
        ),
        intervention("physio"),
    ],
    "rules": [
        {
            "name": "no_response",
            "weeks": [6],
            "ask": "rmdq > 0.7 * rmdq_baseline",
            "among": ["app"],
            "then": {"start": ["physio"], "stop": ["app"]},
            "missing": sure("beta", 0.2),
        }
    ],
}
STRATA = {"groups": {"low": "rmdq < 10"}, "otherwise": "high", "pathways": {"high": ["physio"]}}


def at(path: str, value: Any = None) -> Change:
    """Return what puts a value at a path of keys; None takes away what is there."""

    def change(given: dict[str, Any]) -> None:
        *keys, last = [int(key) if key.isdigit() else key for key in path.split(".")]
        inside: Any = given
        for key in keys:
            inside = inside[key]
        if value is None:
            del inside[last]
        else:
            inside[last] = value

    return change


def flare_effect(target: str) -> dict[str, Any]:
    return {"target": target, "unit": "log_sd_ratio", **sure("normal", -0.3)}


APP, RULE = "interventions.0", "rules.0"
EFFECT = f"{APP}.effects.0"

BAD: dict[str, tuple[Change, str]] = {
    # the shape of the file
    "no title": (at("title"), "'title' is required."),
    "an empty title": (at("title", " "), "title = ' ' must not be empty."),
    "an unknown key": (at("interventoins", []), "Did you mean 'interventions'?"),
    "interventions no list": (at("interventions", "app"), "must be a list, whose entries begin"),
    "an intervention no mapping": (at(APP, 3), "must be a mapping with keys such as name, title"),
    "an unknown intervention": (at(APP, "selfbak"), "Did you mean 'selfback'?"),
    "two of one name": (at("interventions.1.name", "app"), "has several interventions called app"),
    "its own name": (at("name", "other"), "leave out name: its file names the scenario"),
    "extends nothing": (at("extends", "selfbak"), "unknown scenario 'selfbak'"),
    "extends a list": (at("extends", ["selfback"]), "extends must be the name of one scenario"),
    "changes no mapping": (at("changes", ["dose"]), "changes must be a mapping such as"),
    "changes of nothing": (at("changes", {"appp.dose": 2}), "'appp' is not a known key"),
    "a change of either": (
        at("changes", {"dose": 2}),
        "may be of several interventions: write app.dose",
    ),
    "a use of nothing": (at(APP, {"use": "selfbakc"}), "Did you mean 'selfback'?"),
    # effects
    "an unknown target": (at(f"{EFFECT}.target", "disabilty"), "Did you mean 'disability'?"),
    "an unknown unit": (at(f"{EFFECT}.unit", "scoer"), "Did you mean 'score'?"),
    "no label": (at(f"{EFFECT}.label"), "'interventions.0.effects.0.label' is required."),
    "no source": (at(f"{EFFECT}.source"), "'interventions.0.effects.0.source' is required."),
    "an unknown label": (at(f"{EFFECT}.label", "guessed"), "must be 'borrowed' or 'assumed'"),
    "a unit of another target": (
        at(f"{EFFECT}.target", "exit"),
        "has unit severity, but on exit it must be log_hazard_ratio",
    ),
    "flares in the unit of another": (
        at(f"{EFFECT}.target", "flare_size"),
        "has unit severity, but on flare_size it must be log_sd_ratio",
    ),
    "flares of all and of one": (
        at(f"{APP}.effects", [flare_effect("flare_size"), flare_effect("pain_flare_size")]),
        "has effects on flare_size, of every outcome, and pain_flare_size: state one",
    ),
    "flares of one week": (
        at(EFFECT, flare_effect("flare_size") | {"at_week": 6}),
        "is a ratio of SDs, which holds throughout: leave out at_week",
    ),
    "a misspelt size of flares": (
        at(EFFECT, flare_effect("flare_siez")),
        "Did you mean 'flare_size'?",
    ),
    "no week": (at(f"{EFFECT}.at_week"), "needs at_week, the week at which people differed so"),
    "a week before the start": (at(f"{EFFECT}.at_week", -1), "at_week = -1 must be greater than 0"),
    "an unknown instrument": (
        lambda given: given["interventions"][0]["effects"][0].update(
            unit="score", instrument="rmqd"
        ),
        "app.instrument = 'rmqd' is not a known instrument",
    ),
    "a spread below zero": (
        at(f"{EFFECT}.distribution.sd", -1),
        "must have a sd above 0, not -1",
    ),
    "an unknown family": (
        at(f"{EFFECT}.distribution.family", "nromal"),
        "unknown family 'nromal'. Families: normal",
    ),
    "an outcome that the cohort lacks": (
        at(f"{EFFECT}", {**intervention()["effects"][0], "target": "quality_of_life"}),
        "must be 'pain', 'disability',",
    ),
    "an arm that the cohort lacks": (
        at(APP, {"name": "app", "title": "A", "description": "A.", "arm": "surgery"}),
        "app.arm = 'surgery' takes its effect from an arm that cohort synthetic does not have",
    ),
    "no effect": (at(f"{APP}.effects", []), "has no effects: give effects, the arm"),
    "modified by nothing": (
        at(f"{EFFECT}.modified_by", [{"by": "femle", **sure("normal", 1)}]),
        "app.effects.disability.modified_by = 'femle' is not known of these people",
    ),
    # who
    "a column that the cohort lacks": (
        at(f"{APP}.eligible_if", "smartphone"),
        "app.eligible_if = 'smartphone' is not known of these people. Known: pain, pain_nrs,",
    ),
    "a misspelt column": (at(f"{APP}.eligible_if", "aeg > 3"), "Did you mean 'age'?"),
    "a word for a number": (
        at(f"{APP}.eligible_if", "age == 'old'"),
        "compares a number with word",
    ),
    "an unknown state": (at(f"{APP}.eligible_if", "work == 'of'"), "is nothing that work can be"),
    "no condition": (at(f"{APP}.eligible_if", "age + 1"), "neither true nor false: compare it"),
    "code": (at(f"{APP}.eligible_if", "open('x')"), "which is not allowed"),
    "half an expression": (at(f"{APP}.eligible_if", "age >"), "is no expression: 'age >'"),
    "a list for an expression": (at(f"{APP}.eligible_if", [1]), "must be an expression in words"),
    "later scores": (
        at(f"{APP}.eligible_if", "rmdq_baseline > 3"),
        "'rmdq_baseline' is not known of these people",
    ),
    # uptake and adherence
    "an uptake of 1.3": (
        at(f"{APP}.uptake", 1.3),
        "must be a mapping with keys such as distributi",
    ),
    "a mean uptake of 1.3": (
        at("changes", {"app.uptake.mean": 1.3}),
        "'uptake.mean' is a mean share: 1.3 must be above 0 and below 1",
    ),
    "an uptake that is no share": (
        at(f"{APP}.uptake", sure("normal", 0.5)),
        "is a share between 0 and 1: its distribution must be of family beta",
    ),
    "uptake by without uptake": (at(f"{APP}.uptake"), "has uptake_by, which changes an uptake"),
    "a spread without a level": (
        at(f"{APP}.adherence_spread", sure("half_normal", 1)),
        "has adherence_spread, which is about a level",
    ),
    "no intensity": (at(f"{APP}.dose", 0), "dose = 0 must be greater than 0"),
    # when
    "a start below zero": (at(f"{APP}.schedule.start_week", -1), "start_week = -1 must be greater"),
    "an onset after the end": (
        lambda given: given["interventions"][0]["schedule"].update(start_week=9, stop_week=4),
        "starts in week 9 but stops in week 4: stop_week must be later than start_week",
    ),
    "a ramp beyond the end": (
        at(f"{APP}.schedule.ramp_weeks", 99),
        "ramp_weeks must be at most duration_weeks",
    ),
    "a booster before the end": (
        at(f"{APP}.schedule.boosters", [{"after_weeks": 3, "duration_weeks": 2}]),
        "while it is in force until 60 weeks after it: after_weeks must be at least 60",
    ),
    "no duration": (at(f"{APP}.schedule.duration_weeks"), "duration_weeks' is required"),
    "a wait that is no time": (
        at(f"{APP}.schedule.wait_weeks", sure("normal", 3)),
        "is a time in weeks above 0: its distribution must be of family log_normal",
    ),
    # rules, groups, places, clinics
    "a rule on a week without a visit": (at(f"{RULE}.weeks", [6.5]), "valid integer"),
    "a rule after the end": (
        at(f"{RULE}.weeks", [80]),
        "no_response.weeks = 80 must be at most week 52, where the simulation ends",
    ),
    "a rule that starts nothing known": (
        at(f"{RULE}.then.start", ["phsio"]),
        "names 'phsio' in rule no_response, which is none of its interventions: app, physio. Did",
    ),
    "a rule that does nothing": (at(f"{RULE}.then", {}), "starts and stops nothing"),
    "a dose of nothing known": (
        at(f"{RULE}.then.dose", {"phsio": 0.5}),
        "names 'phsio' in rule no_response, which is none of its interventions: app, physio. Did",
    ),
    "a dose below zero": (
        at(f"{RULE}.then.dose", {"physio": -0.5}),
        "rules.0.then.dose.physio = -0.5 must be greater than or equal to 0",
    ),
    "a dose of what is stopped": (
        at(f"{RULE}.then.dose", {"app": 0.5}),
        "'no_response' stops app and sets its dose at once: leave out one",
    ),
    "a dose without a name": (
        at(f"{RULE}.then.dose", 0.5),
        "must be a mapping of interventions to mul",
    ),
    "a rule without a question": (at(f"{RULE}.ask"), "'rules.0.ask' is required."),
    "a rule on a latent value": (
        at(f"{RULE}.ask", "set_point > 3"),
        "no_response.ask = 'set_point' is not known of these people",
    ),
    "rules of one name": (
        lambda given: given["rules"].append(copy.deepcopy(given["rules"][0])),
        "has several rules called no_response",
    ),
    "a group that is none": (
        at("strata", STRATA | {"pathways": {"hgih": ["physio"]}}),
        "has no group hgih. Groups: low, high",
    ),
    "errors of more than all": (
        at(
            "strata",
            {
                "groups": {"low": "rmdq < 10", "medium": "rmdq < 15"},
                "otherwise": "high",
                "errors": {"low": {"medium": sure("beta", 0.6), "high": sure("beta", 0.6)}},
                "pathways": {"high": ["physio"]},
            },
        ),
        "shares must come to less than 1",
    ),
    "a capacity below zero": (
        at(f"{APP}.capacity.places_per_week", -1),
        "places_per_week = -1 must be greater than 0",
    ),
    "a patience that is no time": (
        at(f"{APP}.capacity.patience_weeks", sure("beta", 0.5)),
        "is a time in weeks above 0: its distribution must be of family log_normal",
    ),
    "a queue that is left too late": (
        lambda given: (
            given["interventions"][1].update(capacity={"places_per_week": 1}),
            given["rules"][0].update(among=[]),
            given["rules"][0].update(weeks=[6, 9]),
        ),
        "refers people to app, or takes them off its queue, until week 9",
    ),
    "queues that fill in turns": (
        lambda given: (
            given["interventions"][1].update(capacity={"places_per_week": 1}),
            given["rules"][0]["then"].update(start=["physio", "app"], stop=[]),
            given["rules"].append(
                {
                    "name": "again",
                    "weeks": [3, 9],
                    "ask": "pain > 3",
                    "then": {"start": ["physio"]},
                }
            ),
        ),
        "the one queue must be settled before the other begins",
    ),
    "a roll-out without weeks": (at("roll_out", {"begins": []}), "begins must list at least one"),
    "an interaction with itself": (
        at("combine", {"interactions": [{"between": ["app", "app"], **sure("normal", 1)}]}),
        "is between app and itself",
    ),
    "an interaction without a sum": (
        at(
            "combine",
            {
                "rule": "largest",
                "interactions": [{"between": ["app", "physio"], **sure("normal", 1)}],
            },
        ),
        "has interactions, which change a sum",
    ),
    "a cap of nothing": (at("combine", {"at_most": 0}), "at_most = 0 must be greater than 0"),
}


@pytest.fixture(scope="module")
def cohort() -> Cohort:
    return synthetic_cohort(SyntheticSettings(people=8, clusters=2), seed=1)[0]


def refusal(tmp_path: Path, text: str, cohort: Cohort) -> str:
    path = tmp_path / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    config = RunConfig(cohort=SyntheticSettings(), scenario=("usual_care", str(path)))
    since = time.perf_counter()
    with pytest.raises(InputError) as refused:
        chosen_scenarios(config, cohort)
    assert time.perf_counter() - since < 2
    return str(refused.value)


def test_the_file_that_the_others_are_made_of_is_good(tmp_path: Path, cohort: Cohort) -> None:
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(GOOD), encoding="utf-8")
    chosen = ("usual_care", str(tmp_path / "mine.yaml"))
    _, mine = chosen_scenarios(RunConfig(cohort=SyntheticSettings(), scenario=chosen), cohort)
    assert mine.name == "mine"


def test_there_are_sixty() -> None:
    assert len(BAD) >= 60


@pytest.mark.parametrize("wrong", BAD)
def test_what_is_wrong_with_a_file_is_said_at_once(
    tmp_path: Path, cohort: Cohort, wrong: str
) -> None:
    change, says = BAD[wrong]
    given = copy.deepcopy(GOOD)
    change(given)
    message = refusal(tmp_path, yaml.safe_dump(given), cohort)
    assert says in message
    assert "mine" in message  # the file, or the scenario that it is
    assert "Traceback" not in message


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("- a list", "must be a mapping with the keys title, question"),
        ("just words", "must be a mapping with the keys"),
        ("title: [unclosed", "is not YAML"),
        ("title: a\ntitle: b", "title"),
        ("", "must be a mapping"),
    ],
)
def test_what_is_no_mapping_is_no_scenario(
    tmp_path: Path, cohort: Cohort, text: str, says: str
) -> None:
    assert says in refusal(tmp_path, text, cohort)
