"""Which rows of the files belong to the cohort."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from priors.near import nearest
from twin.cohort.cells import number, token
from twin.cohort.mapping import RowFilter
from twin.cohort.tables import Table
from twin.errors import Problem


def filters_apply(filters: Sequence[RowFilter], tables: Sequence[Table]) -> list[Problem]:
    """Return a problem for each filter on a column that no file has."""
    there = list(dict.fromkeys(str(column) for table in tables for column in table.cells))
    where = " and ".join(dict.fromkeys(table.where for table in tables))
    return [
        Problem(
            where,
            "is named in a rows filter but is not a column",
            column=keep.column,
            remedy=f"Columns: {', '.join(there)}.{nearest(keep.column, there)}",
        )
        for keep in filters
        if keep.column not in there
    ]


def keep_rows(
    filters: Sequence[RowFilter], people: Table, visits: Table, patient: str
) -> tuple[Table, Table]:
    """Return both tables without the rows that a filter leaves out.

    The visits of people left out go too. `patient` is the column of the ids. One table that
    serves as both stays one.
    """
    if people is visits:
        kept = _filtered(people, filters)
        return kept, kept
    kept_people, kept_visits = _filtered(people, filters), _filtered(visits, filters)
    if patient in people.cells and patient in visits.cells:
        left_out = people.cells[patient].drop(kept_people.cells.index)
        # Not "everybody who is not kept": a visit of nobody known is for the checks to report.
        gone = kept_visits.cells[patient].isin(left_out.dropna())
        kept_visits = replace(kept_visits, cells=kept_visits.cells[~gone])
    return kept_people, kept_visits


def _filtered(table: Table, filters: Sequence[RowFilter]) -> Table:
    cells = table.cells
    for keep in filters:
        if keep.column not in cells:
            continue
        column = cells[keep.column]
        if keep.equals is not None:
            cells = cells[column.map(token, na_action="ignore") == token(keep.equals)]
        elif keep.at_least is not None:
            cells = cells[column.map(number) >= keep.at_least]
        else:
            cells = cells[column.notna() == keep.present]
    return replace(table, cells=cells)
