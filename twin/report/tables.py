"""Rows of the page's tables, made of the rows of the given ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pandas as pd

from . import digits, words
from .content import ReportContent

MAIN = ("expected_score", "improved", "days_lost", "return_time", "weeks_in_state")
"""Quantities of the contrast tables; the others are in the files."""

_SUMS = ("days_lost", "return_time", "weeks_in_state")  # over all weeks simulated
_KEY = ["quantity", "outcome", "detail"]
_VALUES = ("mean", "lower", "upper")
_ERRORS = ("mcse_mean", "mcse_lower", "mcse_upper")


@dataclass(frozen=True)
class Cell:
    """An estimate as it is shown: its mean, interval and Monte-Carlo error."""

    mean: str
    interval: str
    error: str


@dataclass(frozen=True)
class Row:
    """One row: the week, an estimate for each column, and how probably it is better."""

    weeks: str
    cells: tuple[Cell, ...]
    better: str = ""


@dataclass(frozen=True)
class Group:
    """The rows of one quantity."""

    title: str
    unit: str
    rows: list[Row] = field(default_factory=list)


def tidy(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table with empty words where a quantity has no outcome or detail."""
    words_of = table[_KEY].astype(object)
    return table.assign(**{name: words_of[name].where(table[name].notna(), "") for name in _KEY})


def estimate(row: pd.Series, factor: float, *, signed: bool = False, significant: int = 2) -> Cell:
    """Return how a row's mean, interval and Monte-Carlo error are shown."""
    mean, lower, upper = (float(row[name]) * factor for name in _VALUES)
    errors = [float(row[name]) * factor for name in _ERRORS]
    decimals = digits.places(mean, lower, upper, max(errors), significant)
    return Cell(
        digits.number(mean, decimals, signed=signed),
        digits.interval(lower, upper, decimals),
        digits.error(errors[0]),
    )


def weeks(row: pd.Series, horizon: int) -> str:
    """Return the week of a row, or the weeks that it sums up: ``13`` or ``1–52``."""
    return f"1\N{EN DASH}{horizon}" if row["quantity"] in _SUMS else str(int(row["week"]))


def contrast_groups(content: ReportContent, scenario: str) -> list[Group]:
    """Return the contrasts of one scenario with the comparator, quantity by quantity."""
    table = tidy(content.contrasts)
    mine = table[(table["scenario"] == scenario) & table["quantity"].isin(MAIN)]
    mine = mine.sort_values("quantity", key=lambda names: names.map(MAIN.index), kind="stable")
    return list(_contrasts(content, mine))


def _contrasts(content: ReportContent, table: pd.DataFrame) -> Iterator[Group]:
    for (name, outcome, detail), rows in table.groupby(_KEY, sort=False):
        shown = words.quantity(content, str(name), str(outcome), str(detail))
        group = Group(shown.title, shown.difference_unit)
        for _, row in rows.iterrows():
            cell = estimate(row, shown.factor, signed=True)
            better = digits.probability(float(row["probability_better"]))
            group.rows.append(Row(weeks(row, content.horizon), (cell,), better))
        yield group


def value_groups(content: ReportContent) -> list[Group]:
    """Return every quantity of the summary, with one column for each scenario."""
    names = [scenario.name for scenario in content.scenarios]
    groups = []
    for (name, outcome, detail), rows in tidy(content.summary).groupby(_KEY, sort=False):
        shown = words.quantity(content, str(name), str(outcome), str(detail))
        group = Group(shown.title, shown.unit)
        for _, same in rows.groupby("week", sort=False, dropna=False):
            by_scenario = same.set_index("scenario").loc[names]
            cells = tuple(estimate(row, shown.factor) for _, row in by_scenario.iterrows())
            group.rows.append(Row(weeks(same.iloc[0], content.horizon), cells))
        groups.append(group)
    return groups


@dataclass(frozen=True)
class TrialRow:
    """The engine's estimate beside the trial's own."""

    what: str
    week: str
    engine: str
    engine_interval: str
    ancova: str
    ancova_error: str


def trial_rows(content: ReportContent) -> list[TrialRow]:
    """Return the rows of the trial's own estimates; none where there are none."""
    if content.trial_estimate is None:
        return []
    return [_trial_row(row) for _, row in content.trial_estimate.iterrows()]


def _trial_row(row: pd.Series) -> TrialRow:
    mean, lower, upper = (float(row[f"engine_{name}"]) for name in _VALUES)
    # both estimates with the same decimals, and those that the trial's standard error deserves
    decimals = digits.places(mean, lower, upper, 0.0)
    arm = str(row["arm"]).replace("_", " ")
    return TrialRow(
        what=f"{words.capital(words.outcome_name(str(row['outcome'])))}, {arm}",
        week=digits.plain(float(row["week"])),
        engine=digits.number(mean, decimals, signed=True),
        engine_interval=digits.interval(lower, upper, decimals),
        ancova=digits.number(float(row["ancova"]), decimals, signed=True),
        ancova_error=digits.number(float(row["ancova_se"]), decimals),
    )
