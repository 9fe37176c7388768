"""Work status over time, stacked."""

from __future__ import annotations

import numpy as np

from twin.report import digits, words
from twin.report.content import ReportContent

from .canvas import apart, heading, panel, svg
from .figure import Picture
from .looks import STATE_FILLS

_HEIGHT = 235.0
_LABEL_GAP = 0.085
_LEAST_LABELLED = 0.005  # smaller shares would be labelled 0 %


def stacks(content: ReportContent) -> list[Picture]:
    """Return one panel for each scenario; none without work data."""
    if not content.has_work:
        return []
    return [_stack(content, scenario.name) for scenario in content.scenarios]


def _stack(content: ReportContent, scenario: str) -> Picture:
    share = content.outcomes.cohort["work_share"].sel(scenario=scenario).mean(("chain", "draw"))
    states = [str(state) for state in share["work_status"].to_numpy()]
    values = share.transpose("work_status", "week").to_numpy()
    weeks = content.design.weeks
    figure, axes = panel(_HEIGHT)
    bottom = np.zeros(len(weeks))
    middles = []
    for state, value in zip(states, values, strict=True):
        fill, hatch = STATE_FILLS[state]
        axes.fill_between(
            weeks,
            bottom,
            bottom + value,
            facecolor=fill,
            hatch=hatch or None,
            edgecolor="white",
            lw=0.8,
        )
        middles.append(float(bottom[-1] + value[-1] / 2))
        bottom = bottom + value
    shown = [i for i, value in enumerate(values[:, -1]) if value >= _LEAST_LABELLED]
    heights = apart([middles[i] for i in shown], least=_LABEL_GAP)
    for i, height in zip(shown, heights, strict=True):
        axes.annotate(
            digits.percent(float(values[i, -1])),
            (content.horizon, height),
            xytext=(5, 0),
            textcoords="offset points",
            va="center",
            fontweight="bold",
            annotation_clip=False,
        )
    heading(axes, "Share of workers")
    axes.set_xlim(0, content.horizon)
    axes.set_ylim(0, 1)
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1], [digits.percent(x) for x in (0, 0.25, 0.5, 0.75, 1)])
    axes.set_xticks(sorted({0, *content.outcomes.report_weeks}))
    axes.set_xlabel("weeks")
    axes.tick_params(length=3)
    told = "; ".join(
        f"{words.STATES.get(state, state)} {digits.percent(float(value[0]))} at the start and "
        f"{digits.percent(float(value[-1]))} at week {content.horizon}"
        for state, value in zip(states, values, strict=True)
    )
    alt = f"Work status by week under {content.titles[scenario]}, mean share of workers: {told}."
    return Picture(content.titles[scenario], svg(figure, f"work-{scenario}", alt))
