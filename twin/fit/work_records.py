"""What is known of the work of a cohort, occasion by occasion."""

from __future__ import annotations

import numpy as np
import pandas as pd

from twin.cohort import WORK_STATUSES, Cohort
from twin.law.grid import TimeGrid
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
    visits, meaning = cohort.visits, cohort.days_absent
    since = meaning.since(visits)
    possible = meaning.possible(visits["week"] - since)
    # a window too short for a whole day says nothing
    told = visits["days_absent"].notna() & (possible > 0)
    days = meaning.whole(visits["days_absent"], possible)
    codes = pd.Categorical(visits["work_status"], categories=list(WORK_STATUSES)).codes
    found = pd.DataFrame(
        {
            "person": patient_rows(cohort),
            "week": visits["week"],
            "code": codes.astype(np.int64),
            "days": days.where(told, -1).astype(np.int64),
            "possible": possible.where(told, 0).astype(np.int64),
            "since": since.where(told, visits["week"]),
        }
    )
    in_force = cohort.patients["labour_force"].to_numpy()[found["person"]]
    found = found[in_force & ((found["code"] >= 0) | told)]
    first = found.groupby("person")["code"].transform("first")
    return found[first != PERMANENTLY_OUT]


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
