"""What is wrong with a file of evidence, said so that a person can put it right."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pydantic import ValidationError
from pydantic_core import PydanticCustomError

from .near import nearest

_VALUE_WIDTH = 60  # a whole record printed as "the value" helps nobody


@dataclass(frozen=True)
class Mistake:
    """One thing that is wrong in a file of evidence.

    Attributes
    ----------
    file
        As the user knows it.
    rule
        What has to hold, as the rest of a sentence about the value.
    key
        Of the record or source; empty where the file as a whole is meant.
    field
        Of the record; empty where the record as a whole is meant.
    value
        The offending value; None where there is none to show.
    remedy
        The way out, as whole sentences.
    """

    file: str
    rule: str
    key: str = ""
    field: str = ""
    value: object = None
    remedy: str = ""

    def __str__(self) -> str:
        place = f"{self.file}: {self.key}" if self.key else self.file
        shown = "" if self.value is None else _shown(self.value)
        subject = " = ".join(part for part in (self.field, shown) if part)
        said = f"{subject} {self.rule}" if subject else self.rule
        return f"{place}: {said}. {self.remedy}".rstrip()


class EvidenceError(ValueError):
    """Evidence cannot be used; `mistakes` lists everything found wrong with it.

    Examples
    --------
    >>> print(EvidenceError([Mistake("a.yaml", "must be above 0", "some_ratio", "estimate", -1)]))
    a.yaml: some_ratio: estimate = -1 must be above 0.
    """

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__(self.mistakes)

    def __str__(self) -> str:
        if len(self.mistakes) == 1:
            return str(self.mistakes[0])
        listed = "\n".join(f"  - {mistake}" for mistake in self.mistakes)
        return f"{len(self.mistakes)} mistakes in the evidence:\n{listed}"


def broken(field: str, rule: str, value: object = None, remedy: str = "") -> PydanticCustomError:
    """Return the error by which a validator says which field breaks which rule."""
    context = {"field": field, "rule": rule, "value": value, "remedy": remedy}
    return PydanticCustomError("evidence_rule", "{field} {rule}", context)


def mistakes(
    error: ValidationError, file: str, key: str, fields: Iterable[str]
) -> tuple[Mistake, ...]:
    """Return what pydantic found wrong with one entry of a file.

    Parameters
    ----------
    error
        Raised when the entry was validated.
    file, key
        Where the entry stands.
    fields
        Names that the entry may have, offered in place of unknown ones.
    """
    return tuple(_mistake(dict(detail), file, key, tuple(fields)) for detail in error.errors())


def _mistake(detail: dict[str, object], file: str, key: str, fields: tuple[str, ...]) -> Mistake:
    context = detail.get("ctx")
    given = context if isinstance(context, dict) else {}
    path = detail["loc"]
    field = ".".join(str(part) for part in path) if isinstance(path, tuple) else ""
    match detail["type"]:
        case "evidence_rule":
            named = (str(given[name]) for name in ("field", "rule"))
            field, rule = named
            return Mistake(file, rule, key, field, given["value"], str(given["remedy"]))
        case "extra_forbidden":
            remedy = f"Fields: {', '.join(fields)}.{nearest(field, fields)}"
            return Mistake(file, "is not a known field", key, field, remedy=remedy)
        case "missing":
            return Mistake(file, "is required", key, field)
        case _:
            rule = str(detail["msg"]).replace("Input should", "must")
            remedy = ""
            if field == "row":
                rule = "must be two whole numbers with a point between, in quotes"
                remedy = 'Write row: "1.10": without quotes it is the number 1.1.'
            elif "expected" in given:
                options = str(given["expected"]).replace("'", "").replace(" or ", ", ").split(", ")
                remedy = nearest(detail["input"], options).strip()
            return Mistake(file, rule, key, field, detail["input"], remedy)


def _shown(value: object) -> str:
    """Numbers bare, words in quotes, long values cut."""
    shown = f"{value:g}" if isinstance(value, int | float) else repr(value)
    return shown if len(shown) <= _VALUE_WIDTH else f"{shown[: _VALUE_WIDTH - 3]}..."
