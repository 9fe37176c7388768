"""Exported files say the same numbers, where they come from, and keep their contract."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import xarray as xr
from jsonschema import Draft202012Validator
from test_outcomes import SETTINGS, tiny_chunk, tiny_design

from twin.export import netcdf, twin_summary
from twin.export import write as writing
from twin.export.document import document
from twin.export.facts import ExportFacts, ScenarioFacts
from twin.export.schema import check, schema
from twin.export.write import write_exports
from twin.outcomes.outcomes import Outcomes
from twin.outcomes.summarise import summarise
from twin.outcomes.table import contrasts, scenario_summary

FILES = [
    "scenario_summary.csv",
    "contrasts.csv",
    "care.csv",
    "twin_summary.parquet",
    "trajectories.nc",
    "twins.nc",
    "summary.json",
]
DESIGN = tiny_design()
FACTS = ExportFacts(
    cohort="made_up",
    cohort_hash="ab12",
    synthetic=True,
    converged=True,
    seed=7,
    versions={"python": "3.13.0", "backtwin": "0.1.0"},
    configuration='{"seed": 7}',
    scenarios={
        "leaflet": ScenarioFacts("A leaflet", {"pain": "assumed", "efficacy": "borrowed"}),
        "usual_care": ScenarioFacts("Usual care"),
        "app": ScenarioFacts("An app", {"pain": "estimated", "efficacy": "estimated"}),
    },
)


@pytest.fixture(scope="module")
def outcomes() -> Outcomes:
    return summarise(DESIGN, [tiny_chunk(DESIGN)], SETTINGS)


@pytest.fixture(scope="module")
def twins() -> xr.Dataset:
    rng = np.random.default_rng(1)
    return xr.Dataset(
        {
            "start": (("chain", "draw", "patient", "outcome"), rng.normal(size=(2, 30, 7, 2))),
            "work_state_now": ("patient", np.array(["working", ""] + ["sick_listed"] * 5, object)),
        },
        coords={
            "patient": np.array(DESIGN.patients, object),
            "outcome": np.array(DESIGN.outcomes, object),
        },
    )


@pytest.fixture(scope="module")
def folder(outcomes: Outcomes, twins: xr.Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("run") / "made_up-1"
    written = write_exports(place, outcomes, DESIGN, twins, FACTS, SETTINGS)
    assert [path.name for path in written] == FILES
    assert sorted(path.name for path in place.iterdir()) == sorted(FILES)
    return place


@pytest.fixture
def told(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "summary.json").read_text("utf-8"))
    return found


def test_the_csv_files_hold_the_tables(folder: Path, outcomes: Outcomes) -> None:
    summary = scenario_summary(outcomes)
    differences = contrasts(outcomes, FACTS.joint_labels())
    for name, table in (("scenario_summary.csv", summary), ("contrasts.csv", differences)):
        numbers = table.select_dtypes("number")
        read = pd.read_csv(
            folder / name, keep_default_na=False, na_values=dict.fromkeys(numbers, "")
        )
        pd.testing.assert_frame_equal(read, table, check_dtype=False)
    labels = differences.groupby("scenario")["label"].first().to_dict()
    assert labels == {"app": "estimated (synthetic)", "leaflet": "borrowed, assumed"}


def test_the_summary_of_twins_has_a_row_for_each_person_scenario_outcome_and_week(
    folder: Path, outcomes: Outcomes
) -> None:
    table = pd.read_parquet(folder / "twin_summary.parquet")
    assert len(table) == 7 * 2 * 2 * 3
    for _, row in table.iterrows():
        at = {name: row[name] for name in ("patient", "scenario", "week", "outcome")}
        person = outcomes.people.sel(at)
        for name in person.data_vars:
            told, known = row[str(name)], person[name].item()
            assert told == known or (np.isnan(told) and np.isnan(known)), name
    assert set(table["comparator"]) == {"usual_care"}
    assert table.groupby("outcome")["important_change"].first().to_dict() == {
        "pain": 2,
        "efficacy": 6,
    }
    assert table.groupby("outcome")["instrument"].first()["efficacy"] == "pseq"


def test_datasets_come_back_as_they_went(
    folder: Path, outcomes: Outcomes, twins: xr.Dataset
) -> None:
    for name, data in (("trajectories.nc", outcomes.trajectories), ("twins.nc", twins)):
        with xr.open_dataset(folder / name) as stored:
            xr.testing.assert_equal(stored.load(), data)


def test_writing_some_people_at_a_time_changes_nothing_that_is_read(
    folder: Path,
    outcomes: Outcomes,
    twins: xr.Dataset,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(netcdf, "_AT_ONCE", 3)
    monkeypatch.setattr(twin_summary, "_AT_ONCE", 3)
    write_exports(tmp_path, outcomes, DESIGN, twins, FACTS, SETTINGS)
    for name in ("trajectories.nc", "twins.nc"):
        with xr.open_dataset(folder / name) as whole, xr.open_dataset(tmp_path / name) as stored:
            xr.testing.assert_identical(stored.load(), whole.load())
    tables = [pd.read_parquet(one / "twin_summary.parquet") for one in (folder, tmp_path)]
    pd.testing.assert_frame_equal(*tables)


def test_every_binary_file_says_where_it_comes_from(folder: Path) -> None:
    flat = {
        "cohort": "made_up",
        "cohort_hash": "ab12",
        "synthetic": "1",
        "converged": "1",
        "seed": "7",
        "versions": '{"python": "3.13.0", "backtwin": "0.1.0"}',
        "configuration": '{"seed": 7}',
    }
    for name in ("trajectories.nc", "twins.nc"):
        with xr.open_dataset(folder / name) as stored:
            assert {key: str(stored.attrs[key]) for key in flat} == flat
    metadata = pq.read_schema(folder / "twin_summary.parquet").metadata
    assert {key: metadata[key.encode()].decode() for key in flat} == flat


def test_the_json_summary_holds_the_rows_of_the_tables(
    told: dict[str, Any], outcomes: Outcomes
) -> None:
    assert told["schema_version"] == 1
    assert told["cohort"] == {
        "name": "made_up",
        "synthetic": True,
        "people": 7,
        "workers": 5,
        "hash": "ab12",
    }
    assert [scenario["name"] for scenario in told["scenarios"]] == list(DESIGN.scenarios)
    summary = scenario_summary(outcomes)
    differences = contrasts(outcomes, FACTS.joint_labels())
    for scenario in told["scenarios"]:
        for key, table in (("quantities", summary), ("contrasts", differences)):
            rows = table[table["scenario"] == scenario["name"]].to_dict(orient="records")
            for entry, row in zip(scenario[key], rows, strict=True):
                for name in ("quantity", "outcome", "detail", "week", "unit", "people"):
                    assert (entry[name] or "") == row[name]
                for name, value in entry["estimate"].items():
                    assert value == row[name]
                    assert entry["monte_carlo_error"][name] == row[f"mcse_{name}"]
                if key == "contrasts":
                    better = entry["probability_better"]
                    assert better == row["probability_better"] or (
                        better is None and entry["detail"] == "restricted"
                    )
    assert told["scenarios"][2]["labels"] == dict.fromkeys(
        ("pain", "efficacy"), "estimated (synthetic)"
    )
    assert told["scenarios"][1]["contrasts"] == []
    pain, efficacy = told["outcomes"]
    assert "Ostelo 2008" in pain["important_change"]["source"]
    assert (efficacy["worse"], efficacy["important_change"]["value"]) == ("lower", 6)


def test_the_schema_is_one_and_describes_every_key(told: dict[str, Any]) -> None:
    Draft202012Validator.check_schema(schema())
    Draft202012Validator(schema()).validate(told)

    def undescribed(part: Any, path: str) -> list[str]:
        found = []
        for name, value in part.get("properties", {}).items():
            if "if" not in path and "$ref" not in value and "description" not in value:
                found.append(f"{path}.{name}")
            found += undescribed(value, f"{path}.{name}")
        for inner in (part.get("items"), *part.get("anyOf", []), *part.get("$defs", {}).values()):
            found += undescribed(inner, path) if inner else []
        return found

    assert undescribed(schema(), "summary") == []


@pytest.mark.parametrize(
    ("plant", "where"),
    [
        (lambda d: d.update(schema_version=2), r"\$\.schema_version"),
        (lambda d: d.update(level=1.5), r"\$\.level"),
        (lambda d: d.pop("seed"), r"'seed' is a required property"),
        (lambda d: d.update(extra=1), r"'extra' was unexpected"),
        (lambda d: d["cohort"].update(people="many"), r"\$\.cohort\.people"),
        (
            lambda d: d["scenarios"][0]["quantities"][0]["estimate"].update(mean=None),
            r"\$\.scenarios\[0\]\.quantities\[0\]\.estimate\.mean",
        ),
        (
            lambda d: d["scenarios"][0]["contrasts"][0].update(probability_better=1.2),
            r"\$\.scenarios\[0\]\.contrasts\[0\]\.probability_better",
        ),
        (
            lambda d: d["scenarios"][0]["contrasts"][0]["monte_carlo_error"].update(mean=-1),
            r"monte_carlo_error\.mean",
        ),
        (lambda d: d["scenarios"][0]["labels"].update(pain="guessed"), r"labels\.pain"),
        # effects learnt from generated people must say so, and no others may
        (lambda d: d["scenarios"][2]["labels"].update(pain="estimated"), r"labels\.pain"),
        (lambda d: d["cohort"].update(synthetic=False), r"labels\.pain"),
    ],
)
def test_a_planted_bad_value_breaks_the_contract(
    told: dict[str, Any], plant: Callable[[dict[str, Any]], object], where: str
) -> None:
    check(told)
    bad = copy.deepcopy(told)
    plant(bad)
    with pytest.raises(ValueError, match=where):
        check(bad)


def test_what_is_not_known_is_null(outcomes: Outcomes) -> None:
    summary = scenario_summary(outcomes)
    summary.loc[0, "mcse_lower"] = np.nan
    differences = contrasts(outcomes, FACTS.joint_labels())
    told = document(outcomes, DESIGN, FACTS, SETTINGS, summary, differences)
    check(told)
    assert told["scenarios"][0]["quantities"][0]["monte_carlo_error"]["lower"] is None
    assert "NaN" not in json.dumps(told, allow_nan=False)


def test_a_summary_that_breaks_its_contract_stops_the_export_before_any_file(
    outcomes: Outcomes, twins: xr.Dataset, tmp_path: Path
) -> None:
    summary = scenario_summary(outcomes).assign(mean=np.inf)
    with pytest.raises(ValueError, match="breaks its schema"):
        write_exports(tmp_path / "run", outcomes, DESIGN, twins, FACTS, SETTINGS, summary=summary)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("writer", ["write_netcdf", "write_twin_summary"])
def test_a_writer_that_fails_midway_leaves_what_was_there(
    outcomes: Outcomes,
    twins: xr.Dataset,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    writer: str,
) -> None:
    def fails(*given: Any) -> None:
        given[-1].write_bytes(b"half a fi")
        raise OSError("no space left")

    monkeypatch.setattr(writing, writer, fails)
    name = {"write_netcdf": "trajectories.nc", "write_twin_summary": "twin_summary.parquet"}[writer]
    (tmp_path / name).write_text("of the last run")
    with pytest.raises(OSError, match="no space left"):
        write_exports(tmp_path, outcomes, DESIGN, twins, FACTS, SETTINGS)
    assert (tmp_path / name).read_text() == "of the last run"
    assert {path.name for path in tmp_path.iterdir()} <= {*FILES[: FILES.index(name)], name}


def test_files_of_the_same_run_are_the_same_text(
    folder: Path, outcomes: Outcomes, twins: xr.Dataset, tmp_path: Path
) -> None:
    write_exports(tmp_path, outcomes, DESIGN, twins, FACTS, SETTINGS)
    for name in ("scenario_summary.csv", "contrasts.csv", "summary.json", "twin_summary.parquet"):
        assert (folder / name).read_bytes() == (tmp_path / name).read_bytes(), name
