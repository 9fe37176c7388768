"""The expected recorded score as a function of the level, tabulated for each posterior draw."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numba import njit

from twin.law.expected import expected_severity
from twin.law.grid import Floats
from twin.law.measurement import Scale

LOWEST, HIGHEST, STEP = -1.5, 2.5, 1 / 128
"""Levels tabulated, severity; beyond them a score is at an end of its scale.

Between tabulated levels the line errs by STEP^2 / 8 times the curvature: by less than 1e-4 of the
scale for a spread of 0.03 or more (tests/test_simulate.py).
"""


def expected_table(spread: Floats, scales: Sequence[Scale]) -> Floats:
    """Tabulate the severity that is expected to be recorded.

    Parameters
    ----------
    spread
        SD of flare plus error, shape (sample, outcome).
    scales
        Measurement of each outcome.

    Returns
    -------
    Floats
        Shape (sample, outcome, level).
    """
    level = np.arange(LOWEST, HIGHEST + STEP / 2, STEP)
    by_outcome = [
        expected_severity(level, spread[:, k, None] ** 2, scale) for k, scale in enumerate(scales)
    ]
    return np.stack(by_outcome, axis=1)


@njit(cache=True, error_model="numpy")
def read_table(table: Floats, level: Floats) -> Floats:
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
    last = table.shape[2] - 1
    for i in range(samples):
        for w in range(weeks):
            for k in range(outcomes):
                place = (level[i, w, k] - LOWEST) / STEP
                place = min(max(place, 0.0), float(last))
                below = min(int(place), last - 1)
                part = place - below
                result[i, w, k] = (1 - part) * table[i, k, below] + part * table[i, k, below + 1]
    return result
