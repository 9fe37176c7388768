"""Where the uncertainty of each scenario's difference comes from, as a table."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pandas as pd

from twin.outcomes.uncertainty import PARTS

from . import digits, words
from .content import ReportContent
from .headline import key_weeks
from .sheet import Sheet
from .tables import tidy

_SHOWN = ("expected_score", "observed_score", "improved", "days_lost")
_TITLES = {
    "parameter": "Shared by all",
    "person": "Single people",
    "process": "Chance",
    "monte_carlo": "Monte Carlo",
}


def uncertainty_tables(content: ReportContent) -> list[Sheet]:
    """Return a table for each scenario: SD of the difference, and the shares of its variance."""
    return [sheet for one in content.others if (sheet := _of(content, one.name, one.title)).rows]


def _of(content: ReportContent, scenario: str, title: str) -> Sheet:
    table = tidy(content.contrasts)
    mine = table[(table["scenario"] == scenario) & table["quantity"].isin(_SHOWN)]
    mine = mine[mine["week"].isin(key_weeks(content))]
    head = ("Quantity and week", "SD", *(_TITLES[part] for part in PARTS))
    return Sheet(f"{title}: what the uncertainty is made of", head, list(_rows(content, mine)))


def _rows(content: ReportContent, table: pd.DataFrame) -> Iterator[tuple[str, ...]]:
    for row in table.to_dict("records"):
        told = [float(row[f"variance_{part}"]) for part in PARTS]
        known = [part for part in told if not math.isnan(part)]
        total = sum(known)
        if len(known) == 1 or not total > 0:  # nothing can be told apart, or nothing varies
            continue
        key = (str(row[name]) for name in ("quantity", "outcome", "detail"))
        shown = words.quantity(content, *key)
        unit = f" ({shown.difference_unit})" if shown.difference_unit else ""
        sd = shown.factor * math.sqrt(total)
        places = digits.places(0.0, -sd, sd, shown.factor * float(row["mcse_mean"]))
        yield (
            f"{shown.title}, week {row['week']}{unit}",
            digits.number(sd, places),
            *(digits.percent(part / total) for part in told),
        )
