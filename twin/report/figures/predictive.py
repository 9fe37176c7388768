"""Does the model reproduce the data it was fitted to? Observed and replicated means."""

from __future__ import annotations

import numpy as np
import xarray as xr

from twin.report import digits, words
from twin.report.content import ReportContent

from .canvas import heading, panel, svg
from .figure import Picture
from .looks import INK, looks

_HEIGHT = 245.0
_SPREAD = 0.5  # of the distance between visits that the arms share


def predictive(content: ReportContent) -> list[Picture]:
    """Return one panel for each outcome; none where the fit holds no replicates."""
    if "posterior_predictive" not in content.fit.children:
        return []
    replicates = content.fit["posterior_predictive"].to_dataset()
    if "mean" not in replicates:
        return []
    return [_panel(content, replicates, str(name)) for name in replicates["outcome"].to_numpy()]


def _panel(content: ReportContent, replicates: xr.Dataset, outcome: str) -> Picture:
    level = content.outcomes.level
    mine = replicates.sel(outcome=outcome)
    tails = [(1 - level) / 2, 0.5, (1 + level) / 2]
    arms = [str(arm) for arm in mine["arm"].to_numpy()]
    visits = [str(visit) for visit in mine["visit"].to_numpy()]
    arm_looks = looks(arms)
    shifts = np.linspace(-0.5, 0.5, len(arms)) * _SPREAD if len(arms) > 1 else [0.0]
    figure, axes = panel(_HEIGHT)
    inside = total = 0
    for arm, shift in zip(arms, shifts, strict=True):
        look = arm_looks[arm]
        for place, visit in enumerate(visits):
            here = mine.sel(arm=arm, visit=visit)
            observed = float(here["observed_mean"])
            if np.isnan(observed):
                continue
            low, _, high = np.quantile(here["mean"].to_numpy(), tails)
            inside, total = inside + int(low <= observed <= high), total + 1
            x = place + shift
            axes.plot([x, x], [low, high], color=look.colour, lw=5.0, alpha=0.4)
            axes.plot(x, observed, look.marker, color=look.colour, ms=6, mec=INK, mew=0.7)
        axes.plot([], [], look.marker, color=look.colour, mec=INK, mew=0.7, label=_name(arm))
    axes.legend(frameon=False, loc="upper right", fontsize=11.5, handletextpad=0.2)
    scale = content.instruments.get(outcome)
    told = f", {words.scale(scale)}" if scale else ""
    heading(axes, f"Mean {words.outcome_name(outcome)} score{told}")
    axes.set_xticks(range(len(visits)), visits)
    axes.set_xlim(-0.6, len(visits) - 0.4)
    axes.set_xlabel("visit, weeks")
    axes.grid(axis="y")
    axes.margins(y=0.18)
    axes.tick_params(length=3)
    shown = digits.level(level)
    note = f"{inside} of {total} observed means lie inside the {shown} interval of the replicates."
    title = words.capital(words.outcome_name(outcome))
    alt = (
        f"Observed mean {words.outcome_name(outcome)} score by arm and visit, beside the {shown} "
        f"interval of means in data that the fitted model generates. {note}"
    )
    return Picture(title, svg(figure, f"predictive-{outcome}", alt), note)


def _name(arm: str) -> str:
    return arm.replace("_", " ")
