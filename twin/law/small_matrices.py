"""Arithmetic of small matrices, compiled: loops written out.

The matrices are so small that a call to a linear algebra library costs more than the arithmetic.
"""

from __future__ import annotations

import math

from numba import njit, types
from numba.extending import overload

from .grid import Floats

compiled = njit(cache=True, error_model="numpy", fastmath={"reassoc", "contract", "arcp", "nsz"})
"""Compile, letting sums be reordered for speed but keeping infinities and NaN meaningful."""


def as_float(x: float) -> float:
    """Value of a number, or of an array without dims, as a symbolic graph passes one."""
    return float(x)


@overload(as_float)
def _as_float(x):  # type: ignore[no-untyped-def]  # numba compares this signature to the inner ones
    if isinstance(x, types.Array):
        return lambda x: x.item()
    return lambda x: float(x)  # noqa: PLW0108  (numba compiles no builtin as an overload)


@compiled
def cholesky(a: Floats, n: int) -> None:
    """Overwrite the lower triangle of a[:n, :n] by its Cholesky factor."""
    for j in range(n):
        s = a[j, j]
        for k in range(j):
            s -= a[j, k] * a[j, k]
        d = math.sqrt(s) if s > 0 else math.nan
        a[j, j] = d
        for i in range(j + 1, n):
            s = a[i, j]
            for k in range(j):
                s -= a[i, k] * a[j, k]
            a[i, j] = s / d


@compiled
def forward_solve(a: Floats, n: int, x: Floats) -> None:
    """Overwrite columns of x[:n] by the solution of L y = x."""
    for i in range(n):
        for c in range(x.shape[1]):
            s = x[i, c]
            for k in range(i):
                s -= a[i, k] * x[k, c]
            x[i, c] = s / a[i, i]


@compiled
def backward_solve(a: Floats, n: int, x: Floats) -> None:
    """Overwrite columns of x[:n] by the solution of L' y = x."""
    for i in range(n - 1, -1, -1):
        for c in range(x.shape[1]):
            s = x[i, c]
            for k in range(i + 1, n):
                s -= a[k, i] * x[k, c]
            x[i, c] = s / a[i, i]
