"""The work states of a cohort as intervals between observations."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd

from twin.cohort import WORK_STATUSES, Cohort
from twin.law.grid import Floats, Ints, TimeGrid
from twin.law.records import WorkRecords
from twin.law.work import PERMANENTLY_OUT

from .score_records import patient_rows


def work_seen(cohort: Cohort) -> pd.DataFrame:
    """Return the work states of people with a work process: person, week and code.

    Those outside the labour force have none, nor has anyone who was out for good when first seen.
    """
    codes = pd.Categorical(cohort.visits["work_status"], categories=list(WORK_STATUSES)).codes
    seen = pd.DataFrame(
        {"person": patient_rows(cohort), "week": cohort.visits["week"], "code": codes}
    )
    in_force = cohort.patients["labour_force"].to_numpy()[seen["person"]]
    seen = seen[in_force & (seen["code"] >= 0)]
    first = seen.groupby("person")["code"].transform("first")
    return seen[first != PERMANENTLY_OUT]


def work_records(cohort: Cohort, grid: TimeGrid) -> WorkRecords:
    """Return work states as intervals between observations, cut where cells of the grid end."""
    seen = work_seen(cohort)
    first = seen.drop_duplicates("person")
    row_of = {person: row for row, person in enumerate(first["person"])}
    worker: list[int] = []
    cells: list[Ints] = []
    weeks: list[Floats] = []
    ends = [0]
    moves: list[tuple[int, int]] = []
    for person, states in seen.groupby("person"):
        observed = list(zip(states["week"], states["code"], strict=True))
        for (start, from_state), (end, to_state) in pairwise(observed):
            if from_state == PERMANENTLY_OUT:
                break  # nothing can happen any more
            cell, spent = grid.segments(start, end)
            worker += [row_of[person]] * len(cell)
            cells.append(cell)
            weeks.append(spent)
            ends.append(ends[-1] + len(cell))
            moves.append((from_state, to_state))
    change = np.array(moves, dtype=np.int64).reshape(-1, 2)
    return WorkRecords(
        worker=first["person"].to_numpy(dtype=np.int64),
        first_state=first["code"].to_numpy(dtype=np.int64),
        first_week=first["week"].to_numpy(dtype=np.float64),
        segment_worker=np.array(worker, dtype=np.int64),
        segment_cell=np.concatenate([np.empty(0, dtype=np.int64), *cells]),
        segment_weeks=np.concatenate([np.empty(0), *weeks]),
        first_segment=np.array(ends, dtype=np.int64),
        from_state=change[:, 0],
        to_state=change[:, 1],
    )
