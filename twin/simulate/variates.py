"""From random words to numbers of a distribution, by sums and products alone.

Logarithm, sine and cosine are written out as their series: so a compiler can work on several
numbers at once, and every machine gets the same bits, whatever its library of functions.
"""

from __future__ import annotations

import math

import numpy as np

from .kernel import within
from .philox import Word

_ULP = 2.0**-32
_LOG_2 = math.log(2.0)
_MANTISSA = np.int64(52)
_ROOT_HALF = np.float64(math.sqrt(0.5)).view(np.int64)
_QUARTER = np.int64(30)
_WITHIN_QUARTER = np.int64(2**30 - 1)

_SINE = tuple((-1) ** n / math.factorial(2 * n + 1) for n in range(1, 7))
"""Coefficients after the first; up to a quarter of pi the next is below 1e-14."""
_COSINE = tuple((-1) ** n / math.factorial(2 * n) for n in range(1, 8))


@within
def fraction(word: Word) -> float:
    """Return a number between 0 and 1, neither of them: the middle of one of 2**32 equal parts."""
    return (np.float64(np.int64(word)) + 0.5) * _ULP


@within
def exponential(word: Word) -> float:
    """Exponential number of mean 1: -log of a uniform one, to 1e-12 of itself or better."""
    bits = np.float64(fraction(word)).view(np.int64)
    power = (bits - _ROOT_HALF) >> _MANTISSA
    # between sqrt(1/2) and sqrt(2), where the series of the inverse hyperbolic tangent is short
    rest = np.int64(bits - (power << _MANTISSA)).view(np.float64)
    s = (rest - 1.0) / (rest + 1.0)
    z = s * s
    high = 1 / 9 + z * (1 / 11 + z * (1 / 13 + z * (1 / 15)))
    log_rest = 2 * s * (1 + z * (1 / 3 + z * (1 / 5 + z * (1 / 7 + z * high))))
    return -(np.float64(power) * _LOG_2 + log_rest)


@within
def normal_pair(first: Word, second: Word) -> tuple[float, float]:
    """Two independent standard normal numbers (Box & Muller 1958, Ann Math Stat 29:610-611).

    The first word is the distance from the origin, at most 6.8; the second the direction: its
    highest two bits are the quarter of the circle, and the others the place within it.
    """
    distance = math.sqrt(2.0 * exponential(first))
    word = np.int64(second)
    place = np.float64(word & _WITHIN_QUARTER) + 0.5
    angle = (place * (1 / 2**30) - 0.5) * (math.pi / 2)
    z = angle * angle
    a, b = _SINE, _COSINE
    sine = angle * (1 + z * (a[0] + z * (a[1] + z * (a[2] + z * (a[3] + z * (a[4] + z * a[5]))))))
    cosine = 1 + z * (
        b[0] + z * (b[1] + z * (b[2] + z * (b[3] + z * (b[4] + z * (b[5] + z * b[6])))))
    )
    quarter = word >> _QUARTER
    turned = np.float64(quarter & np.int64(1))
    straight = 1.0 - turned
    signed = distance * (1.0 - np.float64(quarter & np.int64(2)))
    return (
        signed * (straight * cosine - turned * sine),
        signed * (turned * cosine + straight * sine),
    )


@within
def uniform(first: Word, second: Word) -> float:
    """Return a number between 0 and 1, neither of them: the middle of one of 2**52 equal parts."""
    place = (np.int64(first) << np.int64(20)) | (np.int64(second) >> np.int64(12))
    return (np.float64(place) + 0.5) * 2.0**-52
