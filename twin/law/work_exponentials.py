"""Exponentials of the generator of work states, compiled: loops written out, and their gradients.

Beside the transition probabilities exp(Q h) goes, where days absent need it, the integral V of
`work.moves_and_losses`. It is the derivative of exp((Q + x diag(loss)) h) by x at 0, and so is
carried through the same series and squarings as a tangent: wherever a product A B is taken, its
tangent is A' B + A B'.
"""

from __future__ import annotations

import math

import numpy as np

from .grid import Floats
from .small_matrices import compiled
from .work import N_TRANSIENT, TAYLOR

_TAYLOR = np.array(TAYLOR)
_S = N_TRANSIENT
_SMALL = 0.125
"""Largest total intensity at which the Taylor series of degree 8 is exact to rounding."""
MOST_SQUARINGS = 30
RESULT = 5
"""Place on the tape of the exponential before it is squared; each squaring is one place further."""
TAPE = RESULT + 1 + MOST_SQUARINGS
"""Most matrices kept on the way to one exponential."""
SCRATCH = 11
"""Matrices that a gradient needs room for."""


@compiled
def _times(a: Floats, b: Floats, out: Floats) -> None:
    """Fill out with a b.

    Here and below one factor is read before anything is written: the compiler cannot know that out
    is another matrix, and would read it again for every entry.
    """
    b00, b01, b02 = b[0, 0], b[0, 1], b[0, 2]
    b10, b11, b12 = b[1, 0], b[1, 1], b[1, 2]
    b20, b21, b22 = b[2, 0], b[2, 1], b[2, 2]
    for i in range(_S):
        x, y, z = a[i, 0], a[i, 1], a[i, 2]
        out[i, 0] = x * b00 + y * b10 + z * b20
        out[i, 1] = x * b01 + y * b11 + z * b21
        out[i, 2] = x * b02 + y * b12 + z * b22


@compiled
def _add_times(a: Floats, b: Floats, out: Floats) -> None:
    """Add a b to out."""
    b00, b01, b02 = b[0, 0], b[0, 1], b[0, 2]
    b10, b11, b12 = b[1, 0], b[1, 1], b[1, 2]
    b20, b21, b22 = b[2, 0], b[2, 1], b[2, 2]
    for i in range(_S):
        x, y, z = a[i, 0], a[i, 1], a[i, 2]
        out[i, 0] += x * b00 + y * b10 + z * b20
        out[i, 1] += x * b01 + y * b11 + z * b21
        out[i, 2] += x * b02 + y * b12 + z * b22


@compiled
def _add_times_transposed(a: Floats, b: Floats, out: Floats) -> None:
    """Add a b' to out."""
    b00, b01, b02 = b[0, 0], b[0, 1], b[0, 2]
    b10, b11, b12 = b[1, 0], b[1, 1], b[1, 2]
    b20, b21, b22 = b[2, 0], b[2, 1], b[2, 2]
    for i in range(_S):
        x, y, z = a[i, 0], a[i, 1], a[i, 2]
        out[i, 0] += x * b00 + y * b01 + z * b02
        out[i, 1] += x * b10 + y * b11 + z * b12
        out[i, 2] += x * b20 + y * b21 + z * b22


@compiled
def _add_transposed_times(a: Floats, b: Floats, out: Floats) -> None:
    """Add a' b to out."""
    b00, b01, b02 = b[0, 0], b[0, 1], b[0, 2]
    b10, b11, b12 = b[1, 0], b[1, 1], b[1, 2]
    b20, b21, b22 = b[2, 0], b[2, 1], b[2, 2]
    for i in range(_S):
        x, y, z = a[0, i], a[1, i], a[2, i]
        out[i, 0] += x * b00 + y * b10 + z * b20
        out[i, 1] += x * b01 + y * b11 + z * b21
        out[i, 2] += x * b02 + y * b12 + z * b22


@compiled
def _product_gradient(a: Floats, b: Floats, bar: Floats, a_bar: Floats, b_bar: Floats) -> None:
    """Add to a_bar and b_bar what the adjoint of a b makes of them."""
    _add_times_transposed(bar, b, a_bar)
    _add_transposed_times(a, bar, b_bar)


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
    """Carry the adjoint of the exponential (overwritten) back to the scaled generator.

    `scratch` is room for `SCRATCH` matrices.
    """
    c = _TAYLOR
    again, high, x4, x2, x3 = scratch[0], scratch[1], scratch[2], scratch[3], scratch[4]
    for s in range(halvings - 1, -1, -1):
        again[:] = 0.0
        _product_gradient(tape[5 + s], tape[5 + s], bar, again, again)
        bar[:] = again
    # result = I + x + c2 x2 + c3 x3 + x4 high
    high[:] = 0.0
    x4[:] = 0.0
    _product_gradient(tape[3], tape[4], bar, x4, high)
    for i in range(_S):
        for j in range(_S):
            x4[i, j] += c[8] * high[i, j]
            x3[i, j] = c[3] * bar[i, j] + c[7] * high[i, j]
            x2[i, j] = c[2] * bar[i, j] + c[6] * high[i, j]
            x_bar[i, j] = bar[i, j] + c[5] * high[i, j]
    _product_gradient(tape[1], tape[1], x4, x2, x2)
    _product_gradient(tape[1], tape[0], x3, x2, x_bar)
    _product_gradient(tape[0], tape[0], x2, x_bar, x_bar)


