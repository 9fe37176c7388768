"""Differences from the comparator, with their intervals, one beneath the other."""

from __future__ import annotations

import pandas as pd

from twin.report import digits, words
from twin.report.content import ReportContent
from twin.report.tables import estimate, tidy, weeks

from .canvas import heading, panel, svg
from .figure import Picture
from .looks import MUTED, looks

_ROW = 23.0  # points
_AROUND = 92.0  # title, ticks and what the sides mean
_MARGIN = 0.18  # of the range, on either side


def forests(content: ReportContent) -> list[Picture]:
    """Return one panel for each outcome, and one for days lost where there is work."""
    table = tidy(content.contrasts)
    pictures = []
    for outcome, scale in content.instruments.items():
        rows = table[(table["quantity"] == "expected_score") & (table["outcome"] == outcome)]
        name = words.capital(words.outcome_name(outcome))
        sides = ("better", "worse") if scale.worse == "higher" else ("worse", "better")
        title = f"{name}: difference in expected score"
        pictures += _forest(content, rows, title, f"forest-{outcome}", "points", sides)
    rows = table[table["quantity"] == "days_lost"]
    if content.has_work:
        title = "Difference in working days lost"
        pictures += _forest(content, rows, title, "forest-work", "days", ("better", "worse"))
    return pictures


def _forest(
    content: ReportContent,
    rows: pd.DataFrame,
    title: str,
    name: str,
    unit: str,
    sides: tuple[str, str],
) -> list[Picture]:
    if rows.empty:
        return []
    all_looks = looks([s.name for s in content.scenarios], content.comparator)
    figure, axes = panel(_AROUND + _ROW * (len(rows) + rows["scenario"].nunique()))
    ticks: list[float] = []
    labels: list[str] = []
    at, told = 0.0, []
    for scenario, mine in rows.groupby("scenario", sort=False):
        look = all_looks[str(scenario)]
        axes.annotate(
            _short(content.titles[str(scenario)]),
            (0, at),
            xycoords=("axes fraction", "data"),
            va="center",
            fontweight="bold",
            color=look.colour,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.5},
        )
        parts = []
        for _, row in mine.iterrows():
            at += 1
            axes.plot([row["lower"], row["upper"]], [at, at], color=look.colour, lw=2.0)
            axes.plot(row["mean"], at, look.marker, color=look.colour, ms=6.5, mec="white")
            shown = estimate(row, 1.0, signed=True)
            ticks.append(at)
            labels.append(_when(weeks(row, content.horizon)))
            parts.append(f"{labels[-1]}: {shown.mean} ({shown.interval})")
        told.append(f"{content.titles[str(scenario)]}: {'; '.join(parts)}")
        at += 1
    axes.axvline(0, color=MUTED, lw=1.0, ls=(0, (3, 2)), zorder=0)
    reach = max(abs(rows["lower"].min()), abs(rows["upper"].max())) or 1.0
    low, high = min(rows["lower"].min(), 0.0), max(rows["upper"].max(), 0.0)
    axes.set_xlim(low - _MARGIN * reach, high + _MARGIN * reach)
    axes.set_ylim(at - 0.4, -0.7)
    axes.set_yticks(ticks, labels)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.grid(axis="x")
    axes.locator_params(axis="x", nbins=6)
    axes.set_xlabel(f"difference, {unit}")
    heading(axes, f"\N{LEFTWARDS ARROW} {sides[0]} \N{MIDDLE DOT} {sides[1]} \N{RIGHTWARDS ARROW}")
    level = digits.level(float(rows["level"].iloc[0]))
    alt = (
        f"{title}, {unit}, against {words.inside(content.titles[content.comparator])}; "
        f"mean and {level} interval. {'. '.join(told)}."
    )
    return [Picture(title, svg(figure, name, alt))]


def _when(shown: str) -> str:
    return f"weeks {shown}" if digits.NOTHING in shown else f"week {shown}"


def _short(title: str, most: int = 38) -> str:
    return title if len(title) <= most else f"{title[: most - 1].rstrip()}\N{HORIZONTAL ELLIPSIS}"
