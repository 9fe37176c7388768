"""Scores of one person under one scenario, from levels, flares and errors. Compiled."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from twin.instruments import Instrument
from twin.law.grid import Floats
from twin.law.record_kernels import Recording, recorded

from .expected_table import Table, read_at
from .kernel import kernel

type Singles = npt.NDArray[np.float32]


class Units(NamedTuple):
    """From severity to score, shape (outcome,) each: score = best + width * severity."""

    best: Floats
    width: Floats

    @classmethod
    def of(cls, instruments: Sequence[Instrument]) -> Units:
        """Read off instruments; the width is negative where less is worse."""
        best, worst = (
            np.array([float(one.from_severity(end)) for one in instruments]) for end in (0.0, 1.0)
        )
        return cls(best, worst - best)


@kernel
def fill_scores(
    level: Floats,
    residual: Floats,
    table: Table,
    recording: Recording,
    units: Units,
    expected: Singles,
    observed: Singles,
) -> None:
    """Fill expected and recorded scores.

    Parameters
    ----------
    level
        Severity, shape (sample, week, outcome).
    residual
        Flare plus error, severity, same shape.
    table
        From `expected_table.expected_table`.
    recording
        How the outcomes are recorded.
    units
        Of their instruments.
    expected, observed
        Filled, score units, same shape.
    """
    samples, weeks, outcomes = level.shape
    for i in range(samples):
        for week in range(weeks):
            for k in range(outcomes):
                at, best, width = level[i, week, k], units.best[k], units.width[k]
                expected[i, week, k] = best + width * read_at(table[i, k], at)
                shown = recorded(recording, k, at + residual[i, week, k])
                observed[i, week, k] = best + width * shown
