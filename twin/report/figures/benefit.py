"""Expected benefit of each person, from the least to the greatest."""

from __future__ import annotations

import numpy as np
import xarray as xr

from twin.report import digits, words
from twin.report.content import ReportContent

from .canvas import heading, panel, svg
from .figure import Picture
from .looks import INK, MUTED, looks

_HEIGHT = 250.0
_MOST = 240  # people drawn: more would run into one another


def benefits(content: ReportContent, outcome: str) -> list[Picture]:
    """Return one panel for each scenario but the comparator."""
    return [_benefit(content, outcome, scenario.name) for scenario in content.others]


def _benefit(content: ReportContent, outcome: str, scenario: str) -> Picture:
    people = content.outcomes.people.sel(scenario=scenario, outcome=outcome, week=content.horizon)
    mean = people["benefit_mean"].to_numpy()
    order = np.argsort(mean, kind="stable")
    drawn = order[np.unique(np.linspace(0, len(order) - 1, min(len(order), _MOST)).astype(int))]
    rank = np.linspace(0, 100, len(drawn))
    look = looks([s.name for s in content.scenarios], content.comparator)[scenario]

    figure, axes = panel(_HEIGHT)
    lower, upper = (people[f"benefit_{end}"].to_numpy()[drawn] for end in ("lower", "upper"))
    axes.vlines(rank, lower, upper, color=look.colour, alpha=0.3, lw=0.9)
    axes.plot(rank, mean[drawn], ls="", marker="o", ms=2.6, color=look.colour)
    axes.axhline(0, color=MUTED, lw=1.0)
    change = content.outcomes.important_changes.get(outcome)
    if change is not None:
        axes.axhline(change.value, color=INK, lw=1.1, ls=(0, (5, 3)))
        axes.annotate(
            f"important change: {digits.plain(change.value)} points",
            (0, change.value),
            xytext=(5, 3),
            textcoords="offset points",
            xycoords=("axes fraction", "data"),
        )
    heading(axes, "Expected benefit, points; above 0 is better")
    axes.set_xlim(-2, 102)
    axes.set_xticks([0, 25, 50, 75, 100], [digits.percent(x / 100) for x in (0, 25, 50, 75, 100)])
    axes.set_xlabel("people, from least to greatest benefit")
    axes.grid(axis="y")
    axes.margins(y=0.1)
    axes.tick_params(length=3)
    note = _note(people, len(drawn))
    name = f"benefit-{outcome}-{scenario}"
    return Picture(
        content.titles[scenario], svg(figure, name, _alt(content, mean, outcome, scenario)), note
    )


def _note(people: xr.Dataset, drawn: int) -> str:
    n = people.sizes["patient"]
    probably = people["probability_benefit"].to_numpy()
    harmed = people["probability_harm"].to_numpy()
    told = [f"Dots: {digits.count(n)} people" + (f", {drawn} of them drawn." if drawn < n else ".")]
    if not np.isnan(probably).all():
        several = digits.count(int((probably > 0.5).sum()))
        told.append(f"More likely than not to gain an important change: {several}.")
    several = digits.count(int((harmed > 0.5).sum()))
    told.append(f"More likely than not to be expected worse off{_by(people)}: {several}.")
    return " ".join(told)


def _by(people: xr.Dataset) -> str:
    harm = float(people["harm_change"]) if "harm_change" in people.coords else 0.0
    return f" by more than {digits.plain(harm)} points" if harm else ""


def _alt(content: ReportContent, mean: np.ndarray, outcome: str, scenario: str) -> str:
    tenth, half, ninth = (float(x) for x in np.quantile(mean, [0.1, 0.5, 0.9]))
    decimals = digits.places(half, tenth, ninth, 0.0, significant=1)
    return (
        f"Expected benefit in {words.outcome_name(outcome)} at week {content.horizon} of each of "
        f"{digits.count(len(mean))} people under {content.titles[scenario]}, sorted: a tenth "
        f"expect less than {digits.number(tenth, decimals)} points, half less than "
        f"{digits.number(half, decimals)}, nine tenths less than {digits.number(ninth, decimals)}."
    )
