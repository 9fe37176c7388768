"""From text to a tree: what a file may say, and why the rest is refused."""

from __future__ import annotations

import ast
import math

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
)

_ARITHMETIC = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}
_COMPARISONS = {
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
}
_LONGEST, _DEEPEST = 500, 20
_ALLOWED = (
    "An expression is made of names, numbers, words in quotes, + - * /, comparisons, in, and, or, "
    "not and brackets"
)


def parse(text: str) -> Expression:
    """Read an expression.

    Parameters
    ----------
    text
        Such as ``age >= 65 and work in ['restricted', 'sick_listed']``. Python's own parser cuts
        it into pieces; the pieces that are allowed become a tree of ours, and nothing is run.

    Raises
    ------
    ValueError
        If it is no expression, holds something that is not allowed, or is longer than 500
        characters or deeper than 20 brackets.
    """
    said = " ".join(text.split())
    if not said:
        raise ValueError("must not be empty")
    if len(said) > _LONGEST:
        raise ValueError(f"is {len(said)} characters long; at most {_LONGEST} are read")
    try:
        tree = ast.parse(said, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ValueError(f"is no expression: {said!r}. {_ALLOWED}") from error
    return Expression(said, _node(tree.body, 0))


def _node(given: ast.expr, depth: int) -> Node:
    if depth > _DEEPEST:
        raise ValueError(f"is nested deeper than {_DEEPEST} levels")

    def inside(inner: ast.expr) -> Node:
        return _node(inner, depth + 1)

    match given:
        case ast.Name(id=name):
            return Name(name)
        case ast.Constant(value=str() as word):
            return Word(word)
        case ast.Constant(value=bool() as truth):
            return Number(float(truth))
        case ast.Constant(value=int() | float() as number) if _is_finite(number):
            return Number(float(number))
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return Not(inside(operand))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return Negative(inside(operand))
        case ast.BinOp(op=op, left=left, right=right) if type(op) in _ARITHMETIC:
            return Arithmetic(_ARITHMETIC[type(op)], inside(left), inside(right))
        case ast.BoolOp(op=ast.And(), values=values):
            return AllOf(tuple(map(inside, values)))
        case ast.BoolOp(values=values):
            return AnyOf(tuple(map(inside, values)))
        case ast.Compare(left=left, ops=ops, comparators=others):
            sides = [left, *others]
            each = [_compared(op, sides[i], sides[i + 1], depth) for i, op in enumerate(ops)]
            return each[0] if len(each) == 1 else AllOf(tuple(each))
        case _:
            raise ValueError(f"holds {ast.unparse(given)!r}, which is not allowed. {_ALLOWED}")


def _compared(op: ast.cmpop, left: ast.expr, right: ast.expr, depth: int) -> Node:
    if type(op) in _COMPARISONS:
        sides = _node(left, depth + 1), _node(right, depth + 1)
        return Comparison(_COMPARISONS[type(op)], *sides)
    if (
        isinstance(op, ast.In | ast.NotIn)
        and isinstance(right, ast.List | ast.Tuple)
        and right.elts
    ):
        one = _node(left, depth + 1)
        each = tuple(Comparison("==", one, _node(entry, depth + 1)) for entry in right.elts)
        return Not(AnyOf(each)) if isinstance(op, ast.NotIn) else AnyOf(each)
    said = f"{ast.unparse(left)} ... {ast.unparse(right)}"
    raise ValueError(f"compares {said!r} in a way that is not allowed. {_ALLOWED}")


def _is_finite(number: float) -> bool:
    try:
        return math.isfinite(number)
    except OverflowError:
        return False
