"""What a cohort is once its files have been read."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from twin.cohort import Cohort, CohortMapping, DaysAbsent, read_cohort

ROOT = Path(__file__).resolve().parents[1]

PATIENTS = pd.DataFrame(
    {
        "id": ["b2", "a1", "c3", "10"],
        "alloc": [1, 2, 1, 2],
        "clinic": ["north", None, "south", "north"],
        "region": ["LBP", "LBP", "NP", "LBP"],
        "employed": ["yes", "no", "yes", "yes"],
        "age": [41.5, 63.0, None, 50.0],
        "sex": ["f", "m", "f", "f"],
        "smoking": ["never", "daily", "never", None],
    }
)
VISITS = pd.DataFrame(
    {
        "id": ["b2", "b2", "a1", "a1", "c3", "c3", "c3", "10"],
        "week": [6.5, 0, 0, 5, 13, 0, 7.25, 0],
        "nrs": [3, 7, 6, None, 1, 5, 4, 8],
        "rmdq": [9, 12, 8, 6, None, 14, 10, 20],
        "work": ["adapted", "sick", None, None, "full", "sick", "not asked", "sick"],
        "off": [12.5, None, None, None, 0, None, 30, None],
    }
)
MAPPING: dict[str, Any] = {
    "name": "invented",
    "patients": "patients.csv",
    "visits": "visits.csv",
    "columns": {
        "patient": "id",
        "week": "week",
        "arm": {"column": "alloc", "values": {1: "app", 2: "usual_care"}},
        "cluster": "clinic",
        "body_region": {"column": "region", "values": {"LBP": "low_back", "NP": "neck"}},
        "labour_force": "employed",
        "work_status": {
            "column": "work",
            "values": {
                "full": "working",
                "adapted": "restricted",
                "sick": "sick_listed",
                "not asked": None,
            },
        },
        "days_absent": "off",
    },
    "outcomes": {
        "disability": {"instrument": "rmdq", "column": "rmdq"},
        "pain": {"instrument": "pain_nrs", "column": "nrs"},
    },
    "arms": {
        "app": {"intervention": "app", "duration_weeks": 39, "ramp_weeks": 2},
        "usual_care": {"reference": True},
    },
    "covariates": {
        "age": {"column": "age", "domain": "personal", "kind": "continuous"},
        "female": {
            "column": "sex",
            "domain": "personal",
            "kind": "binary",
            "values": {"f": 1, "m": 0},
        },
        "smoking": {"column": "smoking", "domain": "lifestyle", "kind": "nominal"},
    },
    "entry": {"outcome": "disability", "minimum": 6},
    "excludes_evidence_from": ["invented"],
}


def to_csv(frame: pd.DataFrame, path: Path) -> None:
    frame.to_csv(path, index=False)


def to_semicolons(frame: pd.DataFrame, path: Path) -> None:
    frame.to_csv(path, index=False, sep=";", encoding="utf-8-sig")


def to_parquet(frame: pd.DataFrame, path: Path) -> None:
    frame.to_parquet(path, index=False)


def to_excel(frame: pd.DataFrame, path: Path) -> None:
    frame.to_excel(path, index=False)


def read(
    folder: Path,
    patients: pd.DataFrame = PATIENTS,
    visits: pd.DataFrame = VISITS,
    ending: str = "csv",
    write: Callable[[pd.DataFrame, Path], None] = to_csv,
    **change: Any,
) -> Cohort:
    names = {"patients": f"patients.{ending}", "visits": f"visits.{ending}"}
    write(patients, folder / names["patients"])
    write(visits, folder / names["visits"])
    return read_cohort(CohortMapping.model_validate(MAPPING | names | change), folder)


@pytest.mark.parametrize(
    ("ending", "write"),
    [("csv", to_csv), ("csv", to_semicolons), ("parquet", to_parquet), ("xlsx", to_excel)],
    ids=["comma", "semicolon", "parquet", "xlsx"],
)
def test_the_same_tables_give_the_same_cohort_from_every_kind_of_file(
    tmp_path: Path, ending: str, write: Callable[[pd.DataFrame, Path], None]
) -> None:
    cohort = read(tmp_path, ending=ending, write=write)
    assert cohort.patients.index.tolist() == ["10", "a1", "b2", "c3"]
    assert cohort.patients["arm"].tolist() == ["usual_care", "usual_care", "app", "app"]
    assert cohort.patients["cluster"].isna().tolist() == [False, True, False, False]
    assert cohort.patients["body_region"].tolist() == ["low_back"] * 3 + ["neck"]
    assert cohort.patients["labour_force"].tolist() == [True, False, True, True]
    np.testing.assert_array_equal(cohort.patients["age"], [50, 63, 41.5, np.nan])
    assert cohort.patients["female"].tolist() == [1.0, 0.0, 1.0, 1.0]
    assert cohort.visits["patient"].tolist() == ["10", "a1", "a1", "b2", "b2", "c3", "c3", "c3"]
    assert cohort.visits["week"].tolist() == [0, 0, 5, 0, 6.5, 0, 7.25, 13]
    np.testing.assert_array_equal(cohort.visits["pain"], [8, 6, np.nan, 7, 3, 5, 4, 1])
    work = cohort.visits["work_status"]
    assert work.isna().tolist() == [False, True, True, False, False, False, True, False]
    assert work.dropna().tolist() == ["sick_listed"] * 2 + ["restricted", "sick_listed", "working"]
    assert cohort.hash == read(tmp_path).hash


def test_days_absent_stand_beside_the_state_or_alone(tmp_path: Path) -> None:
    cohort = read(tmp_path)
    days = [np.nan, np.nan, np.nan, np.nan, 12.5, np.nan, 30, 0]
    np.testing.assert_array_equal(cohort.visits["days_absent"], days)
    assert cohort.days_absent == DaysAbsent(5, "nearest", None)
    assert cohort.has_days
    assert "days absent since the previous visit, 5 a week: 3 reports, mean 14.2" in str(cohort)
    given = {"column": "off", "days_per_week": 7, "rounding": "up", "recall_weeks": 12}
    columns = MAPPING["columns"] | {"days_absent": given}
    asked = read(tmp_path, columns=columns)
    assert asked.days_absent == DaysAbsent(7, "up", 12)
    assert asked.hash != cohort.hash
    del columns["work_status"]
    alone = read(tmp_path, columns=columns)
    assert alone.has_work
    assert "no work status" in str(alone)


def test_order_counts_where_the_model_sees_it_and_the_reference_arm_comes_first(
    tmp_path: Path,
) -> None:
    cohort = read(tmp_path)
    assert list(cohort.outcomes) == ["disability", "pain"]
    assert list(cohort.arms) == ["usual_care", "app"]
    assert cohort.arms["usual_care"].reference
    assert cohort.arms["app"].duration_weeks == 39
    assert (cohort.n, cohort.has_work, cohort.has_clusters) == (4, True, True)


def test_the_hash_does_not_depend_on_the_order_of_rows(tmp_path: Path) -> None:
    shuffled = read(tmp_path, PATIENTS.iloc[::-1], VISITS.sample(frac=1, random_state=3))
    assert shuffled.hash == read(tmp_path).hash


@pytest.mark.parametrize(
    "change",
    [
        {"entry": None},
        {"excludes_evidence_from": []},
        {"synthetic": True},
        {"arms": MAPPING["arms"] | {"app": {"intervention": "app", "duration_weeks": 38}}},
        {"outcomes": dict(reversed(MAPPING["outcomes"].items()))},
        {"visits": VISITS.assign(nrs=VISITS["nrs"].replace(7, 8))},
        {"patients": PATIENTS.assign(age=PATIENTS["age"] + 1e-9)},
    ],
    ids=["entry", "evidence", "synthetic", "schedule", "order", "score", "covariate"],
)
def test_the_hash_depends_on_all_that_a_fit_is_given(
    tmp_path: Path, change: dict[str, Any]
) -> None:
    assert read(tmp_path, **change).hash != read(tmp_path).hash


def test_the_hash_depends_on_the_scales(tmp_path: Path) -> None:
    cohort = read(tmp_path)
    wider = cohort.outcomes["pain"].model_copy(update={"maximum": 11.0})
    assert replace(cohort, outcomes={**cohort.outcomes, "pain": wider}).hash != cohort.hash


def test_the_hash_does_not_depend_on_pythons_hash_seed(tmp_path: Path) -> None:
    expected = read(tmp_path).hash
    (tmp_path / "mapping.yaml").write_text(yaml.safe_dump(MAPPING, sort_keys=False))
    program = (
        "import sys, yaml, pathlib; from twin.cohort import CohortMapping, read_cohort\n"
        "folder = pathlib.Path(sys.argv[1])\n"
        "given = yaml.safe_load((folder / 'mapping.yaml').read_text())\n"
        "print(read_cohort(CohortMapping.model_validate(given), folder).hash)"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    environment = {"PYTHONHASHSEED": "271"}
    run = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == expected


def test_filters_drop_people_together_with_their_visits(tmp_path: Path) -> None:
    cohort = read(tmp_path, rows=[{"column": "age", "present": True}])
    assert set(cohort.visits["patient"]) == {"a1", "b2", "10"} == set(cohort.patients.index)
    one_sex = read(
        tmp_path,
        rows=[{"column": "sex", "equals": "f"}],
        covariates={},
        arms=MAPPING["arms"],
    )
    assert one_sex.patients.index.tolist() == ["10", "b2", "c3"]


def test_yes_in_a_mapping_is_yes_in_a_file_although_yaml_reads_it_as_true(tmp_path: Path) -> None:
    rows = yaml.safe_load("[{column: employed, equals: yes}]")
    cohort = read(tmp_path, rows=rows, covariates={})
    assert cohort.patients.index.tolist() == ["10", "b2", "c3"]


def test_one_file_can_hold_people_and_visits_with_facts_from_the_earliest_visit(
    tmp_path: Path,
) -> None:
    both = VISITS.merge(PATIENTS, on="id")
    both.loc[both["week"] > 0, ["age", "employed"]] = None
    to_csv(both, tmp_path / "both.csv")
    given = MAPPING | {"patients": "both.csv", "visits": "both.csv"}
    assert read_cohort(CohortMapping.model_validate(given), tmp_path).hash == read(tmp_path).hash


def test_a_cohort_may_lack_arms_clusters_work_and_covariates(tmp_path: Path) -> None:
    columns = {"patient": "id", "week": "week", "body_region": {"constant": "neck"}}
    cohort = read(tmp_path, columns=columns, arms={}, covariates={}, entry=None)
    assert list(cohort.arms) == ["cohort"]
    assert cohort.patients["arm"].eq("cohort").all()
    assert cohort.patients["body_region"].eq("neck").all()
    assert not cohort.patients["labour_force"].any()
    assert not cohort.has_work
    assert not cohort.has_clusters
    assert "no work status" in str(cohort)


def test_a_cohort_introduces_itself_on_one_screen(tmp_path: Path) -> None:
    page = str(read(tmp_path))
    assert len(page.splitlines()) <= 40
    for said in (
        "real records",
        "4 people, 8 visits",
        "2 clusters of 1 to 2 people",
        "app, weeks 0 to 39, full dose after 2",
        "disability at least 6 at baseline",
        "rmdq, 0 to 24 in steps of 1",
        "first seen: sick_listed 3",
        "personal: age 25%, female 0%",
    ):
        assert said in page, page


def test_a_synthetic_cohort_says_so_first(tmp_path: Path) -> None:
    assert "SYNTHETIC" in str(read(tmp_path, synthetic=True)).splitlines()[0]


def test_irregular_timing_and_many_covariates_still_fit_one_screen(tmp_path: Path) -> None:
    n = 30
    chance = np.random.default_rng(5)
    ids = [f"p{i}" for i in range(n)]
    patients = pd.DataFrame({"id": ids} | {f"x{j}": chance.normal(size=n) for j in range(60)})
    weeks = np.concatenate([np.zeros(n), chance.uniform(1, 80, 3 * n)])
    visits = pd.DataFrame(
        {"id": np.tile(ids, 4), "week": weeks, "nrs": chance.integers(0, 11, 4 * n)}
    )
    cohort = read(
        tmp_path,
        patients,
        visits,
        columns={"patient": "id", "week": "week", "body_region": {"constant": "low_back"}},
        outcomes={"pain": {"instrument": "pain_nrs", "column": "nrs"}},
        arms={},
        entry=None,
        covariates={
            f"x{j}": {"column": f"x{j}", "domain": "biological", "kind": "continuous"}
            for j in range(60)
        },
    )
    page = str(cohort).splitlines()
    assert len(page) <= 40
    assert any(">60" in line for line in page)


def test_an_empty_cell_stands_for_what_the_mapping_says(tmp_path: Path) -> None:
    patients = PATIENTS.assign(employed=["yes", None, "yes", None])
    columns = MAPPING["columns"] | {"labour_force": {"column": "employed", "empty": False}}
    cohort = read(tmp_path, patients, VISITS.assign(work=None), columns=columns)
    assert cohort.patients["labour_force"].to_dict() == {
        "10": False,
        "a1": False,
        "b2": True,
        "c3": True,
    }


def test_the_template_for_a_cohort_of_ones_own_is_a_valid_mapping() -> None:
    given = yaml.safe_load((ROOT / "conf/cohort/example_tables.yaml").read_text("utf-8"))
    mapping = CohortMapping.model_validate(given)
    # A template shows every key that there is; occasions, which exclude visits, in a comment that
    # test_cohort_wide.py reads.
    assert mapping.model_fields_set == set(CohortMapping.model_fields) - {"occasions"}
    assert mapping.columns.model_fields_set == set(type(mapping.columns).model_fields)


def test_ashar2022_has_the_people_and_the_means_of_the_paper(shared_data: Path) -> None:
    given = yaml.safe_load((ROOT / "conf/cohort/ashar2022.yaml").read_text("utf-8"))["cohort"]
    cohort = read_cohort(CohortMapping.model_validate(given), ROOT)
    assert cohort.n == 151
    assert cohort.visits["week"].value_counts().to_dict() == {0.0: 151, 4.0: 135}
    assert next(iter(cohort.arms)) == "usual_care"
    assert not cohort.has_work
    assert cohort.evidence_ids == ("ashar2022",)
    # Post-treatment pain by arm: mean, SD, and people with a score of 0 or 1 of those allocated.
    published = {
        "pain_reprocessing": (1.18, 1.24, 33, 50),
        "placebo": (2.84, 1.64, 10, 51),
        "usual_care": (3.13, 1.45, 5, 50),
    }
    after = cohort.visits[cohort.visits["week"] == 4].set_index("patient")
    pain = after["pain"].groupby(cohort.patients["arm"])
    for arm, (mean, spread, relieved, allocated) in published.items():
        scores = pain.get_group(arm)
        assert round(scores.mean(), 2) == mean
        assert round(scores.std(), 2) == spread
        assert (scores <= 1).sum() == relieved
        assert (cohort.patients["arm"] == arm).sum() == allocated
