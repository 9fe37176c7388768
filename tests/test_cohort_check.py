"""Bad cohorts must fail well: what is wrong, where, and how to put it right."""

import copy
from io import StringIO
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from pydantic import ValidationError

from twin.cohort import CohortMapping, read_cohort
from twin.errors import InputError, Problem, from_validation

PATIENTS = """\
id,arm,region,employed,age,sex
p1,app,low_back,yes,34,f
p2,usual_care,low_back,no,71,m
p3,app,neck,yes,52,f
"""
VISITS = """\
id,week,rmdq,work,off
p1,0,12,sick_listed,
p1,6,9,restricted,21.5
p1,13,5,working,0
p2,0,8,,
p2,6.5,,,
p3,0,15,working,
"""
MAPPING: dict[str, Any] = {
    "name": "invented",
    "patients": "patients.csv",
    "visits": "visits.csv",
    "columns": {
        "patient": "id",
        "week": "week",
        "arm": "arm",
        "body_region": "region",
        "labour_force": "employed",
        "work_status": "work",
        "days_absent": "off",
    },
    "outcomes": {"disability": {"instrument": "rmdq", "column": "rmdq"}},
    "arms": {
        "usual_care": {"reference": True},
        "app": {"intervention": "app", "duration_weeks": 9},
    },
    "covariates": {"age": {"column": "age", "domain": "personal", "kind": "continuous"}},
    "entry": {"outcome": "disability", "minimum": 6},
}


def refused(
    folder: Path,
    patients: str = PATIENTS,
    visits: str = VISITS,
    files: dict[str, str] | None = None,
    **change: Any,
) -> InputError:
    """Return the error that two tables raise.

    `files` names others than patients.csv and visits.csv; `change` replaces keys of the mapping.
    """
    (folder / "patients.csv").write_text(patients, encoding="utf-8")
    (folder / "visits.csv").write_text(visits, encoding="utf-8")
    mapping = CohortMapping.model_validate(MAPPING | change | (files or {}))
    with pytest.raises(InputError) as caught:
        read_cohort(mapping, folder)
    return caught.value


def only(error: InputError) -> Problem:
    (problem,) = error.problems
    return problem


def test_the_tables_that_the_others_spoil_are_good(tmp_path: Path) -> None:
    (tmp_path / "patients.csv").write_text(PATIENTS)
    (tmp_path / "visits.csv").write_text(VISITS)
    assert read_cohort(CohortMapping.model_validate(MAPPING), tmp_path).n == 3


# Each: what is spoilt in which table, then row, column, value and words of the one problem.
SPOILT = {
    "a score off the scale": (
        "visits",
        "p1,6,9,",
        "p1,6,140,",
        3,
        "rmdq",
        "140",
        "must be 0 to 24",
    ),
    "a score off the grid": ("visits", "p1,6,9,", "p1,6,9.5,", 3, "rmdq", "9.5", "in steps of 1"),
    "a score that is a word": ("visits", "p1,6,9,", "p1,6,nine,", 3, "rmdq", "nine", "a number"),
    "a decimal comma": ("visits", "p1,6,9,", 'p1,"6,5",9,', 3, "week", "6,5", "with a point"),
    "a visit before baseline": ("visits", "p1,6,", "p1,-6,", 3, "week", "-6", "before baseline"),
    "a duplicate visit": ("visits", "p1,6,", "p1,13.0,", 4, "week", "13", "second visit"),
    "a visit without a week": ("visits", "p1,6,", "p1,,", 3, "week", None, "must not be empty"),
    "a visit of nobody known": (
        "visits",
        "p1,6,",
        "p9,6,",
        3,
        "id",
        "p9",
        "not among the patients",
    ),
    "a visit without a person": ("visits", "p1,6,", ",6,", 3, "id", None, "must not be empty"),
    "an unknown work status": (
        *("visits", "restricted", "restrictd", 3, "work", "restrictd"),
        "Did you mean 'restricted'?",
    ),
    "work outside the labour force": (
        *("visits", "p2,6.5,,,", "p2,6.5,,working,", 6, "work", "working"),
        "outside the labour force",
    ),
    "a return for good": (
        *("visits", "restricted", "permanently_out", 4, "work", "working"),
        "comes after permanently_out",
    ),
    "days absent below none": (
        *("visits", "restricted,21.5", "restricted,-1", 3, "off", "-1"),
        "must not be negative",
    ),
    "more days absent than there were": (
        *("visits", "restricted,21.5", "restricted,30.5", 3, "off", "30.5"),
        "at most the working days since the person's previous visit, 5 a week",
    ),
    "days absent before the first visit": (
        *("visits", "p3,0,15,working,", "p3,0,15,working,3", 7, "off", "3"),
        "no earlier one to count from",
    ),
    "days absent outside the labour force": (
        *("visits", "p2,6.5,,,", "p2,6.5,,,2", 6, "off", "2"),
        "outside the labour force",
    ),
    "days absent beside an end for good": (
        *("visits", "p1,13,5,working,0", "p1,13,5,permanently_out,0", 4, "off", "0"),
        "beside or after permanently_out",
    ),
    "days absent that are a word": (
        *("visits", "restricted,21.5", "restricted,many", 3, "off", "many"),
        "a number",
    ),
    "a baseline below entry": (
        "visits",
        "p2,0,8",
        "p2,0,5",
        5,
        "rmdq",
        "5",
        "at least 6 at baseline",
    ),
    "a person twice": ("patients", "p2,usual_care", "p1,usual_care", 3, "id", "p1", "second row"),
    "an arm nobody described": (
        *("patients", "p3,app", "p3,ap", 4, "arm", "ap"),
        "must be one of usual_care, app",
    ),
    "no arm": ("patients", "p3,app", "p3,", 4, "arm", None, "must not be empty"),
    "an unknown region": ("patients", "neck", "knee", 4, "region", "knee", "low_back, neck, both"),
    "neither in nor out of work": (
        *("patients", "neck,yes", "neck,maybe", 4, "employed", "maybe"),
        "true or false",
    ),
    "a covariate that is a word": ("patients", "52", "old", 4, "age", "old", "a number"),
}


