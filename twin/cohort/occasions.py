"""Which visits of different people count as the same occasion."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd

_NOMINAL_TIMES = 8
"""Up to so many distinct visit weeks are shown as they are; more are gathered into intervals."""

_INTERVALS = (0.0, 4.0, 9.0, 18.0, 32.0, 60.0)
"""Ends in weeks: around visits at baseline, 1 and 6 weeks, 3, 6, 9 to 12 months, and later."""


def occasions(week: pd.Series[float]) -> pd.Series[pd.CategoricalDtype]:
    """Return visit weeks as they were, or in intervals where people's timing is irregular.

    Parameters
    ----------
    week
        Weeks since baseline of each visit.

    Returns
    -------
    pd.Series
        Categories in order of time: ``"6"``, or ``"4-9"`` for above 4 up to 9 weeks.
    """
    if week.nunique() <= _NOMINAL_TIMES:
        times = week.map(lambda value: f"{value:g}")
        labels = [f"{value:g}" for value in np.sort(week.unique())]
    else:
        inner = [f"{low:g}-{high:g}" for low, high in pairwise(_INTERVALS)]
        labels = ["0", *inner, f">{_INTERVALS[-1]:g}"]
        times = pd.cut(week, [-np.inf, *_INTERVALS, np.inf], labels=labels)
    return pd.Series(
        pd.Categorical(times, categories=labels), week.index
    ).cat.remove_unused_categories()
