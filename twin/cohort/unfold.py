"""Visits that stand side by side in one row a person, as rows of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from twin.cohort.mapping import Occasion
from twin.cohort.tables import Table


@dataclass(frozen=True)
class UnfoldedTable(Table):
    """One row a person and occasion, made of a file with one row a person.

    Attributes
    ----------
    where
        The file as the user named it.
    cells
        Columns ``patient``, ``week`` and one for each outcome and fact about a visit, by their
        own names; all text, None where missing. The index is line * number of occasions +
        position of the occasion, so that rows keep the order of the file.
    patient
        Column of the patient id in the file.
    occasions
        Where in the file each occasion stands.
    """

    patient: str
    occasions: tuple[Occasion, ...]

    def source(self, row: int, column: str) -> tuple[int, str]:
        """Return the line and the column of the file from which a cell came."""
        line, place = divmod(row, len(self.occasions))
        in_file = {"patient": self.patient} | self.occasions[place].columns
        return line, in_file.get(column, column)


def named(occasions: Sequence[Occasion]) -> list[str]:
    """Return every column of the file that some occasion names."""
    return [column for occasion in occasions for column in occasion.columns.values()]


def unfold(people: Table, patient: str, occasions: Sequence[Occasion]) -> UnfoldedTable:
    """Make one row of each person and occasion.

    An occasion at which nothing was recorded of a person is not a visit, but for that at week 0,
    from which everything is counted.

    Parameters
    ----------
    people
        One row a person. Of a person with a second row, which the checks refuse, the first is
        taken; a column that the file lacks, which they refuse too, is empty.
    patient
        Column of the patient id.
    occasions
        Weeks, and the columns of what was asked then.
    """
    first = people.cells[~people.cells[patient].duplicated() | people.cells[patient].isna()]
    asked = dict.fromkeys(name for occasion in occasions for name in occasion.columns)
    empty = pd.Series([None] * len(first), first.index, dtype=object)
    parts = []
    for place, occasion in enumerate(occasions):
        columns = {name: first.get(occasion.columns.get(name, ""), empty) for name in asked}
        cells = pd.DataFrame(columns, dtype=object)
        seen = cells.notna().any(axis=1) | (occasion.week == 0)
        visits = cells.assign(patient=first[patient], week=f"{occasion.week:.17g}")[seen]
        parts.append(visits.set_index(visits.index * len(occasions) + place))
    return UnfoldedTable(people.where, pd.concat(parts).sort_index(), patient, tuple(occasions))