@pytest.mark.parametrize("spoilt", SPOILT.values(), ids=SPOILT)
def test_one_spoilt_cell_is_named_with_file_row_column_value_and_rule(
    tmp_path: Path, spoilt: tuple[str, str, str, int, str, str | None, str]
) -> None:
    table, good, bad, row, column, value, words = spoilt
    text = {"patients": PATIENTS, "visits": VISITS}
    assert text[table].count(good) == 1
    text[table] = text[table].replace(good, bad)
    error = refused(tmp_path, text["patients"], text["visits"])
    found = [problem for problem in error.problems if problem.where == f"{table}.csv"]
    assert (row, column, value) in [(p.row, p.column, p.value) for p in found], error
    assert words in str(error)
    assert f"{table}.csv, row {row}: " in str(error)


def test_a_duplicate_is_reported_at_the_second_row_only(tmp_path: Path) -> None:
    problem = only(refused(tmp_path, visits=VISITS + "p2,6.50,7,,\n"))
    assert (problem.row, problem.column, problem.value) == (8, "week", "6.50")


def test_a_person_not_seen_at_baseline_is_named(tmp_path: Path) -> None:
    problem = only(refused(tmp_path, visits=VISITS.replace("p3,0,", "p3,1,")))
    assert (problem.where, problem.row, problem.value) == ("patients.csv", 4, "p3")
    assert "none at week 0" in problem.rule


def test_a_person_without_visits_is_named(tmp_path: Path) -> None:
    problem = only(refused(tmp_path, PATIENTS + "p4,app,neck,yes,20,m\n"))
    assert (problem.where, problem.row, problem.value) == ("patients.csv", 5, "p4")
    assert "has no visit" in problem.rule


def test_a_column_of_another_scale_is_refused_with_its_rows_and_its_likely_scale(
    tmp_path: Path,
) -> None:
    scores = [44, 26, 12, 58, 30, 8]
    visits = "id,week,rmdq,work,off\n" + "".join(
        f"p{1 + i % 3},{6 * (i // 3)},{score},,\n" for i, score in enumerate(scores)
    )
    error = refused(tmp_path, visits=visits)
    assert [problem.row for problem in error.problems] == [2, 3, 5, 6]
    message = str(error)
    assert "visits.csv, rows 2, 3, 5, 6: rmdq = 44, 26, 58, 30 must be 0 to 24" in message
    assert "The column looks like odi" in message


