"""One published figure, or the absence of one, as data that can be checked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, model_validator
from pydantic_core import PydanticCustomError

from .evidence_error import broken
from .quantities import (
    ABOVE_ZERO,
    NEITHER,
    WITHOUT_NUMBER,
    Caution,
    Quantity,
    Status,
    Use,
    limits,
)
from .sources import TO_BE_VERIFIED, Confidence, Text

_LEVEL = 0.95  # what medical journals mean by an interval that states no level


class Comparison(BaseModel):
    """The two arms of a contrast, which is treatment less control, or treatment over control."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    treatment: Text
    control: Text


class EvidenceRecord(BaseModel):
    """One figure of one work.

    Numbers have the value and the sign that were printed, in the unit that was printed: a share
    printed as 52 % is 52 in unit ``percent``.

    Attributes
    ----------
    key
        Readable name, unique among all records.
    row
        Row of the collected material; several records may come from one.
    quantity
        What kind of figure it is. ``direction`` and ``fact`` have no number.
    what
        The figure in words.
    instrument
        Name in the catalogue of instruments; None where no score is concerned, or one on a scale
        that the catalogue lacks, which `unit` then names.
    other_instrument
        The second of a correlation or a mapping.
    covariate
        What a ratio or slope is by.
    group
        Arm or subgroup that a figure of one group belongs to.
    comparison
        Arms of a contrast.
    weeks
        Time since the start, a month being 52/12 weeks.
    time_as_published
        The same in the words of the publication.
    unit
        Of estimate, ends and SD.
    estimate
        None only for a gap, a direction, a fact, or where only a range is known.
    lower, upper
        Ends of the interval; one of them is None where it could not be read, and `note` says so.
    interval
        ``confidence``; ``iqr``, the middle half of several values; or ``range``, all of them.
    level
        Of a confidence interval; 0.95 where none is printed.
    sd
        Standard deviation between people, of a mean or mean change.
    n
        People, or people by arm.
    favours
        Arm that a contrast favours, or ``neither``; None where not printed or not certain.
    sign
        Which way a covariate or a difference goes, where only that is known.
    source
        Key of the work; None only for a gap.
    also_in
        Further works that the row names for the same figure.
    status
        Read on a page; recalled, that is, not seen and to be verified; derived from a figure that
        was read; computed from individual records; or a gap: looked for, and not found.
    confidence
        High, medium or low; None where not collected.
    use
        What it may be used for. A prior may not rest on what is for ``validation`` alone.
    caution
        How the collected material restrains the use.
    note
        What a user has to know besides; of a gap, what was found instead.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    row: Annotated[str, Field(pattern=r"^\d+\.\d+$")]
    quantity: Quantity
    what: Text
    instrument: Text | None = None
    other_instrument: Text | None = None
    covariate: Text | None = None
    group: Text | None = None
    comparison: Comparison | None = None
    weeks: Annotated[FiniteFloat, Field(ge=0)] | None = None
    time_as_published: Text | None = None
    unit: Text | None = None
    estimate: FiniteFloat | None = None
    lower: FiniteFloat | None = None
    upper: FiniteFloat | None = None
    interval: Literal["confidence", "iqr", "range"] | None = None
    level: Annotated[float, Field(gt=0, lt=1)] | None = None
    sd: Annotated[FiniteFloat, Field(gt=0)] | None = None
    n: int | Mapping[str, int] | None = None
    favours: Text | None = None
    sign: Literal["positive", "negative", "none"] | None = None
    source: Text | None = None
    also_in: tuple[Text, ...] = ()
    status: Status
    confidence: Confidence | None = None
    use: tuple[Use, ...]
    caution: Caution | None = None
    note: Text | None = None

    @model_validator(mode="before")
    @classmethod
    def _an_interval_is_one_of_confidence_where_nothing_else_is_said(cls, given: Any) -> Any:
        if not isinstance(given, Mapping) or not ({"lower", "upper"} & given.keys()):
            return given
        filled = {"interval": "confidence", **given}
        return {"level": _LEVEL, **filled} if filled["interval"] == "confidence" else filled

    @model_validator(mode="after")
    def _keeps_the_rules(self) -> Self:
        for error in _broken_rules(self):
            raise error  # the first: what follows may only be its consequence
        return self

    @property
    def mark(self) -> str:
        """Where the figure stands, as it has to be printed beside it."""
        return TO_BE_VERIFIED if self.status == "recalled" else self.status

    @property
    def value(self) -> str:
        """The figure with its interval, SD and unit, as text."""
        if self.status == "gap":
            return "not found"
        parts = [] if self.estimate is None else [f"{self.estimate:g}"]
        if self.sd is not None:
            parts.append(f"(SD {self.sd:g})")
        if self.interval is not None:
            ends = " to ".join("?" if end is None else f"{end:g}" for end in _ends(self))
            kind = "" if self.interval == "confidence" else f"{self.interval} "
            parts.append(f"({kind}{ends})")
        if self.unit is not None:
            parts.append(self.unit)
        if self.favours is not None:
            parts.append(f"favours {self.favours}")
        if self.sign is not None:
            parts.append(f"sign {self.sign}")
        return " ".join(parts)

    def __str__(self) -> str:
        time = f", {self.time_as_published}" if self.time_as_published else ""
        said = ": ".join(part for part in (self.what, self.value) if part)
        return f"{said}{time} [{self.mark}]"


def _ends(record: EvidenceRecord) -> tuple[float | None, float | None]:
    return record.lower, record.upper


def _broken_rules(record: EvidenceRecord) -> Iterator[PydanticCustomError]:
    yield from _presence(record)
    yield from _limits(record)
    yield from _people(record)
    yield from _interval(record)
    yield from _arms(record)
    yield from _standing(record)


def _presence(record: EvidenceRecord) -> Iterator[PydanticCustomError]:
    """What has a number, and what has none."""
    lower, upper = _ends(record)
    given = {"estimate": record.estimate, "lower": lower, "upper": upper, "sd": record.sd}
    named = [field for field, value in given.items() if value is not None]
    if record.status == "gap" or record.quantity in WITHOUT_NUMBER:
        kind = "a gap" if record.status == "gap" else f"a {record.quantity}"
        for field in named:
            rule = f"must be absent: {kind} has no number"
            yield broken(field, rule, given[field], "Give it another quantity or status.")
    elif record.estimate is None and (record.interval != "range" or None in (lower, upper)):
        remedy = "Without an estimate give a range with both ends, or status: gap."
        yield broken("estimate", "is required: what is no gap has a number", remedy=remedy)
    if named and record.unit is None:
        yield broken("unit", "is required beside a number")
    if record.status == "gap" and record.note is None:
        yield broken("note", "must say of a gap what was found instead of a number")
    one_way = record.favours is not None or record.sign is not None
    if record.quantity == "direction" and record.status != "gap" and not one_way:
        yield broken("favours", "is required of a direction", remedy="Or give its sign.")


def _limits(record: EvidenceRecord) -> Iterator[PydanticCustomError]:
    """What a quantity of that kind can be."""
    lowest, highest = limits(record.quantity, record.unit)
    above_zero = record.quantity in ABOVE_ZERO
    for field in ("estimate", "lower", "upper"):
        value = getattr(record, field)
        if value is None:
            continue
        if above_zero and value <= 0:
            yield broken(field, f"must be above 0: it is a {record.quantity}", value)
        if not lowest <= value <= highest:
            rule = f"must be {lowest:g} to {highest:g}: it is a {record.quantity}"
            yield broken(field, f"{rule} in {record.unit}", value)


def _people(record: EvidenceRecord) -> Iterator[PydanticCustomError]:
    numbers = record.n.values() if isinstance(record.n, Mapping) else (record.n,)
    for number in numbers:
        if number is not None and number < 1:
            yield broken("n", "must be 1 or more: it is a number of people", number)


def _interval(record: EvidenceRecord) -> Iterator[PydanticCustomError]:
    lower, upper = _ends(record)
    if lower is None and upper is None:
        for field in ("interval", "level"):
            if getattr(record, field) is not None:
                yield broken(field, "is said of an interval, of which there is none")
        return
    if record.interval != "confidence" and record.level is not None:
        yield broken("level", f"must be absent: it is a {record.interval}", record.level)
    if lower is None or upper is None:
        if record.note is None:
            yield broken("note", "must say why an interval has only one end")
    elif lower > upper:
        yield broken("lower", f"must not be above upper, which is {upper:g}", lower)
    if record.estimate is None:
        return
    below = lower is not None and record.estimate < lower
    if below or (upper is not None and record.estimate > upper):
        ends = " to ".join("unknown" if end is None else f"{end:g}" for end in (lower, upper))
        remedy = "Look up which of the three was taken down wrongly."
        yield broken("estimate", f"must lie in its interval, {ends}", record.estimate, remedy)


def _arms(record: EvidenceRecord) -> Iterator[PydanticCustomError]:
    if record.favours is not None:
        if record.comparison is None:
            yield broken("comparison", "is required: favours names one of its arms")
        else:
            arms = (record.comparison.treatment, record.comparison.control, NEITHER)
            if record.favours not in arms:
                yield broken("favours", f"must be one of {', '.join(arms)}", record.favours)
    if record.weeks is not None and record.time_as_published is None:
        yield broken("time_as_published", "is required beside weeks")


def _standing(record: EvidenceRecord) -> Iterator[PydanticCustomError]:
    """Where it comes from, and what it is for."""
    if record.status == "gap":
        return
    if record.source is None:
        yield broken("source", "is required", remedy="Only a gap may have none.")
    if not record.use:
        yield broken("use", "must name at least one use", remedy="Only a gap may have none.")
