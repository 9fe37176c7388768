"""Scenarios of one's own: a folder, extension, changes of single fields. No Python."""

from __future__ import annotations

import itertools
import textwrap
from pathlib import Path
from typing import Any

import pytest
import yaml

from priors import Beta
from run_simulation import with_open_keys
from scenarios import Intervention, ScenarioLibrary, load_scenario
from twin.cohort.synthetic import SyntheticSettings, synthetic_cohort
from twin.config import RunConfig
from twin.errors import InputError
from twin.pipeline.chosen import chosen_scenarios

ABOUT = {"title": "Mine", "question": "What of it?", "description": "For a test."}


def write(folder: Path, name: str, **content: Any) -> Path:
    path = folder / f"{name}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    return path


def only(library: ScenarioLibrary, name: str) -> Intervention:
    (one,) = library.load(name).interventions
    return one


def test_a_file_dropped_into_a_folder_is_a_scenario_of_a_run(tmp_path: Path) -> None:
    write(tmp_path, "mine", **ABOUT, interventions=["selfback", "walking"])
    told = yaml.safe_load(Path("scenarios/interventions/exercise.yaml").read_text("utf-8"))
    write(tmp_path / "interventions", "walking", **told | {"title": "Walking groups"})
    cohort, _ = synthetic_cohort(SyntheticSettings(people=4, clusters=2), seed=1)
    config = RunConfig(
        cohort=SyntheticSettings(), scenario=("usual_care", "mine"), scenario_folder=str(tmp_path)
    )
    _, mine = chosen_scenarios(config, cohort)
    assert [one.name for one in mine.interventions] == ["selfback", "walking"]
    assert mine.interventions[1].title == "Walking groups"


def test_a_name_that_ships_is_not_given_twice(tmp_path: Path) -> None:
    write(tmp_path, "selfback", **ABOUT, interventions=[])
    with pytest.raises(ValueError, match="a scenario of that name ships: rename it"):
        ScenarioLibrary(folder=tmp_path).load("selfback")


def test_a_scenario_extends_another(tmp_path: Path) -> None:
    path = write(tmp_path, "fewer", extends="selfback", title="Fewer", changes={"uptake.mean": 0.3})
    found, base = load_scenario(str(path)), load_scenario("selfback")
    assert (found.name, found.title, found.question) == ("fewer", "Fewer", base.question)
    assert not found.in_auto
    (mine,), (theirs,) = found.interventions, base.interventions
    assert mine.effects == theirs.effects
    assert mine.uptake is not None
    assert mine.uptake.centre == pytest.approx(0.3)


def test_what_extends_may_itself_be_extended(tmp_path: Path) -> None:
    write(tmp_path, "one", extends="selfback", changes={"dose": 2})
    write(tmp_path, "two", extends="one", changes={"schedule.start_week": 4})
    found = only(ScenarioLibrary(folder=tmp_path), "two")
    assert found.dose == 2
    assert found.schedule is not None
    assert found.schedule.start_week == 4


def test_scenarios_that_extend_each_other_are_refused(tmp_path: Path) -> None:
    for name, other in (("a", "b"), ("b", "c"), ("c", "a")):
        write(tmp_path, name, extends=other)
    with pytest.raises(ValueError, match="in a circle: a extends b extends c extends a"):
        ScenarioLibrary(folder=tmp_path).load("a")


def changed(name: str, **changes: Any) -> Intervention:
    return only(ScenarioLibrary(changes={name: changes}), name)


def test_an_effect_that_is_changed_is_borrowed_no_more() -> None:
    assert changed("selfback").effects[0].label == "borrowed"
    distribution = {"family": "normal", "mean": -2.0, "sd": 0.5}
    found = changed("selfback", effects={"disability": {"distribution": distribution}}).effects[0]
    assert found.distribution.model_dump() == distribution
    assert found.label == "assumed"
    assert found.evidence is None
    assert (found.unit, found.at_week) == ("score", changed("selfback").effects[0].at_week)


def test_a_change_of_a_number_says_so_where_its_source_was() -> None:
    found = changed("selfback", **{"response_time.median": 6})
    assert found.response_time is not None
    assert found.response_time.centre == 6
    assert found.response_time.label == "assumed"
    assert found.response_time.source == "chosen for this run: response_time.median = 6"


