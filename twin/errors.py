"""What is wrong with an input, said so that a person can put it right.

Everything that enters (cohort files, mappings, priors, scenarios, configuration) is checked at
the door. A check collects every `Problem` it finds and raises them together as one `InputError`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from priors.near import nearest

NO_OUTCOME = "is not an outcome of the cohort"
"""Rule that a name offends against, see `check_names`."""

_LINES_SHOWN = 20  # more than a screenful hides the first cause from the reader
_ROWS_SHOWN = 8  # enough to find the pattern in a file
_VALUE_WIDTH = 60  # a whole nested table printed as "the value" helps nobody


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong, and how to put it right.

    Parameters
    ----------
    where
        File as the user named it.
    rule
        What has to hold, as the rest of a sentence about the value: ``"must be 0 to 10"``.
    row
        Line of the file counted from 1, the header included; None where no single row is meant.
    column
        Column of a table or dotted key of a YAML file.
    value
        The offending value as it stands in the file; None where there is none to show.
    remedy
        The way out, as one or more whole sentences.
    """

    where: str
    rule: str
    row: int | None = None
    column: str | None = None
    value: object = None
    remedy: str = ""

    def __str__(self) -> str:
        return _line([self])


class InputError(Exception):
    """An input cannot be used; `problems` lists everything found wrong with it.

    ``str()`` is one readable message: problems that differ only in row and value share a line,
    and lines beyond the first twenty are counted, not printed.

    Examples
    --------
    >>> print(InputError([Problem("visits.csv", "must be 0 to 10", 7, "pain", "11")]))
    visits.csv, row 7: pain = 11 must be 0 to 10.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(self.problems)

    def __str__(self) -> str:
        alike: dict[tuple[object, ...], list[Problem]] = {}
        for problem in self.problems:
            # Without a row there is no pattern of rows to show: keep such problems apart.
            single = None if problem.row is not None else str(problem.value)
            key = (problem.where, problem.column, problem.rule, problem.remedy, single)
            alike.setdefault(key, []).append(problem)
        lines = [_line(group) for group in alike.values()]
        if len(lines) == 1:
            return lines[0]
        more = len(lines) - _LINES_SHOWN
        shown = [f"  - {line}" for line in lines[:_LINES_SHOWN]]
        tail = [f"  ... and {more} more"] if more > 0 else []
        return "\n".join([f"{len(self.problems)} problems in the input:", *shown, *tail])


def from_validation(error: ValidationError, where: str, model: type[BaseModel]) -> InputError:
    """Turn what pydantic found wrong with a document into an `InputError`.

    Parameters
    ----------
    error
        Raised when the document was validated as `model`.
    where
        File (or other name) under which the user knows the document.
    model
        The model validated against; its field names are offered in place of unknown keys.
    """
    return InputError(_from_detail(detail, where, model) for detail in error.errors())


def check_names(
    key: str,
    chosen: Collection[str],
    known: Collection[str],
    rule: str = NO_OUTCOME,
    source: str = "configuration",
) -> None:
    """Refuse names that are not known.

    Parameters
    ----------
    key
        Where they stand in the configuration, as ``report.important_change``.
    chosen
        The names.
    known
        Those that there are.
    rule
        What an unknown one offends against.
    source
        What they were given in.

    Raises
    ------
    InputError
        Naming each unknown one, and the nearest that is known.
    """
    told = f"There are {', '.join(known)}."
    problems = [
        Problem(source, rule, column=key, value=name, remedy=told + nearest(name, known))
        for name in chosen
        if name not in known
    ]
    if problems:
        raise InputError(problems)


def _from_detail(detail: ErrorDetails, where: str, model: type[BaseModel]) -> Problem:
    path = detail["loc"]
    key = ".".join(str(part) for part in path) or None
    context = detail.get("ctx", {})
    match detail["type"]:
        case "extra_forbidden":
            keys = _keys_at(model, path[:-1])
            remedy = f"Keys: {', '.join(keys)}.{nearest(path[-1], keys)}" if keys else ""
            return Problem(where, "is not a known key", column=key, remedy=remedy)
        case "missing":
            options = [str(option) for option in _options(_annotation(model, path))]
            remedy = f"Options: {', '.join(options)}." if options else ""
            return Problem(where, "is required", column=key, remedy=remedy)
        case "value_error":
            # A rule about a whole table carries its own nouns; printing the table adds noise.
            given = None if isinstance(detail["input"], Mapping) else detail["input"]
            return Problem(where, str(context["error"]), column=key, value=given)
        case _:
            rule = detail["msg"].replace("Input should", "must")
            options = re.findall(r"'([^']*)'", str(context.get("expected", "")))
            hint = nearest(detail["input"], options).strip()
            return Problem(where, rule, column=key, value=detail["input"], remedy=hint)


def _keys_at(model: type[BaseModel], path: Sequence[int | str]) -> list[str]:
    """Names of the fields that the model has at a path of keys; empty where it has no fields."""
    return [key for found in _models(_annotation(model, path)) for key in found.model_fields]


def _annotation(model: type[BaseModel], path: Sequence[int | str]) -> Any:
    """Annotation of what the model has at a path of keys; None where it has nothing."""
    annotation: Any = model
    for part in path:
        annotation = _inside(annotation, part)
    return annotation


def _options(annotation: Any) -> tuple[Any, ...]:
    return get_args(annotation) if get_origin(annotation) is Literal else ()


def _models(annotation: Any) -> list[type[BaseModel]]:
    if get_origin(annotation) in (Union, UnionType, Annotated):
        return [model for part in get_args(annotation) for model in _models(part)]
    is_model = isinstance(annotation, type) and issubclass(annotation, BaseModel)
    return [annotation] if is_model else []


def _inside(annotation: Any, part: int | str) -> Any:
    """Annotation of what lies under one key (or index) of something so annotated."""
    for model in _models(annotation):
        if part in model.model_fields:
            return model.model_fields[str(part)].annotation
    if get_origin(annotation) in (Union, UnionType, Annotated):
        found = (_inside(inner, part) for inner in get_args(annotation))
        return next((inner for inner in found if inner is not None), None)
    inner = get_args(annotation)
    if not inner:
        return None
    return inner[-1] if isinstance(part, str) else inner[0]


def _line(alike: Sequence[Problem]) -> str:
    """One sentence for problems that differ in nothing but row and value."""
    first = alike[0]
    rows = [str(problem.row) for problem in alike if problem.row is not None]
    place = first.where
    if rows:
        place += f", {'row' if len(rows) == 1 else 'rows'} {_listed(rows)}"
    values = [_shown(problem.value) for problem in alike if problem.value is not None]
    subject = _listed(values)
    if first.column is not None:
        subject = f"{first.column} = {subject}" if values else f"'{first.column}'"
    stop = "" if first.rule.endswith((".", "?")) else "."
    said = f"{subject} {first.rule}{stop}" if subject else f"{first.rule}{stop}"
    return f"{place}: {said} {first.remedy}".rstrip()


def _listed(items: Sequence[str]) -> str:
    more = len(items) - _ROWS_SHOWN
    listed = ", ".join(items[:_ROWS_SHOWN])
    return f"{listed} and {more} more" if more > 0 else listed


def _shown(value: object) -> str:
    """Numbers bare, words in quotes, long values cut."""
    try:
        shown = str(value) if math.isfinite(float(str(value))) else repr(value)
    except ValueError:
        shown = repr(value)
    return shown if len(shown) <= _VALUE_WIDTH else f"{shown[: _VALUE_WIDTH - 3]}..."