def test_every_problem_is_collected_in_one_pass(tmp_path: Path) -> None:
    patients = PATIENTS.replace("52", "old").replace("neck", "knee")
    visits = (
        VISITS.replace("p1,6,9,", "p1,6,140,").replace("p3,0,15", "p3,0,x") + "p7,-1,30,bored,\n"
    )
    error = refused(
        tmp_path,
        patients,
        visits,
        outcomes=MAPPING["outcomes"] | {"pain": {"instrument": "pain_nrs", "column": "rmqd"}},
    )
    named = {(problem.where, problem.row, problem.column) for problem in error.problems}
    assert named == {
        ("patients.csv", 4, "age"),
        ("patients.csv", 4, "region"),
        ("visits.csv", None, "rmqd"),
        ("visits.csv", 3, "rmdq"),
        ("visits.csv", 7, "rmdq"),
        ("visits.csv", 8, "id"),
        ("visits.csv", 8, "week"),
        ("visits.csv", 8, "rmdq"),
        ("visits.csv", 8, "work"),
    }
    assert "Did you mean 'rmdq'?" in str(error)
    assert str(error).startswith("9 problems in the input:")


def test_a_row_is_a_line_of_the_file_also_after_blank_lines_and_quoted_line_breaks(
    tmp_path: Path,
) -> None:
    visits = 'id,week,rmdq,work,off,note\n\np1,0,12,,,"two\nlines"\np2,0,8,,,\np3,0,99,,,\n'
    assert only(refused(tmp_path, visits=visits)).row == 6


@pytest.mark.parametrize("ending", ["parquet", "xlsx"])
def test_a_row_is_a_row_of_the_sheet_where_there_are_no_lines(tmp_path: Path, ending: str) -> None:
    sheet = pd.read_csv(StringIO(VISITS.replace("p1,13,5,", "p1,13,50,")))
    name = f"visits.{ending}"
    if ending == "xlsx":
        sheet.to_excel(tmp_path / name, index=False)
    else:
        sheet.to_parquet(tmp_path / name)
    problem = only(refused(tmp_path, files={"visits": name}))
    assert (problem.where, problem.row, problem.column, problem.value) == (name, 4, "rmdq", "50")


def test_a_constant_covariate_is_refused(tmp_path: Path) -> None:
    problem = only(refused(tmp_path, PATIENTS.replace("34", "52").replace("71", "52")))
    assert (problem.row, problem.column) == (None, "age")
    assert "two different values" in problem.rule


def test_a_cohort_without_people_is_refused(tmp_path: Path) -> None:
    header = PATIENTS.splitlines()[0] + "\n"
    assert "holds no patients" in only(refused(tmp_path, header)).rule
    filters = [{"column": "sex", "equals": "x"}]
    assert "rows filters" in only(refused(tmp_path, rows=filters)).remedy


def test_an_arm_without_people_is_refused(tmp_path: Path) -> None:
    third = MAPPING["arms"] | {"school": {"intervention": "school", "duration_weeks": 6}}
    assert "nobody into the arm school" in only(refused(tmp_path, arms=third)).rule


def test_a_filter_on_an_unknown_column_is_refused(tmp_path: Path) -> None:
    problem = only(refused(tmp_path, rows=[{"column": "agee", "present": True}]))
    assert "Did you mean 'age'?" in problem.remedy


def test_a_value_that_the_mapping_does_not_list_is_refused(tmp_path: Path) -> None:
    columns = MAPPING["columns"] | {
        "arm": {"column": "arm", "values": {"app": "app"}},
    }
    problem = only(refused(tmp_path, columns=columns, arms={"app": {"reference": True}}))
    assert (problem.row, problem.value) == (3, "usual_care")
    assert "given: app" in problem.rule


def test_an_arm_that_changes_between_visits_is_refused(tmp_path: Path) -> None:
    both = "id,week,arm,rmdq\np1,0,app,9\np1,6,usual_care,9\np2,0,usual_care,9\n"
    columns = {"patient": "id", "week": "week", "arm": "arm", "body_region": {"constant": "neck"}}
    error = refused(
        tmp_path,
        visits=both,
        files={"patients": "visits.csv"},
        columns=columns,
        covariates={},
    )
    problem = only(error)
    assert (problem.row, problem.column, problem.value) == (3, "arm", "usual_care")


def test_both_missing_files_are_named_as_the_user_wrote_them(tmp_path: Path) -> None:
    error = refused(tmp_path, files={"patients": "people.csv", "visits": "seen.xlsx"})
    assert [problem.where for problem in error.problems] == ["people.csv", "seen.xlsx"]
    assert "does not exist" in str(error)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("x.sav", b"$FL2", "kind that cannot be read. Save the table as one of .csv"),
        ("x.csv", b"", "is empty"),
        ("x.csv", b"id,age\n\xff\xfe", "cannot be read as .csv"),
        ("x.csv", b"id,id\np1,p1\n", "must be named once"),
        ("x.csv", b"id,age\np1,3,4\n", "row 2: has 3 cells where the header has 2"),
        ("x.csv", b'id,age\n"p1,3\n', "cannot be read as .csv"),
        ("x.parquet", b"not parquet", "cannot be read as .parquet"),
        ("x.xlsx", b"not a workbook", "cannot be read as .xlsx"),
    ],
    ids=["kind", "empty", "encoding", "header", "ragged", "quotes", "parquet", "xlsx"],
)
def test_a_file_that_cannot_be_parsed_is_named_with_the_reason(
    tmp_path: Path, name: str, content: bytes, words: str
) -> None:
    (tmp_path / name).write_bytes(content)
    error = refused(tmp_path, files={"visits": name})
    assert words in str(error)
    assert str(error).startswith(name)


