"""Records of evidence against a second reading of the table that they were entered from.

`evidence_second_reading.yaml` says what each row of the table prints, read without looking at the
records. A record may write a percentage as a share, and may turn a sign round if it says so.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Protocol, cast

import pytest
import yaml

from priors.evidence import load_evidence

READING = Path(__file__).with_name("evidence_second_reading.yaml")
KEYS = {"status", "also", "use", "numbers", "intervals", "with_sd", "counts"}
STATUSES = {"read", "recalled", "derived", "computed", "gap"}
MADE = {"derived", "computed"}
SCALES = (1.0, 0.01, 100.0)  # as printed, a percentage as a share, a share as a percentage
TOLERANCE = 1e-9

type Values = tuple[float, ...]


class Record(Protocol):
    """What is asked here of a record."""

    @property
    def row(self) -> str: ...
    @property
    def status(self) -> str: ...
    @property
    def estimate(self) -> float | None: ...
    @property
    def lower(self) -> float | None: ...
    @property
    def upper(self) -> float | None: ...
    @property
    def sd(self) -> float | None: ...
    @property
    def n(self) -> int | Mapping[str, int] | Iterable[int] | None: ...


class Row:
    """What one row of the table prints."""

    def __init__(self, read: dict[str, object]) -> None:
        assert read.keys() <= KEYS, f"not known: {sorted(read.keys() - KEYS)}"
        self.status = str(read["status"])
        self.statuses = {self.status, str(read.get("also", self.status))}
        self.use = cast("list[str]", read["use"])
        self.numbers = tuple(map(float, cast("list[float]", read.get("numbers", []))))
        self.intervals = grouped(read.get("intervals", []))
        self.with_sd = grouped(read.get("with_sd", []))
        self.counts = cast("list[int]", read.get("counts", []))


def grouped(lists: object) -> list[Values]:
    return [tuple(map(float, one)) for one in cast("list[list[float]]", lists)]


def rows() -> dict[str, Row]:
    read = yaml.safe_load(READING.read_text("utf-8"))
    return {row: Row(one) for row, one in read.items()}


ROWS = rows()


@pytest.fixture(scope="module")
def records() -> list[Record]:
    """Return the figures, of which there must be some for any test here to mean anything.

    Gaps hold none, and may stand for rows that are context only.
    """
    every = cast("list[Record]", list(load_evidence().records))
    found = [record for record in every if record.status != "gap"]
    assert found
    return found


def printed(values: Values, among: Iterable[Values]) -> bool:
    """Whether `values` stand together among those printed, all on one scale."""
    return any(
        len(one) == len(values)
        and all(
            abs(value - scale * number) <= TOLERANCE
            for value, number in zip(values, one, strict=True)
        )
        for one in among
        for scale in SCALES
    )


def alone(numbers: Iterable[float]) -> list[Values]:
    return [(number,) for number in numbers]


def less_than(record: Record) -> bool:
    """Whether the record is of a number that is printed as an upper bound alone."""
    return record.estimate is None and record.lower == 0


def unprinted(record: Record, row: Row) -> dict[str, float]:
    """Return the record's values, by name, that its row does not print."""
    fields = {
        "estimate": record.estimate,
        "lower": None if less_than(record) else record.lower,
        "upper": record.upper,
        "sd": record.sd,
    }
    return {
        name: value
        for name, value in fields.items()
        if value is not None and not printed((value,), alone(row.numbers))
    }


def interval_is_printed(record: Record, row: Row) -> bool:
    """Whether the row prints the record's interval, around its estimate if it has one."""
    if record.lower is None or record.upper is None or less_than(record):
        return True
    if record.estimate is None:  # a range without an estimate: two numbers side by side
        return printed((record.lower, record.upper), pairwise(row.numbers))
    return printed((record.estimate, record.lower, record.upper), row.intervals)


