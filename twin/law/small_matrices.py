"""Arithmetic of small matrices, compiled: loops written out.

The matrices are so small that a call to a linear algebra library costs more than the arithmetic.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit, types
from numba.extending import overload

from .grid import Floats
from .work import N_TRANSIENT, TAYLOR

compiled = njit(cache=True, error_model="numpy", fastmath={"reassoc", "contract", "arcp", "nsz"})
"""Compile, letting sums be reordered for speed but keeping infinities and NaN meaningful."""

_TAYLOR = np.array(TAYLOR)
_S = N_TRANSIENT
_SMALL = 0.125
"""Largest total intensity at which the Taylor series of degree 8 is exact to rounding."""
MOST_SQUARINGS = 30
TAPE = 6 + MOST_SQUARINGS
"""Most matrices kept on the way to one exponential."""


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


@compiled
def _times(a: Floats, b: Floats, out: Floats) -> None:
    for i in range(_S):
        for j in range(_S):
            out[i, j] = a[i, 0] * b[0, j] + a[i, 1] * b[1, j] + a[i, 2] * b[2, j]


@compiled
def _add_times_transposed(a: Floats, b: Floats, out: Floats) -> None:
    """Add a b' to out."""
    for i in range(_S):
        for j in range(_S):
            out[i, j] += a[i, 0] * b[j, 0] + a[i, 1] * b[j, 1] + a[i, 2] * b[j, 2]


@compiled
def _add_transposed_times(a: Floats, b: Floats, out: Floats) -> None:
    """Add a' b to out."""
    for i in range(_S):
        for j in range(_S):
            out[i, j] += a[0, i] * b[0, j] + a[1, i] * b[1, j] + a[2, i] * b[2, j]


@compiled
def generator(log_intensity: Floats, exit_intensity: float, weeks: float, x: Floats) -> int:
    """Fill x with `work.transient_generator` times weeks, halved until small; return how often."""
    r0 = math.exp(log_intensity[0]) * weeks
    r1 = math.exp(log_intensity[1]) * weeks
    r2 = math.exp(log_intensity[2]) * weeks
    r3 = math.exp(log_intensity[3]) * weeks
    r4 = math.exp(log_intensity[4]) * weeks
    r5 = math.exp(log_intensity[5]) * weeks
    out = exit_intensity * weeks
    largest = max(r0 + r1, r3 + r2, r5 + r4 + out)
    halvings = 0
    while largest > _SMALL and halvings < MOST_SQUARINGS:
        largest *= 0.5
        halvings += 1
    f = 0.5**halvings
    x[0, 0] = -(r0 + r1) * f
    x[0, 1] = r0 * f
    x[0, 2] = r1 * f
    x[1, 0] = r3 * f
    x[1, 1] = -(r3 + r2) * f
    x[1, 2] = r2 * f
    x[2, 0] = r5 * f
    x[2, 1] = r4 * f
    x[2, 2] = -(r5 + r4 + out) * f
    return halvings


@compiled
def exponential(tape: Floats, halvings: int) -> None:
    """Fill the tape: 0 x, 1 x^2, 2 x^3, 3 x^4, 4 high part, then squarings up to 5 + halvings."""
    c = _TAYLOR
    _times(tape[0], tape[0], tape[1])
    _times(tape[1], tape[0], tape[2])
    _times(tape[1], tape[1], tape[3])
    for i in range(_S):
        for j in range(_S):
            one = 1.0 if i == j else 0.0
            tape[4, i, j] = (
                c[4] * one
                + c[5] * tape[0, i, j]
                + c[6] * tape[1, i, j]
                + c[7] * tape[2, i, j]
                + c[8] * tape[3, i, j]
            )
    _times(tape[3], tape[4], tape[5])
    for i in range(_S):
        for j in range(_S):
            one = 1.0 if i == j else 0.0
            tape[5, i, j] += one + tape[0, i, j] + c[2] * tape[1, i, j] + c[3] * tape[2, i, j]
    for s in range(halvings):
        _times(tape[5 + s], tape[5 + s], tape[6 + s])


@compiled
def exponential_gradient(
    tape: Floats, halvings: int, bar: Floats, x_bar: Floats, scratch: Floats
) -> None:
    """Carry the adjoint of the exponential (overwritten) back to the scaled generator."""
    c = _TAYLOR
    for s in range(halvings - 1, -1, -1):
        scratch[:] = 0.0
        _add_times_transposed(bar, tape[5 + s], scratch)
        _add_transposed_times(tape[5 + s], bar, scratch)
        bar[:] = scratch
    # result = I + x + c2 x2 + c3 x3 + x4 high
    high = np.zeros((_S, _S))
    x4 = np.zeros((_S, _S))
    _add_times_transposed(bar, tape[4], x4)
    _add_transposed_times(tape[3], bar, high)
    x2 = np.empty((_S, _S))
    x3 = np.empty((_S, _S))
    for i in range(_S):
        for j in range(_S):
            x4[i, j] += c[8] * high[i, j]
            x3[i, j] = c[3] * bar[i, j] + c[7] * high[i, j]
            x2[i, j] = c[2] * bar[i, j] + c[6] * high[i, j]
            x_bar[i, j] = bar[i, j] + c[5] * high[i, j]
    _add_times_transposed(x4, tape[1], x2)
    _add_transposed_times(tape[1], x4, x2)
    _add_times_transposed(x3, tape[0], x2)
    _add_transposed_times(tape[1], x3, x_bar)
    _add_times_transposed(x2, tape[0], x_bar)
    _add_transposed_times(tape[0], x2, x_bar)
