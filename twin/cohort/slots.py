"""Places in a tidy table, and how the cells of a file are read into them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from priors.near import nearest
from twin.cohort.cells import number, token, truth
from twin.cohort.cohort import BODY_REGIONS, WORK_STATUSES, CovariateKind
from twin.cohort.mapping import CohortMapping, ColumnOrConstant, Scalar, VisitColumn
from twin.instruments import Instrument, instrument

_Kind = Literal["number", "truth", "text"]

_KIND_OF: dict[CovariateKind, _Kind] = {
    "continuous": "number",
    "ordinal": "number",
    "binary": "truth",
    "nominal": "text",
}


@dataclass(frozen=True)
class Slot:
    """One column of a tidy table and where it comes from.

    Attributes
    ----------
    name
        Column of the tidy table.
    column
        Column of the file.
    kind
        ``number``; ``truth`` (true, false, 1, 0, yes, no); ``text``.
    values
        What each value in the file stands for (None: missing), or None to use them as they are.
    options
        The texts allowed; empty for any.
    empty
        What an empty cell stands for; None: nothing is known.
    required
        Whether every row must have a value.
    covariate
        Whether it explains differences between people, rather than saying what happened.
    nearest
        Scale to whose nearest step numbers are taken; None to take them as they are.
    """

    name: str
    column: str
    kind: _Kind
    values: Mapping[Scalar, Scalar | None] | None = None
    options: tuple[str, ...] = ()
    empty: Scalar | None = None
    required: bool = False
    covariate: bool = False
    nearest: Instrument | None = None

    @property
    def rule(self) -> str:
        """What a cell must be, as the rest of a sentence about it."""
        if self.values is not None:
            return f"has no usable meaning for {self.name} (given: {_listed(self.values)})"
        if self.options:
            return f"must be one of {_listed(self.options)}"
        return {"number": "must be a number", "truth": "must be true or false"}.get(self.kind, "")

    def remedy(self, cell: str) -> str:
        """How to put a cell right that cannot be read."""
        if self.values is not None:
            return "Add it to the values of that column in the mapping, or correct the file."
        if self.options:
            return (
                f"Correct it, or say under values what it stands for.{nearest(cell, self.options)}"
            )
        if self.kind == "number" and "," in cell:
            return "Write decimals with a point."
        return "Correct it, or list it under missing."

    def read(self, cells: pd.Series[str]) -> pd.Series[float] | pd.Series[str]:
        """Return the cells as what they stand for; missing where empty or unreadable."""
        return self._typed(self._meant(cells))

    def unreadable(self, cells: pd.Series[str]) -> pd.Series[bool]:
        """Return True for each cell that says something, but nothing that can be used."""
        if self.values is None:
            return cells.notna() & self.read(cells).isna()
        # A value may be mapped to missing: then it is known, and says nothing.
        known = {token(value) for value in self.values}
        unknown = cells.notna() & ~cells.map(token, na_action="ignore").isin(known)
        meant = self._meant(cells)
        return unknown | (meant.notna() & self._typed(meant).isna())

    def _meant(self, cells: pd.Series[str]) -> pd.Series[str]:
        said = cells if self.values is None else self._translated(cells)
        return said if self.empty is None else said.where(cells.notna(), str(self.empty))

    def _translated(self, cells: pd.Series[str]) -> pd.Series[str]:
        meaning = {token(value): meant for value, meant in (self.values or {}).items()}
        found = [None if pd.isna(cell) else meaning.get(token(cell)) for cell in cells]
        said = [str(meant) if isinstance(meant, bool | int | float) else meant for meant in found]
        return pd.Series(said, cells.index, dtype=object)

    def _typed(self, cells: pd.Series[str]) -> pd.Series[float] | pd.Series[str]:
        if self.kind == "text":
            allowed = cells.isin(self.options) if self.options else cells.notna()
            return cells.where(allowed).astype("str")
        parse = number if self.kind == "number" else truth
        values = pd.Series([parse(cell) for cell in cells], cells.index, dtype=np.float64)
        if self.nearest is None:
            return values
        return pd.Series(self.nearest.nearest_step(values), cells.index)


def patient_slots(mapping: CohortMapping) -> list[Slot]:
    """Return the facts about a person that the mapping takes from the patients file."""
    columns = mapping.columns
    slots = [Slot("patient", columns.patient, "text", required=True)]
    if columns.arm is not None:
        arm, names = columns.arm, tuple(mapping.arms)
        slots.append(Slot("arm", arm.column, "text", arm.values, names, required=True))
    if columns.cluster is not None:
        slots.append(Slot("cluster", columns.cluster.column, "text", columns.cluster.values))
    facts: tuple[tuple[str, ColumnOrConstant, _Kind, tuple[str, ...]], ...] = (
        ("body_region", columns.body_region, "text", BODY_REGIONS),
        ("labour_force", columns.labour_force, "truth", ()),
    )
    for name, given, kind, options in facts:
        if given.column is not None:
            needed = given.empty is None
            slot = Slot(name, given.column, kind, given.values, options, given.empty, needed)
            slots.append(slot)
    return slots + [
        Slot(name, covariate.column, _KIND_OF[covariate.kind], covariate.values, covariate=True)
        for name, covariate in mapping.covariates.items()
    ]


def visit_slots(mapping: CohortMapping) -> list[Slot]:
    """Return the facts about a visit that the mapping takes from the visits.

    Where they were unfolded from one row a person, each stands in a column of its own name.
    """
    columns = mapping.columns
    slots = [
        Slot("patient", columns.patient if mapping.visits else "patient", "text", required=True),
        Slot("week", columns.week.column or "week", "number", columns.week.values, required=True),
    ]
    for name, given in mapping.outcomes.items():
        nearest = instrument(given.instrument) if given.prorated else None
        slots.append(Slot(name, given.column or name, "number", nearest=nearest))
    if "work_status" in mapping.visit_facts:
        work = columns.work_status or VisitColumn()
        column = work.column or "work_status"
        slots.append(Slot("work_status", column, "text", work.values, WORK_STATUSES))
    if "days_absent" in mapping.visit_facts:
        column = columns.days_absent.column if columns.days_absent else ""
        slots.append(Slot("days_absent", column or "days_absent", "number"))
    return slots


def _listed(options: Iterable[Scalar]) -> str:
    return ", ".join(str(option) for option in options)