def test_nested_and_dotted_changes_are_the_same() -> None:
    nested = changed("selfback", uptake={"mean": 0.5}, schedule={"start_week": 2})
    dotted = changed("selfback", **{"uptake.mean": 0.5, "schedule.start_week": 2})
    assert nested == dotted
    assert nested.uptake is not None
    assert nested.uptake.distribution == Beta(a=5, b=5)  # as sure as before


def test_an_uptake_that_is_changed_stays_what_it_was_in_the_studies() -> None:
    found, before = changed("selfback", **{"uptake.mean": 0.5}), changed("selfback")
    assert found.studied.uptake == before.uptake
    assert found.uptake != before.uptake


def test_one_of_several_interventions_is_changed_by_its_name() -> None:
    library = ScenarioLibrary(changes={"null": {"nothing.title": "Really nothing"}})
    assert only(library, "null").title == "Really nothing"


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        ("uptake.mean", 1.3, "'uptake.mean' is a mean share: 1.3 must be above 0 and below 1"),
        ("uptake.men", 0.3, "a beta has no 'men'. Parameters: a, b, mean. Did you mean 'mean'?"),
        ("effects.disabilty.mean", 1, "there is no 'disabilty'. There are disability, pain"),
        ("effects.pain.sdd", 1, "a normal has no 'sdd'. Parameters: mean, sd."),
        ("title.first", 1, "leads into"),
    ],
)
def test_a_change_that_leads_nowhere_is_refused(path: str, value: Any, says: str) -> None:
    with pytest.raises(ValueError, match=r"scenarios\.selfback: ") as refused:
        changed("selfback", **{path: value})
    assert says in str(refused.value)


def test_a_use_takes_an_intervention_and_changes_it(tmp_path: Path) -> None:
    late = {"use": "selfback", "name": "selfback_later", "schedule": {"start_week": 12}}
    path = write(tmp_path, "later", **ABOUT, interventions=["selfback", late])
    first, second = load_scenario(str(path)).interventions
    assert (first.key, second.key) == ("selfback", "selfback")  # the same random numbers
    assert second.schedule is not None
    assert second.schedule.start_week == 12
    assert second.effects == first.effects


def test_what_is_changed_must_be_chosen() -> None:
    given = {"cohort": SyntheticSettings(), "scenario": ["usual_care", "selfback"]}
    with pytest.raises(
        ValueError, match=r"scenarios.selfbak: changes a scenario that is not chosen"
    ):
        RunConfig.model_validate(given | {"scenarios": {"selfbak": {"dose": 2}}})


def test_changes_reach_a_run_from_the_command_line() -> None:
    assert with_open_keys(["seed=1", "scenarios.selfback.dose=2,3", "-m"]) == [
        "seed=1",
        "++scenarios.selfback.dose=2,3",
        "-m",
    ]
    cohort, _ = synthetic_cohort(SyntheticSettings(people=4, clusters=2), seed=1)
    config = RunConfig(
        cohort=SyntheticSettings(),
        scenario=("usual_care", "selfback"),
        scenarios={"selfback": {"dose": 2}},
    )
    assert chosen_scenarios(config, cohort)[1].interventions[0].dose == 2
    wrong = config.model_copy(update={"scenarios": {"selfback": {"doze": 2}}})
    with pytest.raises(InputError, match="doze"):
        chosen_scenarios(wrong, cohort)


def test_the_readmes_example_is_a_scenario(tmp_path: Path) -> None:
    text = Path("README.md").read_text("utf-8")
    start = text.index("    # my_folder/app_for_the_young.yaml")
    lines = itertools.takewhile(str.strip, text[start:].splitlines())
    path = tmp_path / "app_for_the_young.yaml"
    path.write_text(textwrap.dedent("\n".join(lines)), encoding="utf-8")
    found = ScenarioLibrary(folder=tmp_path).load("app_for_the_young")
    assert [one.name for one in found.interventions] == ["young_app", "exercise"]
    assert found.interventions[0].key == "selfback"
    assert found.rules[0].then.start == ("exercise",)
