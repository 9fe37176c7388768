"""The tree of an expression, and its value.

What is not known of somebody is NaN, or the empty word. A comparison with it is neither true nor
false but unknown, which is NaN too; ``unknown and false`` is false, ``unknown or true`` is true.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

type Value = NDArray[Any]
"""Numbers, truths (1, 0, NaN for unknown) or words, of any shape."""
type Values = Mapping[str, Value]
"""What is known of people, by name."""

ARITHMETIC: Mapping[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
}
COMPARISONS: Mapping[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
UNKNOWN_WORD = ""


@dataclass(frozen=True)
class Number:
    """A number that was typed."""

    value: float


@dataclass(frozen=True)
class Word:
    """A word in quotes."""

    value: str


@dataclass(frozen=True)
class Name:
    """Something that is known of people."""

    name: str


@dataclass(frozen=True)
class Negative:
    """The negative of a number."""

    of: Node


@dataclass(frozen=True)
class Arithmetic:
    """A sum, difference, product or quotient."""

    sign: str
    left: Node
    right: Node


@dataclass(frozen=True)
class Comparison:
    """Two things compared."""

    sign: str
    left: Node
    right: Node


@dataclass(frozen=True)
class Not:
    """The opposite."""

    of: Node


@dataclass(frozen=True)
class AllOf:
    """Several conditions, joined by ``and``."""

    parts: tuple[Node, ...]


@dataclass(frozen=True)
class AnyOf:
    """Several conditions, joined by ``or``."""

    parts: tuple[Node, ...]


type Node = Number | Word | Name | Negative | Arithmetic | Comparison | Not | AllOf | AnyOf


@dataclass(frozen=True)
class Expression:
    """An expression: as it was written, and its tree.

    Attributes
    ----------
    text
        As it stands in the file, blanks made one.
    root
        What it means.

    Examples
    --------
    >>> from scenarios.expression import parse
    >>> old = parse("age >= 65 and not female")
    >>> old.holds({"age": np.array([70, 70, np.nan]), "female": np.array([0, 1, 0])})
    array([ True, False, False])
    """

    text: str
    root: Node

    def __str__(self) -> str:
        return self.text

    @property
    def names(self) -> tuple[str, ...]:
        """Names that it reads, in order, each once."""
        return tuple(dict.fromkeys(one.name for one in nodes(self.root) if isinstance(one, Name)))

    def evaluate(self, values: Values) -> Value:
        """Return its value: numbers, or truths with NaN for unknown."""
        return value(self.root, values)

    def holds(self, values: Values) -> NDArray[np.bool_]:
        """Return where it is known to be true."""
        return np.asarray(truth(self.evaluate(values)) == 1.0)


def value(node: Node, values: Values) -> Value:
    """Work out a node, given what is known of people; a division by zero is unknown."""
    match node:
        case Number(value=typed) | Word(value=typed):
            return np.asarray(typed)
        case Name(name=name):
            return values[name]
        case Negative(of=of):
            return np.asarray(-value(of, values))
        case Not(of=of):
            return np.asarray(1.0 - truth(value(of, values)))
        case Arithmetic(sign=sign, left=left, right=right):
            with np.errstate(divide="ignore", invalid="ignore"):
                sides = value(left, values), value(right, values)
                found = np.asarray(ARITHMETIC[sign](*sides), dtype=float)
            return np.where(np.isfinite(found), found, np.nan)
        case Comparison(sign=sign, left=left, right=right):
            one, other = value(left, values), value(right, values)
            holds = np.asarray(COMPARISONS[sign](one, other), dtype=float)
            return np.where(_known(one) & _known(other), holds, np.nan)
        case AllOf(parts=parts):
            return _joined([value(part, values) for part in parts], decisive=0.0)
        case AnyOf(parts=parts):
            return _joined([value(part, values) for part in parts], decisive=1.0)


def nodes(root: Node) -> Iterator[Node]:
    """Yield a node and everything below it, in the order of the text."""
    yield root
    for below in children(root):
        yield from nodes(below)


def children(node: Node) -> tuple[Node, ...]:
    """Return what lies directly below a node."""
    match node:
        case Negative(of=of) | Not(of=of):
            return (of,)
        case Arithmetic(left=left, right=right) | Comparison(left=left, right=right):
            return (left, right)
        case AllOf(parts=parts) | AnyOf(parts=parts):
            return parts
        case _:
            return ()


def truth(value: Value) -> Value:
    """Return numbers as truths: 0 is false, NaN unknown, every other number true."""
    number = np.asarray(value, dtype=float)
    return np.where(np.isnan(number), np.nan, (number != 0).astype(float))


def _known(value: Value) -> NDArray[np.bool_]:
    array = np.asarray(value)
    return np.asarray(array != UNKNOWN_WORD if array.dtype.kind in "UO" else ~np.isnan(array))


def _joined(parts: list[Value], decisive: float) -> Value:
    """Join by ``and``, which one false decides, or by ``or``, which one true does."""
    found, *others = map(truth, parts)
    for other in others:
        decided = (found == decisive) | (other == decisive)
        unknown = np.isnan(found) | np.isnan(other)
        found = np.where(decided, decisive, np.where(unknown, np.nan, 1.0 - decisive))
    return found
