"""What days absent must keep to."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from twin.cohort.absence import DaysAbsent
from twin.cohort.rules import Rule

_DUST = 1e-9  # days: binary fractions only


def absence_rules(
    meaning: DaysAbsent, visits: pd.DataFrame, patients: pd.DataFrame
) -> Iterator[Rule]:
    """Yield the rules on days absent, as far as the tables have what they need."""
    yield Rule("days_absent", "must not be negative", lambda days: days >= 0)
    if "week" in visits:
        yield from _within_window(meaning, visits)
    if "labour_force" in patients:
        outside = patients.loc[patients["labour_force"] == 0, "patient"]
        yield Rule(
            "days_absent",
            "belong to someone outside the labour force",
            lambda _: ~visits["patient"].isin(outside),
            "Leave it empty, or correct the person's labour_force.",
        )
    if "week" in visits and "work_status" in visits:
        yield _not_once_out(visits)


def _within_window(meaning: DaysAbsent, visits: pd.DataFrame) -> Iterator[Rule]:
    weeks = visits["week"] - meaning.since(visits)
    # half a day more than there were is what rounding makes of the very last
    most = (weeks * meaning.days_per_week).combine(meaning.possible(weeks), max)
    what = "since the person's previous visit"
    if meaning.recall_weeks is None:
        yield Rule(
            "days_absent",
            "stand at a person's first visit, with no earlier one to count from",
            lambda _: weeks.notna() | visits["week"].isna(),
            "Leave it empty, or say how far back people were asked: recall_weeks of "
            "columns.days_absent.",
        )
    else:
        what = f"of the {meaning.recall_weeks:g} weeks that people were asked about"
    yield Rule(
        "days_absent",
        f"must be at most the working days {what}, {meaning.days_per_week:g} a week",
        lambda days: (days <= most + _DUST) | most.isna(),
        "Correct it, or correct days_per_week (7 where all days count) and recall_weeks of "
        "columns.days_absent.",
    )


def _not_once_out(visits: pd.DataFrame) -> Rule:
    ordered = visits.dropna(subset=["patient", "week"]).sort_values("week")
    out = ordered["work_status"] == "permanently_out"
    is_out = out.groupby(ordered["patient"]).cummax().reindex(visits.index, fill_value=False)
    return Rule(
        "days_absent",
        "stand beside or after permanently_out, when there is no work to be absent from",
        lambda _: ~is_out,
        "Leave it empty; or use sick_listed for an absence that may end.",
    )
