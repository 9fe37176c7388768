"""What becomes of scores where an intervention makes flares larger or smaller.

A person's flares are multiplied: the same ups and downs, of another size. What is recorded follows
at once. What is expected to be recorded depends on the spread about the level, and so changes where
a scale ends, by

    expected(level, spread with the effect) - expected(level, spread without)

which is read off one table for each instrument and added to the score expected without: exactly
nothing where the factor is 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from twin.law.expected import expected_severity
from twin.law.grid import Floats
from twin.law.measurement import Scale

from .expected_table import read_at, tabulated_levels
from .kernel import kernel
from .noise import Noise

SMALLEST, LARGEST, PER_DOUBLING = 0.01, 2.56, 24
"""Spreads tabulated, severity; one beyond them is read at the end.

The line between tabulated spreads errs by less than 3e-5 of the scale (tests/test_flare_size.py).
"""
_STEP = np.log(2.0) / PER_DOUBLING


@lru_cache
def spread_table(scales: tuple[Scale, ...]) -> Floats:
    """Tabulate the severity expected to be recorded, shape (outcome, spread, level)."""
    n = round(np.log(LARGEST / SMALLEST) / _STEP) + 1
    spread = SMALLEST * np.exp(_STEP * np.arange(n))
    level = tabulated_levels()
    return np.stack([expected_severity(level, spread[:, None] ** 2, one) for one in scales])


def resized(residual: Floats, flare: Floats, factor: Floats) -> Floats:
    """Return flares and errors together with flares of another size, severity.

    Parameters
    ----------
    residual, flare
        Flare plus error, and flare alone, shape (sample, week, outcome).
    factor
        On the flares, same shape. Where it is 1 nothing changes, to the last bit.
    """
    return residual + (factor - 1) * flare


def resize_expected(
    level: Floats,
    factor: Floats,
    noise: Noise,
    scales: Sequence[Scale],
    width: Floats,
    expected: npt.NDArray[np.float32],
) -> None:
    """Add to expected scores what flares of another size make of them.

    Parameters
    ----------
    level, factor
        Severity, and factor on flares, shape (sample, week, outcome).
    noise
        Of every draw.
    scales
        Measurement of each outcome.
    width
        Score units of a whole scale, shape (outcome,).
    expected
        Scores expected with flares as they are, score units, same shape as the level; changed.
    """
    table = spread_table(tuple(scales))
    _resize_expected(level, factor, noise.flare_sd, noise.error_sd, table, width, expected)


@kernel
def _resize_expected(
    level: Floats,
    factor: Floats,
    flare_sd: Floats,
    error_sd: Floats,
    table: Floats,
    width: Floats,
    expected: npt.NDArray[np.float32],
) -> None:
    samples, weeks, outcomes = level.shape
    for i in range(samples):
        for k in range(outcomes):
            flare, error = flare_sd[i, k], error_sd[i, k]
            for week in range(weeks):
                times, at = factor[i, week, k], level[i, week, k]
                if times != 1.0:
                    now = _read(table[k], np.sqrt((times * flare) ** 2 + error**2), at)
                    before = _read(table[k], np.sqrt(flare**2 + error**2), at)
                    expected[i, week, k] += width[k] * (now - before)


@kernel
def _read(table: Floats, spread: float, level: float) -> float:
    place = min(max(np.log(spread / SMALLEST) / _STEP, 0.0), len(table) - 1.0)
    below = min(int(place), len(table) - 2)
    part = place - below
    smaller, larger = read_at(table[below], level), read_at(table[below + 1], level)
    return float((1 - part) * smaller + part * larger)
