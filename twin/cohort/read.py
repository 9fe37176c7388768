"""From the files that a mapping names to a checked cohort."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from twin.cohort.absence import DaysAbsent
from twin.cohort.check import (
    cells_readable,
    columns_present,
    facts_constant,
    patients_sensible,
    visits_sensible,
)
from twin.cohort.cohort import Arm, Cohort, Covariate, Entry
from twin.cohort.filters import filters_apply, keep_rows
from twin.cohort.mapping import CohortMapping
from twin.cohort.slots import Slot, patient_slots, visit_slots
from twin.cohort.tables import Table, read_table
from twin.cohort.unfold import named, unfold
from twin.errors import InputError, Problem
from twin.instruments import instrument


def read_cohort(mapping: CohortMapping, base: Path) -> Cohort:
    """Read the files of a cohort, check them, and return the cohort.

    Parameters
    ----------
    mapping
        How the files are to be read.
    base
        Directory from which the mapping's paths start.

    Returns
    -------
    Cohort
        Tidy: one row a person, one row a visit, in the units of `Cohort`.

    Raises
    ------
    InputError
        If anything at all is wrong: every problem found is in it, with file, row, column, value,
        rule and remedy.
    """
    people, visited = _tables(mapping, base)
    problems = filters_apply(mapping.rows, [people, visited])
    people, visited = keep_rows(mapping.rows, people, visited, mapping.columns.patient)
    person, visit = patient_slots(mapping), visit_slots(mapping)
    of_visits = (slot.column for slot in visit) if mapping.visits else named(mapping.occasions)
    problems += columns_present(people, [slot.column for slot in person])
    problems += columns_present(visited, of_visits)
    if not all(mapping.columns.patient in table.cells for table in (people, visited)):
        raise InputError(dict.fromkeys(problems))  # nobody can be told from anybody else
    if people.cells.empty:
        remedy = "Check the rows filters of the mapping." if mapping.rows else ""
        raise InputError([*problems, Problem(people.where, "holds no patients", remedy=remedy)])

    if mapping.occasions:
        visited = unfold(people, mapping.columns.patient, mapping.occasions)
    elif people is visited:
        problems += facts_constant(visited, person)
        people = _earliest(visited, visit)
    problems += cells_readable(people, person) + cells_readable(visited, visit)

    patients, visits = _tidy(people, person), _tidy(visited, visit)
    outcomes = {name: instrument(given.instrument) for name, given in mapping.outcomes.items()}
    entry = Entry(mapping.entry.outcome, mapping.entry.minimum) if mapping.entry else None
    absent = _days_absent(mapping)
    problems += patients_sensible(people, person, patients, visits, tuple(mapping.arms))
    problems += visits_sensible(visited, visit, visits, patients, outcomes, entry, absent)
    if problems:
        # One file for both tables: the same fault may have been found twice.
        raise InputError(dict.fromkeys(problems))
    return Cohort(
        name=mapping.name,
        synthetic=mapping.synthetic,
        patients=_patients(mapping, patients),
        visits=visits if "work_status" in visits else visits.assign(work_status=_nothing(visits)),
        outcomes=outcomes,
        covariates={
            name: Covariate(given.domain, given.kind, given.label, given.unit)
            for name, given in mapping.covariates.items()
        },
        arms=_arms(mapping),
        entry=entry,
        evidence_ids=mapping.excludes_evidence_from,
        days_absent=absent,
    )


def _tables(mapping: CohortMapping, base: Path) -> tuple[Table, Table]:
    """Read both files, or the one that serves as both, and report on both if both are bad."""
    tables: dict[str, Table] = {}
    problems: list[Problem] = []
    visits = mapping.visits or mapping.patients
    for name in dict.fromkeys((mapping.patients, visits)):
        try:
            tables[name] = read_table(base / name, name, mapping.missing)
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)
    return tables[mapping.patients], tables[visits]


def _earliest(table: Table, slots: Sequence[Slot]) -> Table:
    """Return each person's earliest row of a file that serves as both tables."""
    tidy = _tidy(table, slots)
    ordered = tidy.sort_values("week", kind="stable") if "week" in tidy else tidy
    first = ordered.dropna(subset="patient").drop_duplicates("patient").index
    return replace(table, cells=table.cells.loc[table.cells.index.isin(first)])


def _tidy(table: Table, slots: Sequence[Slot]) -> pd.DataFrame:
    """Return what the slots make of a file, as far as it has their columns, by line."""
    read = {
        slot.name: slot.read(table.cells[slot.column])
        for slot in slots
        if slot.column in table.cells
    }
    return pd.DataFrame(read, table.cells.index)


def _patients(mapping: CohortMapping, patients: pd.DataFrame) -> pd.DataFrame:
    """Index the people by id and add what the mapping says of everybody."""
    constants = {
        "arm": "cohort",
        "cluster": _nothing(patients),
        "body_region": mapping.columns.body_region.constant,
        "labour_force": mapping.columns.labour_force.constant,
    }
    absent = {name: value for name, value in constants.items() if name not in patients}
    return patients.assign(**absent).astype({"labour_force": bool}).set_index("patient")


def _days_absent(mapping: CohortMapping) -> DaysAbsent:
    given = mapping.columns.days_absent
    if given is None:
        return DaysAbsent()
    return DaysAbsent(given.days_per_week, given.rounding, given.recall_weeks)


def _arms(mapping: CohortMapping) -> dict[str, Arm]:
    if not mapping.arms:
        return {"cohort": Arm()}
    return {
        name: Arm(
            intervention=arm.intervention,
            start_week=arm.start_week,
            duration_weeks=arm.duration_weeks or 0.0,
            ramp_weeks=arm.ramp_weeks,
        )
        for name, arm in mapping.arms.items()
    }


def _nothing(frame: pd.DataFrame) -> pd.Series[str]:
    """Return a column of text with every value missing."""
    return pd.Series(None, frame.index, dtype="str")
