"""Conditions and sums that a scenario's file states about people: read, checked, worked out.

They are parsed into a tree of our own; nothing of a file is ever run.
"""

from .check import Kinds, problems
from .field import Condition, Quantity
from .parse import parse
from .tree import Expression, Values

__all__ = ["Condition", "Expression", "Kinds", "Quantity", "Values", "parse", "problems"]
