"""The scores of a cohort as padded arrays."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from twin.cohort import Cohort
from twin.law.grid import Floats, Ints
from twin.law.measurement import RESOLUTION, Scale
from twin.law.records import ScoreRecords


def patient_rows(cohort: Cohort) -> pd.Series[int]:
    """Return the position of each visit's person among the patients."""
    places = cohort.patients.index.get_indexer(pd.Index(cohort.visits["patient"]))
    return pd.Series(places, cohort.visits.index)


def score_records(cohort: Cohort) -> ScoreRecords:
    """Gather scores by person in order of week, then outcome; padding comes last."""
    scored = [_scored(cohort, name) for name in cohort.outcomes]
    severity = np.concatenate([one.severity for one in scored])
    there = np.flatnonzero(~np.isnan(severity))
    n, person = len(scored), patient_rows(cohort).to_numpy()
    found = {
        "person": np.tile(person, n),
        "week": np.tile(cohort.visits["week"].to_numpy(float), n),
        "outcome": np.repeat(np.arange(n), len(person)),
        "severity": severity,
        "end": np.concatenate([one.end for one in scored]),
        "rounding_variance": np.concatenate([one.rounding_variance for one in scored]),
    }
    order = there[np.lexsort([found[key][there] for key in ("outcome", "week", "person")])]
    owner = found["person"][order]
    count = np.bincount(owner, minlength=cohort.n).astype(np.int64)
    shape = (cohort.n, max(int(count.max()), 1))
    place = (owner, np.arange(len(owner)) - (np.cumsum(count) - count)[owner])

    def padded[T: np.generic](column: str, dtype: type[T]) -> npt.NDArray[T]:
        table = np.zeros(shape, dtype=dtype)
        table[place] = found[column][order]
        return table

    return ScoreRecords(
        n_scores=count,
        week=padded("week", np.float64),
        outcome=padded("outcome", np.int64),
        severity=padded("severity", np.float64),
        end=padded("end", np.int64),
        rounding_variance=padded("rounding_variance", np.float64),
    )


class _Scored(NamedTuple):
    """The scores of one outcome at all visits, NaN where none was given."""

    severity: Floats
    end: Ints
    rounding_variance: Floats


def _scored(cohort: Cohort, outcome: str) -> _Scored:
    """Return the severity behind each visit's score of one outcome; at a scale's end, the bound."""
    scale = cohort.outcomes[outcome]
    behind = Scale.of(scale).behind
    lower, upper = scale.cell(cohort.visits[outcome].to_numpy(float))
    at_floor, at_ceiling = upper < RESOLUTION / 2, np.isposinf(upper)
    # a continuous score at its best end, or as good as there, lies below what it resolves
    upper = np.where(at_floor, RESOLUTION / 2, upper)
    at_floor |= np.isneginf(lower)
    low = behind(np.where(at_floor, upper, lower))
    high = behind(np.where(at_ceiling, lower, upper))
    return _Scored(
        (low + high) / 2,
        np.select([at_floor, at_ceiling], [-1, 1], 0),
        (high - low) ** 2 / 12,
    )
