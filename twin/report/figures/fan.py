"""Expected score by week: median and intervals of its average over people."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes

from twin.report import digits, words
from twin.report.content import ReportContent

from .canvas import apart, heading, panel, svg
from .figure import Picture
from .looks import GRID, MUTED, Look, looks

Floats = npt.NDArray[np.float64]

_INNER = 0.5  # level of the inner band
_HEIGHT = 235.0
_LABEL_GAP = 0.085  # of the axis: labels of two lines do not overlap


def fans(content: ReportContent, outcome: str) -> list[Picture]:
    """Return one panel for each scenario, all on the instrument's whole range."""
    return [_fan(content, outcome, scenario.name) for scenario in content.scenarios]


def bands(content: ReportContent, outcome: str, scenario: str) -> Floats:
    """Return lower, inner lower, median, inner upper and upper score by week, (5, week)."""
    level = content.outcomes.level
    tails = [(1 - level) / 2, (1 - _INNER) / 2, 0.5, (1 + _INNER) / 2, (1 + level) / 2]
    scores = content.outcomes.cohort["expected_score"].sel(scenario=scenario, outcome=outcome)
    return np.asarray(scores.quantile(tails, dim=("chain", "draw")).to_numpy())


def _fan(content: ReportContent, outcome: str, scenario: str) -> Picture:
    weeks = content.design.weeks
    scale = content.instruments[outcome]
    all_looks = looks([s.name for s in content.scenarios], content.comparator)
    figure, axes = panel(_HEIGHT)
    _axes(axes, content, outcome)

    ends: dict[str, float] = {}
    if scenario != content.comparator:
        middle = bands(content, outcome, content.comparator)[2]
        _line(axes, weeks, middle, all_looks[content.comparator], width=1.6)
        ends[content.comparator] = float(middle[-1])
    found = bands(content, outcome, scenario)
    colour = all_looks[scenario].colour
    for low, high, opacity in ((0, 4, 0.22), (1, 3, 0.38)):
        axes.fill_between(weeks, found[low], found[high], color=colour, alpha=opacity, lw=0)
    _line(axes, weeks, found[2], all_looks[scenario])
    ends[scenario] = float(found[2, -1])
    _label_ends(axes, content, ends, scale.range, found)

    name = f"fan-{outcome}-{scenario}"
    return Picture(content.titles[scenario], svg(figure, name, _alt(content, outcome, scenario)))


def _axes(axes: Axes, content: ReportContent, outcome: str) -> None:
    scale = content.instruments[outcome]
    heading(axes, f"{words.capital(words.outcome_name(outcome))} score, {words.scale(scale)}")
    axes.set_ylim(scale.minimum, scale.maximum)
    axes.set_xlim(0, content.horizon)
    axes.set_xlabel("weeks")
    axes.grid(axis="y")
    axes.tick_params(length=3)
    axes.set_xticks(sorted({0, *content.outcomes.report_weeks}))
    for week in content.outcomes.report_weeks:
        axes.axvline(week, color=GRID, lw=0.8, zorder=0)


def _line(axes: Axes, weeks: npt.ArrayLike, score: Floats, look: Look, width: float = 2.2) -> None:
    axes.plot(weeks, score, color=look.colour, ls=look.dash, lw=width)


def _label_ends(
    axes: Axes, content: ReportContent, ends: dict[str, float], span: float, found: Floats
) -> None:
    decimals = digits.places(found[2, -1], found[0, -1], found[4, -1], 0.0, significant=1)
    heights = apart(list(ends.values()), least=_LABEL_GAP * span)
    for (name, value), height in zip(ends.items(), heights, strict=True):
        other = len(ends) > 1 and name == content.comparator
        axes.annotate(
            digits.number(value, decimals),
            (content.horizon, height),
            xytext=(5, 0),
            textcoords="offset points",
            va="center",
            color=MUTED
            if other
            else looks([s.name for s in content.scenarios], content.comparator)[name].colour,
            fontweight="normal" if other else "bold",
            annotation_clip=False,
        )


def _alt(content: ReportContent, outcome: str, scenario: str) -> str:
    found = bands(content, outcome, scenario)
    weeks = list(content.design.weeks)
    parts = []
    for week in sorted({0, *content.outcomes.report_weeks}):
        at = weeks.index(week)
        low, _, middle, _, high = (float(value) for value in found[:, at])
        decimals = digits.places(middle, low, high, 0.0, significant=1)
        told = digits.interval(low, high, decimals)
        parts.append(f"week {week}: {digits.number(middle, decimals)} ({told})")
    what = words.outcome_name(outcome)
    return (
        f"Expected {what} score by week under {content.titles[scenario]}, average of the people; "
        f"median and {digits.level(content.outcomes.level)} interval. {'; '.join(parts)}. "
        f"Scale {words.scale(content.instruments[outcome])}."
    )
