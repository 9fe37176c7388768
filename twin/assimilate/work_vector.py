"""What was recorded of a person's work as numbers, to be held against what might have been."""

from __future__ import annotations

import numpy as np

from twin.law.grid import Floats
from twin.law.records import Records, WorkRecords
from twin.law.work import PERMANENTLY_OUT, WORK_STATES
from twin.update.person import data_of


def work_pattern(records: Records, row: int, copies: int) -> WorkRecords | None:
    """Return so many copies of a person's work records; None where nothing was learnt of work."""
    data = data_of(records, row, copies)
    return data.work if data.works else None


def work_vector(pattern: WorkRecords | None, drawn: WorkRecords | None) -> Floats:
    """Return what was recorded of each copy as numbers.

    Parameters
    ----------
    pattern
        From `work_pattern`.
    drawn
        What was recorded, or drawn in its pattern.

    Returns
    -------
    Floats
        Shape (copy, number): at each occasion at which the person's state was seen, 0 or 1 for each
        state but working, and where days absent were reported their share of those possible, all
        of them for whoever was out for good.
    """
    if pattern is None or drawn is None:
        return np.empty((1, 0))
    copies = len(pattern.worker)
    state = drawn.state.reshape(copies, -1)
    seen = pattern.state.reshape(copies, -1)[0] >= 0
    asked = pattern.days.reshape(copies, -1)[0] >= 0
    possible = np.maximum(pattern.possible_days, 1).reshape(copies, -1)[0, asked]
    share = drawn.days.reshape(copies, -1)[:, asked] / possible
    out = state[:, asked] == PERMANENTLY_OUT
    each = state[:, seen, None] == np.arange(1, len(WORK_STATES))
    return np.concatenate([each.reshape(copies, -1), np.where(out, 1.0, share)], axis=1)