@compiled
def _tangent_product(a: Floats, da: Floats, b: Floats, db: Floats, out: Floats) -> None:
    _times(da, b, out)
    _add_times(a, db, out)


@compiled
def _tangent_product_gradient(
    a: Floats,
    da: Floats,
    b: Floats,
    db: Floats,
    bar: Floats,
    a_bar: Floats,
    da_bar: Floats,
    b_bar: Floats,
    db_bar: Floats,
) -> None:
    """Add what the adjoint of a' b + a b' makes of the adjoints of its four factors."""
    _product_gradient(da, b, bar, da_bar, b_bar)
    _product_gradient(a, db, bar, a_bar, db_bar)


@compiled
def tangent(tape: Floats, halvings: int, loss: Floats, weeks: float, d: Floats) -> None:
    """Fill a second tape with the tangents of the first, from diag(loss) weeks on."""
    c = _TAYLOR
    d[0] = 0.0
    for i in range(_S):
        d[0, i, i] = loss[i] * weeks * 0.5**halvings
    _tangent_product(tape[0], d[0], tape[0], d[0], d[1])
    _tangent_product(tape[1], d[1], tape[0], d[0], d[2])
    _tangent_product(tape[1], d[1], tape[1], d[1], d[3])
    for i in range(_S):
        for j in range(_S):
            d[4, i, j] = (
                c[5] * d[0, i, j] + c[6] * d[1, i, j] + c[7] * d[2, i, j] + c[8] * d[3, i, j]
            )
    _tangent_product(tape[3], d[3], tape[4], d[4], d[5])
    for i in range(_S):
        for j in range(_S):
            d[5, i, j] += d[0, i, j] + c[2] * d[1, i, j] + c[3] * d[2, i, j]
    for s in range(halvings):
        _tangent_product(tape[5 + s], d[5 + s], tape[5 + s], d[5 + s], d[6 + s])


@compiled
def tangent_gradient(
    tape: Floats,
    d: Floats,
    halvings: int,
    bar: Floats,
    d_bar: Floats,
    x_bar: Floats,
    scratch: Floats,
) -> None:
    """Carry the adjoints of exponential and tangent (overwritten) to the scaled generator.

    `scratch` is room for `SCRATCH` matrices.
    """
    c = _TAYLOR
    again, high, x4, x2, x3 = scratch[0], scratch[1], scratch[2], scratch[3], scratch[4]
    d_again, d_high, d_x4, d_x2, d_x3 = scratch[5], scratch[6], scratch[7], scratch[8], scratch[9]
    d_x = scratch[10]  # of what is constant: not wanted
    for s in range(halvings - 1, -1, -1):
        at, d_at = tape[5 + s], d[5 + s]
        again[:] = 0.0
        d_again[:] = 0.0
        _product_gradient(at, at, bar, again, again)
        _tangent_product_gradient(at, d_at, at, d_at, d_bar, again, d_again, again, d_again)
        bar[:] = again
        d_bar[:] = d_again
    high[:] = 0.0
    x4[:] = 0.0
    d_high[:] = 0.0
    d_x4[:] = 0.0
    _product_gradient(tape[3], tape[4], bar, x4, high)
    _tangent_product_gradient(tape[3], d[3], tape[4], d[4], d_bar, x4, d_x4, high, d_high)
    for i in range(_S):
        for j in range(_S):
            x4[i, j] += c[8] * high[i, j]
            x3[i, j] = c[3] * bar[i, j] + c[7] * high[i, j]
            x2[i, j] = c[2] * bar[i, j] + c[6] * high[i, j]
            x_bar[i, j] = bar[i, j] + c[5] * high[i, j]
            d_x4[i, j] += c[8] * d_high[i, j]
            d_x3[i, j] = c[3] * d_bar[i, j] + c[7] * d_high[i, j]
            d_x2[i, j] = c[2] * d_bar[i, j] + c[6] * d_high[i, j]
    _product_gradient(tape[1], tape[1], x4, x2, x2)
    _tangent_product_gradient(tape[1], d[1], tape[1], d[1], d_x4, x2, d_x2, x2, d_x2)
    _product_gradient(tape[1], tape[0], x3, x2, x_bar)
    _tangent_product_gradient(tape[1], d[1], tape[0], d[0], d_x3, x2, d_x2, x_bar, d_x)
    _product_gradient(tape[0], tape[0], x2, x_bar, x_bar)
    _tangent_product_gradient(tape[0], d[0], tape[0], d[0], d_x2, x_bar, d_x, x_bar, d_x)
