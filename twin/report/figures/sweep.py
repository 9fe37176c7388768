"""Differences from the comparator under several choices, each beside the others."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from twin.report import digits, words

from .canvas import heading, panel, svg
from .figure import Picture
from .looks import MUTED, Look, looks

_LINE = 15.0  # points, of one run
_HEAD = 24.0  # points, of a scenario's name and of the space between weeks
_AROUND = 92.0
_TITLES = {"expected_score": "{outcome}: expected score", "days_lost": "Working days lost"}


def sweep(table: pd.DataFrame) -> list[Picture]:
    """Return one panel for each outcome: means and intervals by week, a line for each run.

    Parameters
    ----------
    table
        Rows of `twin.pipeline.comparison.compared` of expected scores and days lost.
    """
    of_runs = looks(list(dict.fromkeys(table["run"])))
    return [
        _panel(str(quantity), str(outcome), rows, of_runs)
        for (quantity, outcome), rows in table.groupby(["quantity", "outcome"], sort=False)
    ]


def _panel(quantity: str, outcome: str, rows: pd.DataFrame, of_runs: dict[str, Look]) -> Picture:
    title = _TITLES[quantity].format(outcome=words.capital(words.outcome_name(outcome)))
    weeks = rows.groupby(["scenario", "week"], sort=False).ngroups
    scenarios = rows["scenario"].nunique()
    figure, axes = panel(_AROUND + _LINE * len(rows) + _HEAD * (weeks + scenarios))
    ticks: list[float] = []
    named: list[str] = []
    told: list[str] = []
    at = 0.0
    for scenario, mine in rows.groupby("scenario", sort=False):
        axes.annotate(
            str(scenario), (0, at), xycoords=("axes fraction", "data"), va="center", weight="bold"
        )
        at += _HEAD
        for week, runs in mine.groupby("week", sort=False):
            ticks.append(at + _LINE * (len(runs) - 1) / 2)
            named.append(f"week {week}")
            told.append(f"{scenario}, week {week}: {'; '.join(_lines(axes, runs, at, of_runs))}")
            at += _LINE * len(runs) + _HEAD
    axes.axvline(0, color=MUTED, lw=1.0, ls=(0, (3, 2)), zorder=0)
    axes.set_ylim(at - _HEAD, -_HEAD)
    axes.set_yticks(ticks, named)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.grid(axis="x")
    axes.set_xlabel(f"difference, {rows['unit'].iloc[0]}")
    heading(axes, f"{digits.level(float(rows['level'].iloc[0]))} intervals")
    name = f"sweep-{quantity}-{outcome}"
    return Picture(title, svg(figure, name, f"{title}, difference. {'. '.join(told)}."))


def _lines(axes: Axes, runs: pd.DataFrame, at: float, of_runs: dict[str, Look]) -> list[str]:
    """Draw one run beneath the other, and say what was drawn."""
    said = []
    for place, row in enumerate(runs.to_dict("records")):
        look, y = of_runs[row["run"]], at + _LINE * place
        axes.plot([row["lower"], row["upper"]], [y, y], color=look.colour, lw=2.0)
        axes.plot(row["mean"], y, look.marker, color=look.colour, ms=6.0, mec="white")
        mean, lower, upper = (digits.number(row[one], 2) for one in ("mean", "lower", "upper"))
        said.append(f"{row['run']} {mean} ({lower} to {upper})")
    return said
