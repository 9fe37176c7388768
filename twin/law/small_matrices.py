"""Arithmetic of small matrices, compiled: loops written out.

The matrices are so small that a call to a linear algebra library costs more than the arithmetic.
"""

from __future__ import annotations

import math

from numba import types
from numba.extending import overload

from .compiling import REORDERED, compiling
from .grid import Floats

compiled = compiling(fastmath=REORDERED)
"""Compile for speed: sums may be reordered."""
inlined = compiling(fastmath=REORDERED, inline="always")
"""As `compiled`, but written into the callers: handing over tables of many arrays costs time."""


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
        for k in range(i):
            f = a[i, k]
            for c in range(x.shape[1]):
                x[i, c] -= f * x[k, c]
        f = 1 / a[i, i]
        for c in range(x.shape[1]):
            x[i, c] *= f


@compiled
def backward_solve(a: Floats, n: int, x: Floats) -> None:
    """Overwrite columns of x[:n] by the solution of L' y = x."""
    for i in range(n - 1, -1, -1):
        f = 1 / a[i, i]
        for c in range(x.shape[1]):
            x[i, c] *= f
        for k in range(i):
            f = a[i, k]
            for c in range(x.shape[1]):
                x[k, c] -= f * x[i, c]


@compiled
def invert_factor(a: Floats, n: int, inverse: Floats) -> None:
    """Fill the lower triangle of inverse[:n, :n] by that of L^-1; what is above stays as it is."""
    for i in range(n):
        for c in range(i):
            inverse[i, c] = 0.0
        inverse[i, i] = 1.0
        for k in range(i):
            f = a[i, k]
            for c in range(k + 1):
                inverse[i, c] -= f * inverse[k, c]
        f = 1 / a[i, i]
        for c in range(i + 1):
            inverse[i, c] *= f


@compiled
def gram(a: Floats, n: int, product: Floats) -> None:
    """Fill product[:n, :n] by L' L."""
    for i in range(n):
        for c in range(i + 1):
            product[i, c] = 0.0
    for k in range(n):
        for i in range(k + 1):
            f = a[k, i]
            for c in range(i + 1):
                product[i, c] += f * a[k, c]
    for i in range(n):
        for c in range(i):
            product[c, i] = product[i, c]


@compiled
def multiply_transposed(a: Floats, n: int, x: Floats, product: Floats) -> None:
    """Fill product[:n] by L' x."""
    for i in range(n):
        for c in range(x.shape[1]):
            product[i, c] = 0.0
        for k in range(i, n):
            f = a[k, i]
            for c in range(x.shape[1]):
                product[i, c] += f * x[k, c]
