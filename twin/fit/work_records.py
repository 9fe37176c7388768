"""What is known of the work of a cohort, occasion by occasion."""

from __future__ import annotations

import numpy as np
import pandas as pd

from twin.cohort import WORK_STATUSES, Cohort
from twin.law.grid import Floats, Ints, TimeGrid
from twin.law.records import WorkRecords
from twin.law.work import PERMANENTLY_OUT, loss_of_states
from twin.law.work_layout import lay_work

from .score_records import patient_rows


def work_occasions(cohort: Cohort) -> pd.DataFrame:
    """Return the visits at which something was learnt of a person's work.

    Those outside the labour force have no work process, nor has anyone who was out for good when
    first seen; once out for good, a person stays so.

    Returns
    -------
    pd.DataFrame
        Indexed by the row of the visit, in order of person and week. Columns ``person`` (row among
        the patients), ``week``, ``code`` (state, -1 where not seen), ``days`` and ``possible``
        (days absent and those that there could be, -1 and 0 where not reported) and ``since``
        (week from which on they count, the visit's own where not reported).
    """
    visits, person = cohort.visits, patient_rows(cohort).to_numpy()
    days, possible, since = _days(cohort)
    code = pd.Categorical(visits["work_status"], categories=list(WORK_STATUSES)).codes
    learnt = (code >= 0) | (days >= 0)
    learnt &= cohort.patients["labour_force"].to_numpy(bool)[person]
    rows = np.flatnonzero(learnt)
    _, first, own = np.unique(person[rows], return_index=True, return_inverse=True)
    rows = rows[code[rows][first][own] != PERMANENTLY_OUT]
    found = {
        "person": person,
        "week": visits["week"].to_numpy(),
        "code": code.astype(np.int64),
        "days": days,
        "possible": possible,
        "since": since,
    }
    return pd.DataFrame({name: values[rows] for name, values in found.items()}, visits.index[rows])


def _days(cohort: Cohort) -> tuple[Ints, Ints, Floats]:
    """Return days absent at each visit, those that there could be, and since when they count."""
    visits, meaning = cohort.visits, cohort.days_absent
    reported = visits["days_absent"].notna()
    if not reported.any():
        nothing = np.zeros(len(visits), np.int64)
        return nothing - 1, nothing, visits["week"].to_numpy(float)
    since = meaning.since(visits)
    possible = meaning.possible(visits["week"] - since)
    told = reported & (possible > 0)  # a window too short for a whole day says nothing
    days = meaning.whole(visits["days_absent"], possible)
    return (
        days.where(told, -1).to_numpy().astype(np.int64),
        possible.where(told, 0).to_numpy().astype(np.int64),
        since.where(told, visits["week"]).to_numpy().astype(np.float64),
    )


def work_records(cohort: Cohort, grid: TimeGrid, partial_loss: float) -> WorkRecords:
    """Return the work of a cohort as the law takes it; restricted work loses `partial_loss`."""
    found = work_occasions(cohort)
    return lay_work(
        grid,
        found["person"].to_numpy(np.int64),
        found["week"].to_numpy(float),
        found["code"].to_numpy(np.int64),
        found["days"].to_numpy(np.int64),
        found["possible"].to_numpy(np.int64),
        found["since"].to_numpy(float),
        loss_of_states(partial_loss),
    )
