"""What is compared between observed and replicated days absent, by occasion."""

from __future__ import annotations

import numpy as np

from twin.law.grid import Floats
from twin.law.records import WorkRecords

from .visit_layout import VisitLayout

DAYS_STATISTICS = ("days_mean", "days_none_share", "days_all_share")
"""Mean of days absent reported, and shares of reports of none and of all that there could be."""


def days_statistics(layout: VisitLayout, work: WorkRecords) -> Floats:
    """Return the statistics of days absent.

    Parameters
    ----------
    layout
        Which reports belong to which occasion.
    work
        Records of work; who reported none of those in the layout does not count.

    Returns
    -------
    Floats
        Shape (statistic, occasion), in the order of `DAYS_STATISTICS`; NaN where nobody reported.
    """
    told = work.days >= 0
    result = np.full((len(DAYS_STATISTICS), len(layout.labels)), np.nan)
    for occasion in range(len(layout.labels)):
        among = told & (layout.work_visit == occasion)
        if among.any():
            days, possible = work.days[among], work.possible_days[among]
            result[:, occasion] = days.mean(), (days == 0).mean(), (days == possible).mean()
    return result
