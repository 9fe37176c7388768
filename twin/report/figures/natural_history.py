"""People drawn from evidence beside the published figures, fitted to or not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from twin.instruments import Instrument
from twin.outcomes.intervals import tails
from twin.report import digits, words
from twin.report.content import ReportContent

from .canvas import heading, panel, svg
from .figure import Picture
from .looks import INK

if TYPE_CHECKING:
    from twin.population.published import Point

_HEIGHT = 215.0
_COLOUR = "#0072B2"
_FITTED, _LOOKED_AT = ("o", INK), ("D", "white")  # marker and fill
_NONE = "No published figure was found."


def natural_histories(content: ReportContent) -> list[Picture]:
    """Return the panels; none where people come from a cohort."""
    if content.natural_history is None:
        return []
    return list(_panels(content, content.natural_history))


def _panels(content: ReportContent, found: xr.Dataset) -> Iterator[Picture]:
    scales = content.instruments
    for kind in found["kind"].to_numpy():
        title = f"{words.capital(str(kind))} episode: mean pain"
        yield _panel(
            content, title, found["mean"].sel(kind=kind), "pain", str(kind), scales["pain"]
        )
    for outcome, scale in scales.items():
        what = words.outcome_name(outcome)
        if outcome != "pain":
            yield _panel(content, f"Mean {what}", found["everyone"], outcome, "", scale)
        yield _panel(content, f"SD of {what} between people", found["sd"], outcome, "", scale)
        yield _panel(content, f"People at the best {what} score", found["at_best"], outcome, "")
    yield _panel(content, "Improved by 4 RMDQ points, of those with 6 or more", found["improved"])
    if content.has_work:
        yield _panel(content, "Workers sick-listed or out for good", found["absent"])
        yield _panel(content, "Back at full work, of those away at the start", found["returned"])


def _panel(
    content: ReportContent,
    title: str,
    values: xr.DataArray,
    outcome: str = "",
    kind: str = "",
    scale: Instrument | None = None,
) -> Picture:
    own = values if not outcome else values.sel(outcome=outcome)
    factor = 100.0 if scale is None else scale.range
    by_week = factor * own.transpose("sample", "week").to_numpy()
    weeks = own["week"].to_numpy()
    level = content.outcomes.level
    low, middle, high = np.nanquantile(by_week, [*_ordered(level)], axis=0)
    points = _of(content.published, str(values.name), outcome, kind)
    figure, axes = panel(_HEIGHT)
    axes.fill_between(weeks, low, high, color=_COLOUR, alpha=0.25, lw=0)
    axes.plot(weeks, middle, color=_COLOUR)
    for point in points:
        marker, fill = _FITTED if point.fitted else _LOOKED_AT
        axes.plot(
            point.week, factor * point.value, marker, color=INK, markerfacecolor=fill, clip_on=False
        )
    heading(axes, "percent" if scale is None else f"points on {scale.label}")
    axes.set_xlim(0, content.horizon)
    axes.set_ylim(bottom=0)
    axes.set_xlabel("weeks")
    axes.grid(axis="y")
    axes.tick_params(length=3)
    note = _note(points)
    shown = digits.level(level)
    last = f"{digits.number(float(middle[-1]), 1)} at week {content.horizon}"
    alt = f"{title} by week: median over populations {last}, with its {shown} interval. {note}"
    name = "history-" + "-".join(part for part in (str(values.name), outcome, kind) if part)
    return Picture(title, svg(figure, name, alt), note)


def _ordered(level: float) -> tuple[float, float, float]:
    lower, upper = tails(level)
    return lower, 0.5, upper


def _of(points: Sequence[Point], statistic: str, outcome: str, kind: str) -> list[Point]:
    wanted = (statistic, outcome, kind)
    return [one for one in points if (one.statistic, one.outcome, one.kind) == wanted]


def _note(points: list[Point]) -> str:
    if not points:
        return _NONE
    told: dict[str, None] = {}
    for point in points:
        mark = "Filled, fitted to" if point.fitted else "Open, not fitted to"
        told[f"{mark}: {point.source}."] = None
    return " ".join(told)
