"""Who was seen when: the pattern of visits that replicated data share with the observed."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from twin.cohort import Cohort
from twin.cohort.occasions import occasions
from twin.law.grid import Floats, Ints

from .score_records import patient_rows
from .work_records import work_occasions


class VisitLayout(NamedTuple):
    """Visits of a cohort's people, padded by repeating the last one."""

    labels: tuple[str, ...]
    """Name of each occasion (nominal visit), in order of time."""
    week: Floats
    """Weeks since baseline, the first 0, shape (person, visit)."""
    occasion: Ints
    """Index of the occasion, -1 where padded, shape (person, visit)."""
    severity: Floats
    """Recorded severity, NaN where missing or padded, shape (person, visit, outcome)."""
    work_row: Ints
    """Row of each worker among the people, shape (worker,)."""
    work_week: Floats
    """Weeks at which the worker's state was seen, shape (worker, sighting)."""
    work_occasion: Ints
    """Occasion of each, -1 where padded, shape (worker, sighting)."""
    work_state: Ints
    """State that was seen, shape (worker, sighting)."""
    work_place: Ints
    """Place of each sighting among the occasions of `WorkRecords`, shape (worker, sighting)."""
    work_visit: Ints
    """Occasion (nominal visit) of each occasion of `WorkRecords`, shape (occasion,)."""


def visit_layout(cohort: Cohort) -> VisitLayout:
    """Return the pattern of a cohort's visits, people in the order of its patients."""
    named = occasions(cohort.visits["week"])
    visits = pd.DataFrame(
        {
            "person": patient_rows(cohort),
            "week": cohort.visits["week"],
            "occasion": named.cat.codes.astype(np.int64),
        }
    ).assign(
        **{name: scale.to_severity(cohort.visits[name]) for name, scale in cohort.outcomes.items()}
    )
    work = work_occasions(cohort).join(visits["occasion"])
    work["place"] = np.arange(len(work))
    seen = work[work["code"] >= 0]
    return VisitLayout(
        labels=tuple(named.cat.categories),
        week=_padded(visits, "week").ffill(axis=1).to_numpy(float),
        occasion=_padded(visits, "occasion").fillna(-1).to_numpy(np.int64),
        severity=np.stack(
            [_padded(visits, name).to_numpy(float) for name in cohort.outcomes], axis=-1
        ),
        work_row=_padded(seen, "week").index.to_numpy(np.int64),
        work_week=_padded(seen, "week").ffill(axis=1).to_numpy(float),
        work_occasion=_padded(seen, "occasion").fillna(-1).to_numpy(np.int64),
        work_state=_padded(seen, "code").ffill(axis=1).to_numpy(np.int64),
        work_place=_padded(seen, "place").ffill(axis=1).to_numpy(np.int64),
        work_visit=work["occasion"].to_numpy(np.int64),
    )


def _padded(visits: pd.DataFrame, column: str) -> pd.DataFrame:
    """Return a column with one row a person, and one column a visit in order of time."""
    placed = visits.assign(column=visits.groupby("person").cumcount())
    return placed.pivot_table(index="person", columns="column", values=column, dropna=False)
