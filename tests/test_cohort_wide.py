"""One row a person: the same cohort, and the same errors, as from one row a visit."""

import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from pydantic import ValidationError

from twin.cohort import Cohort, CohortMapping, read_cohort
from twin.errors import InputError

ROOT = Path(__file__).resolve().parents[1]

WIDE = """\
id,arm,age,nrs_0,rmdq_0,work_0,nrs_6,nrs_13,rmdq_13,work_13
p1,app,34,7,12,sick,5,2,4,full
p2,usual_care,71,4,,,,,,
p3,app,52,8,20,sick,,6,11,
p4,usual_care,45,,9,full,,,,adapted
"""
LONG = """\
id,week,nrs,rmdq,work
p1,0,7,12,sick
p1,6,5,,
p1,13,2,4,full
p2,0,4,,
p3,0,8,20,sick
p3,13,6,11,
p4,0,,9,full
p4,13,,,adapted
"""
WORK = {"full": "working", "adapted": "restricted", "sick": "sick_listed"}
COMMON: dict[str, Any] = {
    "name": "invented",
    "patients": "people.csv",
    "arms": {
        "usual_care": {"reference": True},
        "app": {"intervention": "app", "duration_weeks": 9},
    },
    "covariates": {"age": {"column": "age", "domain": "personal", "kind": "continuous"}},
}
FACTS = {
    "patient": "id",
    "arm": "arm",
    "body_region": {"constant": "neck"},
    "labour_force": {"constant": True},
}
WIDE_MAPPING: dict[str, Any] = COMMON | {
    "columns": FACTS | {"work_status": {"values": WORK}},
    "outcomes": {"pain": {"instrument": "pain_nrs"}, "disability": {"instrument": "rmdq"}},
    "occasions": [
        {"week": 0, "columns": {"pain": "nrs_0", "disability": "rmdq_0", "work_status": "work_0"}},
        {"week": 6, "columns": {"pain": "nrs_6"}},
        {
            "week": 13,
            "columns": {"pain": "nrs_13", "disability": "rmdq_13", "work_status": "work_13"},
        },
    ],
}
LONG_MAPPING: dict[str, Any] = COMMON | {
    "visits": "visits.csv",
    "columns": FACTS | {"week": "week", "work_status": {"column": "work", "values": WORK}},
    "outcomes": {
        "pain": {"instrument": "pain_nrs", "column": "nrs"},
        "disability": {"instrument": "rmdq", "column": "rmdq"},
    },
}


def read(folder: Path, people: str = WIDE, **change: Any) -> Cohort:
    (folder / "people.csv").write_text(people, encoding="utf-8")
    return read_cohort(CohortMapping.model_validate(WIDE_MAPPING | change), folder)


def refused(folder: Path, people: str, **change: Any) -> InputError:
    with pytest.raises(InputError) as caught:
        read(folder, people, **change)
    return caught.value


def test_one_row_a_person_gives_the_cohort_that_one_row_a_visit_gives(tmp_path: Path) -> None:
    (tmp_path / "visits.csv").write_text(LONG, encoding="utf-8")
    wide = read(tmp_path)
    long = read_cohort(CohortMapping.model_validate(LONG_MAPPING), tmp_path)
    assert len(wide.visits) == 8
    pd.testing.assert_frame_equal(wide.visits, long.visits)
    pd.testing.assert_frame_equal(wide.patients, long.patients)
    assert wide.hash == long.hash


def test_somebody_of_whom_nothing_was_recorded_at_baseline_was_there_all_the_same(
    tmp_path: Path,
) -> None:
    cohort = read(tmp_path, WIDE.replace("p3,app,52,8,20,sick", "p3,app,52,,,"))
    seen = cohort.visits[cohort.visits["patient"] == "p3"]
    assert seen["week"].tolist() == [0.0, 13.0]
    assert seen.iloc[0].drop(["patient", "week"]).isna().all()


# Each: what is spoilt, then row, column, value and words of the one problem.
SPOILT = {
    "a score off the scale": ("34,7,12", "34,7,25", 2, "rmdq_0", "25", "must be 0 to 24"),
    "a later score off the scale": ("6,11,", "6,31,", 4, "rmdq_13", "31", "must be 0 to 24"),
    "a score that is a word": (",5,2,4", ",five,2,4", 2, "nrs_6", "five", "must be a number"),
    "an unknown state": (",adapted", ",adaptd", 5, "work_13", "adaptd", "no usable meaning"),
    "a person twice": ("p3,app", "p1,app", 4, "id", "p1", "must not be a second row"),
    "a person without a name": ("p3,app", ",app", 4, "id", None, "must not be empty"),
}


@pytest.mark.parametrize("spoilt", SPOILT.values(), ids=SPOILT)
def test_a_spoilt_cell_is_named_with_the_row_and_the_column_of_the_file(
    tmp_path: Path, spoilt: tuple[str, str, int, str, str | None, str]
) -> None:
    good, bad, row, column, value, words = spoilt
    assert WIDE.count(good) == 1
    (problem,) = refused(tmp_path, WIDE.replace(good, bad)).problems
    assert (problem.where, problem.row, problem.column, problem.value) == (
        "people.csv",
        row,
        column,
        value,
    )
    assert words in problem.rule


def test_a_return_for_good_is_named_at_the_later_of_its_two_columns(tmp_path: Path) -> None:
    out = {"values": WORK | {"gone": "permanently_out"}}
    columns = WIDE_MAPPING["columns"] | {"work_status": out}
    people = WIDE.replace("34,7,12,sick", "34,7,12,gone")
    (problem,) = refused(tmp_path, people, columns=columns).problems
    assert (problem.row, problem.column, problem.value) == (2, "work_13", "full")


