"""Laws in compiled loops: the table of operations on single numbers.

A law of this package is a function of a table of operations. Those marked `register_jitable` may be
called from compiled code with this table, so that a loop over people, draws and weeks steps by what
is written in `course` and `residual`, and by nothing else.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

from .compiling import compiling

_compiled = compiling()


class ScalarOps(NamedTuple):
    """The operations of `ops.ElementwiseOps`."""

    exp: Callable[[float], float]
    sqrt: Callable[[float], float]


@_compiled
def _exp(x: float) -> float:
    return math.exp(x)


@_compiled
def _sqrt(x: float) -> float:
    return math.sqrt(x)


SCALAR = ScalarOps(exp=_exp, sqrt=_sqrt)
"""Operations on numbers, for use in compiled code."""
