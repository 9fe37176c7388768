"""Whether an expression can be worked out for the people that there are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from priors.near import nearest

from .tree import (
    AllOf,
    AnyOf,
    Arithmetic,
    Comparison,
    Expression,
    Name,
    Negative,
    Node,
    Not,
    Number,
    Word,
    children,
)

type Kinds = Mapping[str, tuple[str, ...] | None]
"""Of each name that is known: None for a number, the words that it can be for a word."""


class Misfit(NamedTuple):
    """Something that an expression says and people lack."""

    value: str
    rule: str
    remedy: str


def problems(expression: Expression, kinds: Kinds) -> Iterator[Misfit]:
    """Yield what is wrong with an expression, given what is known of people.

    Parameters
    ----------
    expression
        The expression.
    kinds
        What is known of them.
    """
    yield from _of(expression.root, kinds)


def _of(node: Node, kinds: Kinds) -> Iterator[Misfit]:
    match node:
        case Name(name=name) if name not in kinds:
            yield Misfit(
                name,
                "is not known of these people",
                f"Known: {', '.join(kinds)}.{nearest(name, kinds)}",
            )
            return
        case Comparison():
            yield from _compared(node, kinds)
        case Arithmetic() | Negative():
            yield from _numbers(children(node), kinds, "be calculated with")
        case Not() | AllOf() | AnyOf():
            yield from _numbers(children(node), kinds, "be true or false")
        case _:
            pass
    for below in children(node):
        yield from _of(below, kinds)


def _compared(node: Comparison, kinds: Kinds) -> Iterator[Misfit]:
    words = [_words(side, kinds) for side in (node.left, node.right)]
    if (words[0] is None) != (words[1] is None):
        what = [_said(side) for side in (node.left, node.right)]
        which = ["words" if one is not None else "a number" for one in words]
        yield Misfit(
            f"{what[0]} {node.sign} {what[1]}",
            f"compares {which[0]} with {which[1]}",
            "Words stand in quotes, numbers do not.",
        )
        return
    if words[0] is None:
        return
    if node.sign not in ("==", "!="):
        yield Misfit(node.sign, "does not apply to words", "Write == or != or in.")
    for side, other in ((node.left, node.right), (node.right, node.left)):
        if isinstance(side, Word) and isinstance(other, Name) and other.name in kinds:
            known = kinds[other.name] or ()
            if side.value not in known:
                listed = f"{other.name} is one of {', '.join(known)}."
                yield Misfit(
                    side.value,
                    f"is nothing that {other.name} can be",
                    f"{listed}{nearest(side.value, known)}",
                )


def _numbers(parts: tuple[Node, ...], kinds: Kinds, what: str) -> Iterator[Misfit]:
    for part in parts:
        if _words(part, kinds) is not None:
            said = _said(part)
            yield Misfit(said, f"is a word and cannot {what}", f"Compare it: {said} == '...'.")


def _words(node: Node, kinds: Kinds) -> tuple[str, ...] | None:
    """Words that something can be; None where it is a number, or not known."""
    match node:
        case Word(value=value):
            return (value,)
        case Name(name=name):
            return kinds.get(name)
        case _:
            return None


def _said(node: Node) -> str:
    match node:
        case Name(name=name):
            return name
        case Word(value=value):
            return repr(value)
        case Number(value=value):
            return f"{value:g}"
        case _:
            return "a sum or condition"