def test_a_column_that_the_file_lacks_is_named(tmp_path: Path) -> None:
    (problem,) = refused(tmp_path, WIDE.replace("nrs_13", "nrs_12")).problems
    assert (problem.row, problem.column) == (None, "nrs_13")
    assert "Did you mean 'nrs_12'?" in problem.remedy


def test_rows_below_a_threshold_can_be_left_out(tmp_path: Path) -> None:
    people = WIDE + "p5,usual_care,60,5,,,,,,\n"
    # p4 has no number there, and so does not reach it; p2 has 4
    cohort = read(tmp_path, people, rows=[{"column": "nrs_0", "at_least": 5}])
    assert cohort.patients.index.tolist() == ["p1", "p3", "p5"]


def test_prorated_scores_are_taken_to_the_nearest_step_and_no_further(tmp_path: Path) -> None:
    people = WIDE.replace("34,7,12", "34,7,12.6").replace("52,8,20", "52,8,24.8")
    message = str(refused(tmp_path, people))
    assert "12.6, 24.8 must be 0 to 24 in steps of 1" in message
    outcomes = WIDE_MAPPING["outcomes"] | {"disability": {"instrument": "rmdq", "prorated": True}}
    (problem,) = refused(tmp_path, people, outcomes=outcomes).problems
    assert problem.value == "24.8"
    cohort = read(tmp_path, people.replace("24.8", "23.4"), outcomes=outcomes)
    assert sorted(cohort.visits["disability"].dropna()) == [4, 9, 11, 13, 23]


BASELINE = {"week": 0, "columns": {"pain": "nrs_0", "disability": "rmdq_0"}}
# Each: what of the mapping is changed, and words of the message.
MISMAPPED = {
    "visits and occasions": ({"visits": "visits.csv"}, "either visits or occasions"),
    "neither": ({"occasions": []}, "either visits or occasions"),
    "a column of a week": (
        {"columns": FACTS | {"week": "week"}},
        "leave out columns.week",
    ),
    "a column of an outcome": (
        {"outcomes": LONG_MAPPING["outcomes"]},
        "leave out outcomes.pain.column, outcomes.disability.column",
    ),
    "a week twice": ({"occasions": [BASELINE, BASELINE]}, "have the same week"),
    "no baseline": ({"occasions": [BASELINE | {"week": 1}]}, "none of them is at week 0"),
    "an unknown outcome": (
        {"occasions": [BASELINE, {"week": 6, "columns": {"pian": "nrs_6"}}]},
        "Did you mean 'pain'?",
    ),
    "an outcome never asked": (
        {"occasions": [{"week": 0, "columns": {"pain": "nrs_0"}}]},
        "a column of disability",
    ),
    "work without a labour force": (
        {"columns": {key: at for key, at in FACTS.items() if key != "labour_force"}},
        "say who is in the labour_force",
    ),
}


@pytest.mark.parametrize("mistake", MISMAPPED.values(), ids=MISMAPPED)
def test_a_mistake_among_the_occasions_is_named(mistake: tuple[dict[str, Any], str]) -> None:
    change, words = mistake
    with pytest.raises(ValidationError) as caught:
        CohortMapping.model_validate(WIDE_MAPPING | change)
    assert words in str(caught.value)


def test_a_mapping_with_visits_must_say_where_everything_stands() -> None:
    outcomes = {"pain": {"instrument": "pain_nrs"}}
    with pytest.raises(ValidationError, match=r"needs columns\.week, outcomes\.pain\.column"):
        CohortMapping.model_validate(LONG_MAPPING | {"columns": FACTS, "outcomes": outcomes})


def test_the_templates_words_on_wide_files_make_a_valid_mapping() -> None:
    text = (ROOT / "conf/cohort/example_tables.yaml").read_text("utf-8")
    given = yaml.safe_load(text)
    # the commented lines, and what the comment says to leave out
    written = "\n".join(re.findall(r"^#   (occasions:|  - \{week.*\})$", text, re.MULTILINE))
    given |= yaml.safe_load(written)
    del given["visits"], given["columns"]["week"], given["columns"]["work_status"]["column"]
    for outcome in given["outcomes"].values():
        del outcome["column"]
    mapping = CohortMapping.model_validate(given)
    assert [occasion.week for occasion in mapping.occasions] == [0, 6, 13]


def cohort_of(name: str) -> Cohort:
    given = yaml.safe_load((ROOT / f"conf/cohort/{name}.yaml").read_text("utf-8"))["cohort"]
    return read_cohort(CohortMapping.model_validate(given), ROOT)


def test_choir_has_the_people_and_the_correlation_of_its_description(shared_data: Path) -> None:
    cohort = cohort_of("choir_alter2021")
    pain = cohort.visits.pivot_table(index="patient", columns="week", values="pain")
    assert pain.shape == (4344, 2)
    assert round(pain[0].corr(pain[13]), 2) == 0.58


def test_vickers_has_the_means_of_the_paper(shared_data: Path) -> None:
    cohort = cohort_of("vickers2004")
    after = cohort.visits[cohort.visits["week"] == 52].set_index("patient")
    score = after["headache"].groupby(cohort.patients["arm"])
    # 12-month means and people of the paper, less the one person who is left out
    assert score.count().to_dict() == {"acupuncture": 161, "usual_care": 139}
    assert round(score.mean()["acupuncture"], 1) == 16.2
    assert score.mean()["usual_care"] == pytest.approx(22.3, abs=0.2)
    assert cohort.visits["function"].max() == 100
