"""Rules about the columns of a table, and what a table says to them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import pandas as pd
import pandera.pandas as pa

from twin.cohort.tables import Table
from twin.errors import Problem


@dataclass(frozen=True)
class Rule:
    """Something that must hold for a column.

    Attributes
    ----------
    column
        Column of the frame that the rule is put to.
    must
        The rule as the rest of a sentence about a value; tells the rules of a column apart.
    holds
        Given the column, answers once for each row or once for the column.
    remedy
        The way out; may depend on the text of the cell.
    empty_counts
        Whether an empty cell is put to the test; else it passes.
    """

    column: str
    must: str
    holds: Callable[[pd.Series], pd.Series[bool] | bool]
    remedy: str | Callable[[str], str] = ""
    empty_counts: bool = False

    def put_to(self, column: pd.Series) -> pd.Series[bool] | bool:
        """Return what `holds` answers, empty cells passing unless they count."""
        held = self.holds(column)
        # Pandera's own handling of missing values drops their rows before it asks, and a rule
        # that looks at other columns too then answers for rows that are not there.
        by_row = isinstance(held, pd.Series)
        return held | column.isna() if by_row and not self.empty_counts else held


def broken(
    rules: Iterable[Rule], frame: pd.DataFrame, table: Table, origin: Mapping[str, str]
) -> list[Problem]:
    """Put every rule to a frame, and return what broke in the order of the file.

    Parameters
    ----------
    rules
        Those about columns that the frame lacks are not asked; a rule given twice is asked once.
    frame
        Indexed by lines of the file.
    table
        The file, for the texts of the cells.
    origin
        Column of the file for each column of the frame; one not named has the same name there.
    """
    asked = {(rule.column, rule.must): rule for rule in rules if rule.column in frame}
    checks: dict[str, list[pa.Check]] = {}
    for rule in asked.values():
        check = pa.Check(rule.put_to, error=rule.must, ignore_na=False)
        checks.setdefault(rule.column, []).append(check)
    schema = pa.DataFrameSchema(
        {name: pa.Column(checks=found, nullable=True) for name, found in checks.items()}
    )
    try:
        schema.validate(frame, lazy=True)
    except pa.errors.SchemaErrors as errors:
        cases = errors.failure_cases
    else:
        return []
    problems = [
        _problem(asked[name, must], table, origin.get(name, name), line)
        for name, must, line in zip(cases["column"], cases["check"], cases["index"], strict=True)
    ]
    return sorted(problems, key=lambda problem: problem.row or 0)


def _problem(rule: Rule, table: Table, column: str, line: int | None) -> Problem:
    """Return the problem of one line, or of the whole column where there is no line."""
    row, source, cell = None, column, None
    if not pd.isna(line):
        cell = table.cells[column].loc[int(line)]
        row, source = table.source(int(line), column)
    remedy = rule.remedy if isinstance(rule.remedy, str) else rule.remedy(cell or "")
    return Problem(table.where, rule.must, row, source, cell, remedy)
