"""Words in a scenario's file, and numbers in what is printed of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, model_validator


class Frozen(BaseModel):
    """A part of a scenario: unchangeable, and without keys that nobody reads."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _is_a_mapping(cls, given: Any) -> Any:
        if not isinstance(given, cls | Mapping):
            raise ValueError(f"must be a mapping with keys such as {', '.join(cls.model_fields)}")
        return given


def _not_blank(given: str) -> str:
    if not given.strip():
        raise ValueError("must not be empty")
    return " ".join(given.split())


def _name(given: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_]*", given):
        raise ValueError("must be lower-case letters, digits and underscores, a letter first")
    return given


def _list(given: Any) -> Any:
    if not isinstance(given, list | tuple):
        raise ValueError("must be a list, whose entries begin with a dash; [] for none")
    return given


Text = Annotated[str, AfterValidator(_not_blank)]
Name = Annotated[str, AfterValidator(_name)]
IS_LIST = BeforeValidator(_list)
Names = Annotated[tuple[Name, ...], IS_LIST]


def number(value: float) -> str:
    """Two digits that matter, more where they stand before the point; no sign on zero.

    Examples
    --------
    >>> number(9.69), number(-0.0), number(156.0)
    ('9.7', '0', '156')
    """
    return f"{value + 0.0:.2g}" if abs(value) < 10 else f"{value:.0f}"


def fixed(value: float, decimals: int) -> str:
    """A number with so many decimals, without a sign on zero."""
    return f"{round(value, decimals) + 0.0:.{decimals}f}"


def weeks(value: float) -> str:
    """``1 week``, ``4 weeks``."""
    return f"{round(value, 1):g} week{'' if value == 1 else 's'}"
