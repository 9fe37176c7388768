"""Files as tables of text, each row still knowing its line in the file."""

from __future__ import annotations

import csv
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from twin.errors import InputError, Problem

MISSING = ("", "NA", "N/A", "NaN", "nan")
"""Cell contents that are always read as missing."""

_SEPARATORS = ",;\t"  # in the order in which they are tried: the first of the commonest wins

_Cells = Sequence[object]
_Numbered = Iterator[tuple[int, _Cells]]


@dataclass(frozen=True)
class Table:
    """A file's cells as text.

    Attributes
    ----------
    where
        The file as the user named it.
    cells
        One column for each in the file, all text, None where a cell is missing. The index is
        the line of the file, counted from 1 with the header; for Parquet, which has no lines,
        the line that the row would have in a sheet.
    """

    where: str
    cells: pd.DataFrame

    def source(self, row: int, column: str) -> tuple[int, str]:
        """Return the line and the column of the file from which a cell came."""
        return row, column


def read_table(path: Path, where: str, missing: Sequence[str] = ()) -> Table:
    """Read a csv (comma, semicolon or tab), parquet or xlsx (first sheet) file.

    Parameters
    ----------
    path
        The file.
    where
        What messages call it.
    missing
        Cell contents to be read as missing, besides `MISSING`.

    Raises
    ------
    InputError
        If the file is absent, of another kind, cannot be parsed, or its header is unusable.
    """
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        remedy = f"Save the table as one of {', '.join(_READERS)}."
        raise InputError([Problem(where, "is of a kind that cannot be read", remedy=remedy)])
    if not path.is_file():
        remedy = f"Looked for {path.absolute()}."
        raise InputError([Problem(where, "does not exist or is not a file", remedy=remedy)])
    try:
        numbered = [(row, [_text(cell) for cell in cells]) for row, cells in reader(path)]
    except _UNREADABLE as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        rule = f"cannot be read as {path.suffix.lower()} ({reason})"
        raise InputError([Problem(where, rule)]) from error
    return Table(where, _framed(numbered, where, {*MISSING, *missing}))


def _framed(numbered: list[tuple[int, list[str]]], where: str, missing: set[str]) -> pd.DataFrame:
    filled = [(row, cells) for row, cells in numbered if any(cells)]
    if not filled:
        raise InputError([Problem(where, "is empty")])
    (header_row, header), *body = filled
    while header and not header[-1]:  # a separator at the end of a line makes a column of nothing
        header.pop()
    problems = [
        Problem(where, "must be named once in the header", header_row, value=name)
        for name in dict.fromkeys(header)
        if header.count(name) > 1
    ] + [
        Problem(
            where,
            f"has {len(cells)} cells where the header has {len(header)} columns",
            row,
            remedy="A cell that holds the separator must stand in double quotes.",
        )
        for row, cells in body
        if len(cells) < len(header) or any(cells[len(header) :])
    ]
    if problems:
        raise InputError(problems)
    rows = [
        [None if cell in missing else cell for cell in cells[: len(header)]] for _, cells in body
    ]
    return pd.DataFrame(rows, [row for row, _ in body], header, dtype=object)


def _text(cell: object) -> str:
    """Return a cell as a csv file would hold it, whole numbers without a decimal point."""
    if isinstance(cell, str):
        return cell.strip()
    if cell is None or pd.isna(cell):  # type: ignore[call-overload]
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)


def _read_csv(path: Path) -> _Numbered:
    # The csv module, not pandas: it knows the line of each row, also after quoted line breaks.
    with path.open(encoding="utf-8-sig", newline="") as file:
        header = file.readline()
        file.seek(0)
        separator = max(_SEPARATORS, key=header.count)
        rows = csv.reader(file, delimiter=separator, strict=True)
        first = 1
        for cells in rows:
            yield first, list(cells)
            first = rows.line_num + 1


def _read_excel(path: Path) -> _Numbered:
    sheet = pd.read_excel(path, header=None, dtype=object, keep_default_na=False)
    return enumerate(sheet.itertuples(index=False, name=None), start=1)


def _read_parquet(path: Path) -> _Numbered:
    frame = pd.read_parquet(path)
    yield 1, list(frame.columns)
    # Column by column, so that whole numbers beside fractions do not turn into floats.
    columns = [frame[name].tolist() for name in frame.columns]
    yield from enumerate(zip(*columns, strict=True), start=2)


_READERS: dict[str, Callable[[Path], _Numbered]] = {
    ".csv": _read_csv,
    ".parquet": _read_parquet,
    ".xlsx": _read_excel,
}

# What the three parsers raise on files that are not what their names say; ValueError covers wrong
# encodings and Arrow's own error.
_UNREADABLE = (OSError, ValueError, KeyError, csv.Error, zipfile.BadZipFile)
