"""Expressions as fields of what is read from files."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, InstanceOf, PlainSerializer

from .parse import parse
from .tree import AllOf, AnyOf, Comparison, Expression, Name, Not, Word


def _parsed(given: Any) -> Any:
    if isinstance(given, Expression):
        return given
    if isinstance(given, bool | int | float):
        given = str(given)
    if not isinstance(given, str):
        raise ValueError("must be an expression in words and numbers: age >= 65 and not female")
    return parse(given)


def _is_condition(given: Expression) -> Expression:
    if not isinstance(given.root, Comparison | Not | AllOf | AnyOf | Name):
        raise ValueError(f"is {given.text!r}, which is neither true nor false: compare it")
    return given


def _is_quantity(given: Expression) -> Expression:
    if isinstance(given.root, Word):
        raise ValueError(f"is the word {given.root.value!r}: give a number or a condition")
    return given


_Parsed = Annotated[InstanceOf[Expression], BeforeValidator(_parsed), PlainSerializer(str)]

Condition = Annotated[_Parsed, AfterValidator(_is_condition)]
"""Something that is true or false of people."""
Quantity = Annotated[_Parsed, AfterValidator(_is_quantity)]
"""A number about people; a condition counts 1 where it holds and 0 where it does not."""