def sd_is_printed(record: Record, row: Row) -> bool:
    """Whether the row prints the record's SD with its mean, where it prints any so."""
    if record.estimate is None or record.sd is None or not row.with_sd:
        return True
    return printed((record.estimate, record.sd), row.with_sd)


def counted(record: Record) -> list[int]:
    """Return the record's numbers of people, studies or clinics."""
    if record.n is None:
        return []
    if isinstance(record.n, int):
        return [record.n]
    return list(record.n.values() if isinstance(record.n, Mapping) else record.n)


def known(records: list[Record]) -> Iterator[tuple[Record, Row]]:
    """Yield the records of rows that were read, with their rows."""
    for record in records:
        if record.row in ROWS:
            yield record, ROWS[record.row]


def described(record: Record) -> str:
    return (
        f"row {record.row}: {record.estimate} ({record.lower} to {record.upper}), "
        f"SD {record.sd}, n {record.n}, {record.status}"
    )


def failing(records: list[Record], holds: Callable[[Record, Row], bool]) -> str:
    """Return the records for which something does not hold, one a line."""
    return "\n".join(described(record) for record, row in known(records) if not holds(record, row))


def test_the_second_reading_agrees_with_itself() -> None:
    assert ROWS
    for name, row in ROWS.items():
        assert row.statuses <= STATUSES, name
        assert row.use, name
        assert set(row.use) <= set("PSV"), name
        assert all(isinstance(count, int) and count > 0 for count in row.counts), name
        for estimate, lower, upper in row.intervals:
            assert lower <= estimate <= upper, name
        for _, sd in row.with_sd:
            assert sd > 0, name
        for values in (*row.intervals, *row.with_sd):
            assert set(values) <= set(row.numbers), f"row {name}: {values}"


def test_every_record_is_of_a_row_that_was_read(records: list[Record]) -> None:
    assert {record.row for record in records} <= ROWS.keys()


def test_every_row_that_is_not_a_gap_has_a_record(records: list[Record]) -> None:
    wanted = {name for name, row in ROWS.items() if row.status != "gap"}
    missing = wanted - {record.row for record in records}
    assert not missing, sorted(missing)


def test_every_status_is_that_of_its_row(records: list[Record]) -> None:
    wrong = failing(records, lambda record, row: record.status in row.statuses)
    assert not wrong, wrong


def test_every_value_that_was_not_derived_is_printed_in_its_row(records: list[Record]) -> None:
    wrong = [
        f"{described(record)}: not printed: {missing}"
        for record, row in known(records)
        if record.status not in MADE and (missing := unprinted(record, row))
    ]
    assert not wrong, "\n".join(wrong)


def test_every_interval_that_was_not_derived_is_printed_around_its_estimate(
    records: list[Record],
) -> None:
    wrong = failing(
        records, lambda record, row: record.status in MADE or interval_is_printed(record, row)
    )
    assert not wrong, wrong


def test_every_sd_that_was_not_derived_is_printed_with_its_mean(records: list[Record]) -> None:
    wrong = failing(
        records, lambda record, row: record.status in MADE or sd_is_printed(record, row)
    )
    assert not wrong, wrong


def test_values_beyond_what_is_printed_are_of_rows_that_derive_some(records: list[Record]) -> None:
    beyond = [
        record for record, row in known(records) if record.status in MADE and unprinted(record, row)
    ]
    elsewhere = {record.row for record in beyond if not ROWS[record.row].statuses & MADE}
    assert not elsewhere, (
        f"{len(beyond)} derived or computed records hold values that are not printed; the table "
        f"derives or computes nothing in rows {sorted(elsewhere)}"
    )


def test_every_number_of_people_studies_or_clinics_is_printed(records: list[Record]) -> None:
    """A record may repeat the size of its trial or sample from another row."""
    counts = {count for row in ROWS.values() for count in row.counts}
    wrong = failing(records, lambda record, row: set(counted(record)) <= counts)
    assert not wrong, wrong
