"""What is compared between observed and replicated work states, by occasion."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from twin.law.grid import Floats, Ints
from twin.law.work import WORK_STATES

from .visit_layout import VisitLayout

_WORKING = WORK_STATES.index("working")


class WorkStatistics(NamedTuple):
    """Statistics of the states that workers were seen in; a sighting is a visit that tells it."""

    work_share: Floats
    """Share of workers seen in each state at each occasion, shape (occasion, state)."""
    returned_share: Floats
    """Of those away from full work when first seen, the share seen fully working by each occasion,
    shape (occasion,): a return-to-work curve as the visits show it."""
    away_run_share: Floats
    """Of runs of sightings away from full work, the share of each length in sightings, beginning
    with 1, shape (sighting,)."""
    away_run_weeks: Floats
    """Mean weeks between the first and the last sighting of such a run, shape ()."""


DIMS = {
    "work_share": ("visit", "work_status"),
    "returned_share": ("visit",),
    "away_run_share": ("sightings",),
    "away_run_weeks": (),
}
"""Dims of each of `WorkStatistics`."""


def work_statistics(layout: VisitLayout, state: Ints) -> WorkStatistics:
    """Return the statistics of work states; NaN where nobody is concerned.

    Parameters
    ----------
    layout
        Which sightings belong to which occasion.
    state
        Codes of `WORK_STATES`, shape (worker, sighting), sightings as in `layout`.
    """
    seen = layout.work_occasion >= 0
    away = seen & (state != _WORKING)
    lengths, weeks = _runs(away, seen, layout.work_week)
    most = state.shape[1]
    count = np.bincount(lengths, minlength=most + 1)[1:]
    return WorkStatistics(
        work_share=_shares(layout, state),
        returned_share=_returned(layout, away, seen),
        away_run_share=count / len(lengths) if len(lengths) else np.full(most, np.nan),
        away_run_weeks=np.asarray(weeks.mean() if len(weeks) else np.nan),
    )


def _shares(layout: VisitLayout, state: Ints) -> Floats:
    occasion, n = range(len(layout.labels)), len(WORK_STATES)
    counts = [np.bincount(state[layout.work_occasion == v], minlength=n) for v in occasion]
    total = np.sum(counts, axis=1, keepdims=True)
    return np.where(total > 0, counts / np.maximum(total, 1), np.nan)


def _returned(layout: VisitLayout, away: np.ndarray, seen: np.ndarray) -> Floats:
    n = len(layout.labels)
    first_away = away[:, 0]
    if not first_away.any():
        return np.full(n, np.nan)
    back = np.where(seen & ~away, layout.work_occasion, n)[first_away].min(axis=1)
    return np.array([(back <= v).mean() for v in range(n)])


def _runs(away: np.ndarray, seen: np.ndarray, week: Floats) -> tuple[Ints, Floats]:
    """Return length in sightings, and in weeks, of every run of sightings away."""
    lengths: list[int] = []
    weeks: list[float] = []
    for row, known, at in zip(away, seen, week, strict=True):
        since = -1
        for place in range(int(known.sum()) + 1):
            inside = place < known.sum() and row[place]
            if inside and since < 0:
                since = place
            if not inside and since >= 0:
                lengths.append(place - since)
                weeks.append(float(at[place - 1] - at[since]))
                since = -1
    return np.array(lengths, dtype=np.int64), np.array(weeks)
