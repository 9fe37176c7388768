"""What a simulation amounts to."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd
import xarray as xr

from twin.instruments import ImportantChange

from .care import CARE_COLUMNS
from .exact_sums import Totals
from .intervals import Floats


@dataclass(frozen=True, eq=False)
class Outcomes:
    """Averages over people, people one by one, and their courses.

    Attributes
    ----------
    cohort
        Averages over people, one value for each posterior draw: dims chain, draw, scenario and,
        by variable, week, outcome, criterion, work_status. Variables ``expected_score``,
        ``observed_score``, ``observed_change``, ``improved`` and, where the cohort has work data,
        ``work_share``, ``weeks_in_state``, ``days_lost``, ``return_time``. Attribute ``people`` of
        each: how many are averaged over.
    people
        Benefit of every scenario but the comparator for each person, summarised over posterior
        draws: dims patient, scenario, week (those reported), outcome. Variables
        ``benefit_mean``, ``benefit_lower``, ``benefit_upper`` (positive is better, score points),
        ``probability_benefit``, ``probability_harm`` and, where the cohort has work data,
        ``days_lost_saved_mean``, ``days_lost_saved_lower``, ``days_lost_saved_upper``.
    trajectories
        Courses of each person under each scenario: ``expected_score`` and ``recorded_score``, dims
        statistic (mean, lower, median, upper), scenario, patient, week, outcome.
    care
        What people get, a table with the columns `care.CARE_COLUMNS`; empty where no scenario does
        anything.
    in_force
        By scenario and intervention, the mean share of people in it by week, shape (week,).
    spread
        How far single people's outcomes vary, by scenario: what `spread` adds up over them.
    comparator
        Scenario that the others are compared with.
    level
        Level of every interval.
    """

    cohort: xr.Dataset
    people: xr.Dataset
    trajectories: xr.Dataset
    comparator: str
    level: float
    care: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(CARE_COLUMNS)))
    in_force: Mapping[tuple[str, str], Floats] = field(default_factory=dict)
    spread: Mapping[str, Mapping[str, Totals]] = field(default_factory=dict)

    @property
    def scenarios(self) -> tuple[str, ...]:
        """Names of all scenarios, the comparator among them."""
        return tuple(str(name) for name in self.cohort["scenario"].to_numpy())

    @property
    def report_weeks(self) -> tuple[int, ...]:
        """Weeks of tables and of people's benefit."""
        return tuple(int(week) for week in self.people["week"].to_numpy())

    @property
    def important_changes(self) -> dict[str, ImportantChange | None]:
        """Improvement that counts as important, by outcome; None where none is known."""
        stored = json.loads(self.cohort.attrs["important_change"])
        return {
            outcome: None if change is None else ImportantChange.model_validate(change)
            for outcome, change in stored.items()
        }
