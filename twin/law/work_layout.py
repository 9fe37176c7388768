"""From what was learnt of people's work, occasion by occasion, to the arrays of the law."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from .grid import Floats, Ints, TimeGrid
from .records import WorkRecords


def lay_work(
    grid: TimeGrid,
    person: Ints,
    week: Floats,
    state: Ints,
    days: Ints,
    possible_days: Ints,
    window_start: Floats,
    loss: Floats,
) -> WorkRecords:
    """Cut the time of workers at their occasions, at the windows of days absent, and at cells.

    Parameters
    ----------
    grid
        The cells of person time.
    person
        Row of the worker among the people, increasing, shape (occasion,).
    week
        Weeks since baseline, increasing for each person, shape (occasion,).
    state
        State seen, -1 where none was, shape (occasion,).
    days, possible_days
        Days absent that were reported and those that were possible, -1 and 0 where none were,
        shape (occasion,).
    window_start
        Week from which on the days count, perhaps before earlier occasions or before baseline; the
        occasion's own week where none were reported; shape (occasion,).
    loss
        As in `WorkRecords`.
    """
    worker, first = np.unique(person, return_index=True)
    first_occasion = np.append(first, len(person))
    edges = np.asarray(grid.edges)
    start, cells, weeks, reported = [], [], [], []
    first_segment, window_segment = [0], []
    for a, b in pairwise(first_occasion):
        begin, end = window_start[a:b].min(), week[b - 1]
        between = edges[(edges > begin) & (edges < end)]
        cuts = np.unique(np.concatenate([between, week[a:b], window_start[a:b]]))
        offset = first_segment[-1]
        opens = np.searchsorted(cuts, window_start[a:b])
        closes = np.searchsorted(cuts, week[a:b])
        about = np.zeros(len(cuts) - 1, dtype=np.int64)
        for opened, closed in zip(opens, closes, strict=True):
            about[opened:closed] = 1
        start.append(max(begin, 0.0))
        # before baseline the search gives -1, as it should
        cells.append(np.searchsorted(edges, (cuts[1:] + cuts[:-1]) / 2) - 1)
        weeks.append(np.diff(cuts))
        reported.append(about)
        first_segment += list(offset + closes)
        window_segment += list(offset + opens)
    none = np.empty(0)
    return WorkRecords(
        worker=worker.astype(np.int64),
        start_week=np.array(start, dtype=np.float64),
        first_occasion=first_occasion.astype(np.int64),
        state=state.astype(np.int64),
        days=days.astype(np.int64),
        possible_days=possible_days.astype(np.int64),
        first_segment=np.array(first_segment, dtype=np.int64),
        window_segment=np.array(window_segment, dtype=np.int64),
        segment_cell=np.concatenate([none, *cells]).astype(np.int64),
        segment_weeks=np.concatenate([none, *weeks]),
        segment_reported=np.concatenate([none, *reported]).astype(np.int64),
        loss=np.asarray(loss, dtype=np.float64),
    )
