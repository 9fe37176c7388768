"""Where each person stands at baseline: the scores, and the work state."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.cohort import WORK_STATUSES, Cohort
from twin.law.grid import Floats, Ints
from twin.law.records import Records


@dataclass(frozen=True)
class Baseline:
    """What was recorded of a cohort at week 0.

    Attributes
    ----------
    score
        Recorded score, score units, NaN where there is none, shape (person, outcome).
    severity
        Continuous severity behind it where the score lies inside its scale, else NaN, same shape.
    rounding_variance
        Variance that rounding adds to it, same shape.
    worker
        Whether the person has a work process, shape (person,).
    work_state
        Code of the state seen at week 0, -1 where none was seen, shape (person,).
    """

    score: Floats
    severity: Floats
    rounding_variance: Floats
    worker: NDArray[np.bool_]
    work_state: Ints


def baseline(cohort: Cohort, records: Records) -> Baseline:
    """Read the visits at week 0."""
    first = cohort.visits[cohort.visits["week"] == 0].set_index("patient")
    first = first.reindex(cohort.patients.index)
    scores, k = records.scores, len(cohort.outcomes)
    severity, variance = np.full((cohort.n, k), np.nan), np.zeros((cohort.n, k))
    at = np.arange(scores.week.shape[1]) < scores.n_scores[:, None]
    person, place = np.nonzero(at & (scores.week == 0) & (scores.end == 0))
    outcome = scores.outcome[person, place]
    severity[person, outcome] = scores.severity[person, place]
    variance[person, outcome] = scores.rounding_variance[person, place]
    # where no work was recorded of anybody, everyone in the labour force has a process all the same
    worker = cohort.work_unseen & cohort.patients["labour_force"].to_numpy(bool)
    if records.work is not None:
        worker[records.work.worker] = True
    codes = {status: code for code, status in enumerate(WORK_STATUSES)}
    state = first["work_status"].map(codes).fillna(-1).to_numpy(dtype=np.int64)
    return Baseline(
        score=first[list(cohort.outcomes)].to_numpy(dtype=float),
        severity=severity,
        rounding_variance=variance,
        worker=worker,
        work_state=np.where(worker, state, -1),
    )
