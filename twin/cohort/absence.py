"""Days absent from work as people report them: over which weeks, and how many there could be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

Rounding = Literal["nearest", "up", "down"]


@dataclass(frozen=True)
class DaysAbsent:
    """What a report of days absent means.

    Attributes
    ----------
    days_per_week
        Days of a week that could be lost: 5 where working days were asked for, 7 for all days.
    rounding
        What becomes of a fraction of a day: ``nearest`` (a half counts as a whole), ``up`` or
        ``down``.
    recall_weeks
        Weeks up to the visit that people were asked about; None for the time since the person's
        previous visit, whatever was asked there.
    """

    days_per_week: float = 5.0
    rounding: Rounding = "nearest"
    recall_weeks: float | None = None

    def since(self, visits: pd.DataFrame) -> pd.Series[float]:
        """Week from which on the days at each visit count; missing where there is none.

        Parameters
        ----------
        visits
            Columns ``patient`` and ``week``, in any order of rows.
        """
        if self.recall_weeks is not None:
            return visits["week"] - self.recall_weeks
        ordered = visits.sort_values(["patient", "week"])
        return ordered.groupby("patient")["week"].shift().reindex(visits.index)

    def possible(self, weeks: pd.Series[float]) -> pd.Series[float]:
        """Days that could be lost in so many weeks, a whole number."""
        return pd.Series(np.floor(weeks * self.days_per_week + 0.5), weeks.index)

    def whole(self, reported: pd.Series[float], possible: pd.Series[float]) -> pd.Series[float]:
        """Reported days as whole ones, and no more than were possible."""
        match self.rounding:
            case "nearest":
                rounded = np.floor(reported + 0.5)
            case "up":
                rounded = np.ceil(reported)
            case "down":
                rounded = np.floor(reported)
        return pd.Series(np.minimum(rounded, possible), reported.index)
