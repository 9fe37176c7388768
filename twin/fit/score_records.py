"""The scores of a cohort as padded arrays."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from twin.cohort import Cohort
from twin.law.measurement import RESOLUTION, Scale
from twin.law.records import ScoreRecords


def patient_rows(cohort: Cohort) -> pd.Series[int]:
    """Return the position of each visit's person among the patients."""
    places = cohort.patients.index.get_indexer(pd.Index(cohort.visits["patient"]))
    return pd.Series(places, cohort.visits.index)


def score_records(cohort: Cohort) -> ScoreRecords:
    """Gather scores by person in order of week, then outcome; padding comes last."""
    long = pd.concat(
        [
            _scored(cohort, name).assign(outcome=k, person=patient_rows(cohort))
            for k, name in enumerate(cohort.outcomes)
        ]
    ).dropna(subset="severity")
    long = long.sort_values(["person", "week", "outcome"])
    count = np.bincount(long["person"], minlength=cohort.n).astype(np.int64)
    shape = (cohort.n, max(int(count.max()), 1))
    place = (long["person"].to_numpy(), long.groupby("person").cumcount().to_numpy())

    def padded[T: np.generic](column: str, dtype: type[T]) -> npt.NDArray[T]:
        table = np.zeros(shape, dtype=dtype)
        table[place] = long[column]
        return table

    return ScoreRecords(
        n_scores=count,
        week=padded("week", np.float64),
        outcome=padded("outcome", np.int64),
        severity=padded("severity", np.float64),
        end=padded("end", np.int64),
        rounding_variance=padded("rounding_variance", np.float64),
    )


def _scored(cohort: Cohort, outcome: str) -> pd.DataFrame:
    """Return the severity behind each visit's score of one outcome; at a scale's end, the bound."""
    scale = cohort.outcomes[outcome]
    behind = Scale.of(scale).behind
    lower, upper = scale.cell(cohort.visits[outcome])
    at_floor, at_ceiling = upper < RESOLUTION / 2, np.isposinf(upper)
    # a continuous score at its best end, or as good as there, lies below what it resolves
    upper = np.where(at_floor, RESOLUTION / 2, upper)
    at_floor |= np.isneginf(lower)
    low = behind(np.where(at_floor, upper, lower))
    high = behind(np.where(at_ceiling, lower, upper))
    return pd.DataFrame(
        {
            "week": cohort.visits["week"],
            "severity": (low + high) / 2,
            "end": np.select([at_floor, at_ceiling], [-1, 1], 0),
            "rounding_variance": (high - low) ** 2 / 12,
        }
    )