# Each: path to a key of the mapping, what is put there, words of the message.
MISMAPPED = {
    "an unknown key": (("covarites",), {}, "Did you mean 'covariates'?"),
    "an unknown key inside": (("covariates", "age", "domian"), "x", "Did you mean 'domain'?"),
    "a covariate called like a key": (("covariates", "unit"), {"colum": "a"}, "'column'?"),
    "an unknown domain": (("covariates", "age", "domain"), "personnal", "Did you mean 'personal'?"),
    "an unknown instrument": (("outcomes", "disability", "instrument"), "rmqd", "mean 'rmdq'?"),
    "no outcome": (("outcomes",), {}, "at least 1"),
    "two references": (("arms", "app"), {"reference": True}, "exactly one"),
    "an arm without a schedule": (("arms", "app"), {}, "needs an intervention"),
    "a reference with a schedule": (("arms", "usual_care", "ramp_weeks"), 2, "is the reference"),
    "arms without their column": (("columns", "arm"), None, "or neither"),
    "an arm mistyped among the values": (
        ("columns", "arm"),
        {"column": "arm", "values": {1: "app", 2: "usual_car"}},
        "Did you mean 'usual_care'?",
    ),
    "an entry outcome that is none": (("entry", "outcome"), "pain", "not one of the outcomes"),
    "a region that is none": (("columns", "body_region"), {"constant": "knee"}, "must be one of"),
    "a column and a constant": (
        ("columns", "labour_force"),
        {"column": "employed", "constant": True},
        "either a column or a constant",
    ),
    "a reserved name": (("outcomes", "week"), MAPPING["outcomes"]["disability"], "reserved"),
    "a number that is a word": (
        ("arms", "app", "duration_weeks"),
        "long",
        "must be a valid number",
    ),
}


@pytest.mark.parametrize("mistake", MISMAPPED.values(), ids=MISMAPPED)
def test_a_mistake_in_the_mapping_is_named_with_its_key_and_the_way_out(
    mistake: tuple[tuple[str, ...], Any, str],
) -> None:
    path, wrong, words = mistake
    given = copy.deepcopy(MAPPING)
    at = given
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = wrong
    with pytest.raises(ValidationError) as caught:
        CohortMapping.model_validate(given)
    message = str(from_validation(caught.value, "cohort.yaml", CohortMapping))
    assert words in message
    assert "cohort.yaml: " in message


def test_work_status_needs_to_know_who_could_work() -> None:
    columns = {key: at for key, at in MAPPING["columns"].items() if key != "labour_force"}
    for kind in ("work_status", "days_absent"):
        without = {key: at for key, at in columns.items() if key != kind}
        with pytest.raises(ValidationError, match="say who is in the labour_force"):
            CohortMapping.model_validate(MAPPING | {"columns": without})


def test_days_over_a_stated_time_may_be_asked_at_the_first_visit(tmp_path: Path) -> None:
    given = {"column": "off", "recall_weeks": 4}
    columns = MAPPING["columns"] | {"days_absent": given}
    visits = VISITS.replace("p3,0,15,working,", "p3,0,15,working,20").replace("21.5", "12")
    (tmp_path / "patients.csv").write_text(PATIENTS)
    (tmp_path / "visits.csv").write_text(visits)
    read = CohortMapping.model_validate(MAPPING | {"columns": columns})
    assert read_cohort(read, tmp_path).visits["days_absent"].max() == 20
    problem = only(refused(tmp_path, visits=visits.replace("20", "21"), columns=columns))
    assert "of the 4 weeks that people were asked about" in problem.rule


def test_a_long_list_of_problems_is_cut_and_the_rest_counted() -> None:
    many = [Problem("x.csv", "must be shorter", column=f"c{i}") for i in range(25)]
    lines = str(InputError(many)).splitlines()
    assert len(lines) == 22
    assert lines[0] == "25 problems in the input:"
    assert lines[-1].strip() == "... and 5 more"
