"""The expected recorded score as a function of the level, tabulated for each posterior draw."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from twin.law.expected import expected_severity
from twin.law.grid import Floats
from twin.law.measurement import Scale

from .kernel import kernel

LOWEST, HIGHEST, STEP = -1.5, 2.5, 1 / 128
"""Levels tabulated, severity; beyond them a score is at an end of its scale.

Between tabulated levels the line errs by STEP^2 / 8 times the curvature: by less than 1e-4 of the
scale for a spread of 0.03 or more (tests/test_simulate.py).
"""


def tabulated_levels() -> Floats:
    """Levels of a table, severity, shape (level,)."""
    return np.arange(LOWEST, HIGHEST + STEP / 2, STEP)


type Table = npt.NDArray[np.float32]
"""Single precision: every scenario of a person reads through all of it, and half as much is sooner
read; it errs by 1e-7, a thousandth of what the line between tabulated levels does."""


def expected_table(spread: Floats, scales: Sequence[Scale]) -> Table:
    """Tabulate the severity that is expected to be recorded.

    Parameters
    ----------
    spread
        SD of flare plus error, shape (sample, outcome).
    scales
        Measurement of each outcome.

    Returns
    -------
    Table
        Shape (sample, outcome, level).
    """
    level = tabulated_levels()
    by_outcome = [
        expected_severity(level, spread[:, k, None] ** 2, scale) for k, scale in enumerate(scales)
    ]
    return np.stack(by_outcome, axis=1).astype(np.float32)


@kernel
def read_at(table: npt.NDArray[np.floating], level: float) -> float:
    """Read one expected severity off the table of one sample and outcome, shape (level,)."""
    place = min(max((level - LOWEST) / STEP, 0.0), len(table) - 1.0)
    below = min(int(place), len(table) - 2)
    part = place - below
    return float((1 - part) * table[below] + part * table[below + 1])


@kernel
def read_table(table: Table, level: Floats) -> Floats:
    """Read expected severities off a table.

    Parameters
    ----------
    table
        From `expected_table`.
    level
        Severity, shape (sample, week, outcome).

    Returns
    -------
    Floats
        Shape of `level`.
    """
    samples, weeks, outcomes = level.shape
    result = np.empty(level.shape)
    for i in range(samples):
        for w in range(weeks):
            for k in range(outcomes):
                result[i, w, k] = read_at(table[i, k], level[i, w, k])
    return result
