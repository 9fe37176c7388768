"""What the tables of a cohort must keep to.

Two passes, each of which collects all that it finds: can the cells be read, and does what was
read make sense. Rules about sense take an unreadable cell for a missing one, so that no cell is
reported twice for one fault.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from priors.near import nearest
from twin.cohort.absence import DaysAbsent
from twin.cohort.check_absence import absence_rules
from twin.cohort.cohort import Entry
from twin.cohort.rules import Rule, broken
from twin.cohort.slots import Slot
from twin.cohort.tables import Table
from twin.errors import Problem
from twin.instruments import Instrument, lookalikes, misfits


def columns_present(table: Table, columns: Iterable[str]) -> list[Problem]:
    """Return a problem for each column that the mapping names and the file lacks."""
    there = list(table.cells.columns)
    return [
        Problem(
            table.where,
            "is not a column of the file",
            column=column,
            remedy=f"Its columns: {', '.join(there)}.{nearest(column, there)}",
        )
        for column in dict.fromkeys(columns)
        if column not in there
    ]


def cells_readable(table: Table, slots: Sequence[Slot]) -> list[Problem]:
    """Return a problem for each cell that is empty but needed, or says nothing usable."""
    filled = [
        Rule(slot.column, "must not be empty", lambda cells: cells.notna(), empty_counts=True)
        for slot in slots
        if slot.required
    ]
    return broken([*map(_readable, slots), *filled], table.cells, table, {})


def facts_constant(table: Table, slots: Sequence[Slot]) -> list[Problem]:
    """Return a problem for each arm or cluster that is not that of the person's first row.

    For a file that repeats the facts about people at each visit. Covariates may change.
    """
    patient = next(table.cells[slot.column] for slot in slots if slot.name == "patient")
    fixed = (slot for slot in slots if slot.name in ("arm", "cluster"))
    return broken([_constant(slot, patient) for slot in fixed], table.cells, table, {})


def patients_sensible(
    table: Table,
    slots: Sequence[Slot],
    patients: pd.DataFrame,
    visits: pd.DataFrame,
    arms: Sequence[str],
) -> list[Problem]:
    """Return what is wrong with the people, given tables whose cells were read.

    `patients` and `visits` hold what the slots made of the files, indexed by line; `arms` are
    the arms that there should be.
    """
    rules = [
        Rule("patient", "must not be a second row for a person", lambda ids: ~ids.duplicated()),
        Rule(
            "patient",
            "has no visit",
            lambda patient: patient.isin(visits["patient"]),
            "Remove the person or add the visits.",
        ),
        *map(_somebody_in, arms),
        *(_varies(slot.name) for slot in slots if slot.covariate),
    ]
    if "week" in visits:
        rules.append(_starts_at_baseline(visits))
    return broken(rules, patients, table, _origin(slots))


def visits_sensible(
    table: Table,
    slots: Sequence[Slot],
    visits: pd.DataFrame,
    patients: pd.DataFrame,
    outcomes: Mapping[str, Instrument],
    entry: Entry | None,
    days_absent: DaysAbsent,
) -> list[Problem]:
    """Return what is wrong with the visits, given tables whose cells were read.

    `visits` and `patients` hold what the slots made of the files, indexed by line; `days_absent`
    says what a report of days absent means.
    """
    rules = [
        Rule(
            "patient",
            "is not among the patients",
            lambda patient: patient.isin(patients["patient"]),
            "Add the person to the patients or remove the visit.",
        ),
        Rule(
            "week",
            "must not be before baseline (week 0)",
            lambda week: week >= 0,
            "Weeks are counted from the person's own baseline visit.",
        ),
        Rule(
            "week",
            "must not be a second visit of the person in that week",
            lambda _: ~visits.duplicated(["patient", "week"]) | visits["patient"].isna(),
            "Keep one of them.",
        ),
        *(
            _scored(slot.name, table.cells[slot.column])
            for slot in slots
            if slot.name in outcomes and slot.column in table.cells
        ),
        *(
            _on_scale(name, scale, visits[name])
            for name, scale in outcomes.items()
            if name in visits
        ),
    ]
    if entry is not None and "week" in visits:
        rules.append(_admitted(entry, outcomes[entry.outcome], visits["week"] == 0))
    if "work_status" in visits and "labour_force" in patients:
        rules.append(_in_labour_force(visits, patients))
    if "work_status" in visits and "week" in visits:
        rules.append(_out_for_good(visits))
    if "days_absent" in visits:
        rules += absence_rules(days_absent, visits, patients)
    return broken(rules, visits, table, _origin(slots))


def _readable(slot: Slot) -> Rule:
    return Rule(slot.column, slot.rule, lambda cells: ~slot.unreadable(cells), slot.remedy)


def _constant(slot: Slot, patient: pd.Series[str]) -> Rule:
    def holds(cells: pd.Series[str]) -> pd.Series[bool]:
        facts = slot.read(cells)
        return (facts == facts.groupby(patient).transform("first")) | facts.isna()

    return Rule(slot.column, f"must stay the person's {slot.name} at every visit", holds)


def _somebody_in(arm: str) -> Rule:
    return Rule(
        "arm",
        f"puts nobody into the arm {arm}",
        lambda arms: bool((arms == arm).any()),
        "Correct the values of columns.arm, or take the arm out of arms.",
    )


def _varies(covariate: str) -> Rule:
    return Rule(
        covariate,
        f"must take at least two different values to serve as the covariate {covariate}",
        lambda values: values.dropna().unique().size > 1,
        "Leave the covariate out of the mapping.",
    )


def _starts_at_baseline(visits: pd.DataFrame) -> Rule:
    seen = visits["patient"]
    # A week that could not be read may have been the baseline.
    at_baseline = seen[visits["week"].isna() | (visits["week"] == 0)]
    return Rule(
        "patient",
        "has visits but none at week 0",
        lambda patient: patient.isin(at_baseline) | ~patient.isin(seen),
        "Weeks are counted from the person's own baseline visit.",
    )


def _scored(outcome: str, cells: pd.Series[str]) -> Rule:
    # asked of the cells: a score that cannot be read is another fault
    return Rule(
        outcome,
        f"must hold a score of {outcome} at some visit",
        lambda _: bool(cells.notna().any()),
        "Take it out of outcomes: all that would be said of it is the prior.",
    )


def _on_scale(name: str, scale: Instrument, scores: pd.Series[float]) -> Rule:
    steps = "" if scale.step is None else f" in steps of {scale.step:g}"
    others = " or ".join(other.name for other in lookalikes(scale, scores))
    return Rule(
        name,
        f"must be {scale.minimum:g} to {scale.maximum:g}{steps} ({scale.name})",
        lambda values: pd.Series(~misfits(scale, values), values.index),
        f"The column looks like {others}: is the instrument of {name} right?"
        if others
        else "Correct the score or leave the cell empty.",
    )


def _admitted(entry: Entry, scale: Instrument, at_baseline: pd.Series[bool]) -> Rule:
    higher = scale.worse == "higher"

    def holds(scores: pd.Series[float]) -> pd.Series[bool]:
        passed = scores >= entry.minimum if higher else scores <= entry.minimum
        return passed | ~at_baseline

    return Rule(
        entry.outcome,
        f"must be at {'least' if higher else 'most'} {entry.minimum:g} at baseline (entry)",
        holds,
        "Leave out who did not meet the threshold, or correct entry in the mapping.",
    )


def _in_labour_force(visits: pd.DataFrame, patients: pd.DataFrame) -> Rule:
    outside = patients.loc[patients["labour_force"] == 0, "patient"]
    return Rule(
        "work_status",
        "belongs to someone outside the labour force",
        lambda _: ~visits["patient"].isin(outside),
        "Leave it empty, or correct the person's labour_force.",
    )


def _out_for_good(visits: pd.DataFrame) -> Rule:
    ordered = visits.dropna(subset=["patient", "week", "work_status"]).sort_values("week")
    out = ordered["work_status"] == "permanently_out"
    was_out = out.groupby(ordered["patient"]).cummax().reindex(visits.index, fill_value=False)
    return Rule(
        "work_status",
        "comes after permanently_out, which is for good",
        lambda status: (status == "permanently_out") | ~was_out,
        "Use sick_listed for an absence that may end.",
    )


def _origin(slots: Sequence[Slot]) -> dict[str, str]:
    return {slot.name: slot.column for slot in slots}
