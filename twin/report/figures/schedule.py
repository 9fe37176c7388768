"""Who is in what when: the share of people in each intervention of a scenario, by week."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
from markupsafe import Markup

from scenarios import Scenario
from twin.report import digits

from .canvas import house_style, panel, svg
from .looks import MUTED, looks

Floats = npt.NDArray[np.float64]

_ROW, _MARGIN = 70.0, 46.0
_FULL = 0.5
"""Height of everyone, of the height of a row."""


def schedule(scenario: Scenario, in_force: Mapping[str, Floats]) -> Markup:
    """Draw a row for each intervention, as high as the share of people who are in it.

    Parameters
    ----------
    scenario
        The scenario; weeks at which its rules are asked are marked by dotted lines.
    in_force
        By intervention, share of people in it by week, from week 0, shape (week,).
    """
    titles = {one.name: one.title for one in scenario.interventions}
    with house_style():
        figure, axes = panel(_MARGIN + _ROW * max(1, len(titles)), width=460.0)
        # the first look belongs to what is compared with
        colours = looks(["", *titles], "")
        weeks = max((len(share) for share in in_force.values()), default=53)
        told = []
        for row, (one, title) in enumerate(titles.items()):
            base, share = len(titles) - 1 - row, in_force[one]
            axes.fill_between(
                np.arange(len(share)),
                base,
                base + _FULL * share,
                step="post",
                color=colours[one].colour,
                alpha=0.75,
                lw=0,
            )
            axes.axhline(base, color=MUTED, lw=0.8)
            axes.text(0.3, base + _FULL + 0.24, title, fontsize=10.5, va="bottom")
            most = int(share.argmax())
            percent = digits.percent(float(share[most]))
            axes.text(most + 0.3, base + _FULL * share[most] + 0.02, percent, fontsize=9.5)
            told.append(f"{title}: at most {percent} in week {most}")
        for week in sorted({week for rule in scenario.rules for week in rule.weeks}):
            axes.axvline(week, color=MUTED, lw=1.0, ls=":")
        axes.set_xlim(0, weeks - 1)
        axes.set_ylim(0, max(1, len(titles)) + 0.15)
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        axes.set_xlabel("weeks since baseline")
        text = "Share of people in each part of the scenario by week. " + "; ".join(told)
        return svg(figure, f"schedule-{scenario.name}", f"{text}.")
