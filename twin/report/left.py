"""What arms do if those who left did worse, beside the main result."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from twin.outcomes.intervals import tails

from . import digits, words
from .content import ReportContent
from .headline import key_weeks
from .sheet import Sheet

_HEADS = {
    "ignorable": "As the model says",
    "all arms": "Worse in all arms",
    "active arms": "Worse in this arm only",
    "reference arm": "Worse in the reference arm only",
}


@dataclass(frozen=True)
class Left:
    """The differences between arms under each supposition, and by how much people are worse."""

    shifts: str
    sheet: Sheet


def left(content: ReportContent) -> Left | None:
    """Return the table; None where nothing was supposed of those who left."""
    found = None if content.diagnostics is None else content.diagnostics.get("dropout")
    if found is None:
        return None
    data = found.to_dataset()
    weeks = _weeks(content, data)
    rows = [
        _row(content, data, arm, outcome, week)
        for arm in data["active_arm"].to_numpy()
        for outcome in data["outcome"].to_numpy()
        for week in weeks
    ]
    shifts = [
        f"{digits.plain(float(data['delta'].sel(outcome=outcome)))} on"
        f" {content.instruments[str(outcome)].label}"
        for outcome in data["outcome"].to_numpy()
    ]
    head = ("Arm, outcome and week", "No longer seen (reference)", *_HEADS.values())
    return Left(" and ".join(shifts), Sheet("Differences if those who left did worse", head, rows))


def _weeks(content: ReportContent, data: xr.Dataset) -> list[float]:
    """Return the weeks of the table: the headline's, and the last that people were followed to."""
    there = [float(week) for week in data["week"].to_numpy()]
    return [week for week in there if week in key_weeks(content) or week == there[-1]]


def _row(
    content: ReportContent, data: xr.Dataset, arm: str, outcome: str, week: float
) -> tuple[str, ...]:
    at = {"outcome": outcome, "week": week}
    contrast = data["arm_contrast"].sel({"active_arm": arm} | at)
    contrast = contrast.transpose("pattern", "chain", "draw")
    values = contrast.to_numpy().reshape(len(_HEADS), -1)
    low, high = np.quantile(values, tails(content.outcomes.level), axis=1)
    error = float(values[0].std()) / np.sqrt(values.shape[1])
    decimals = digits.places(float(values[0].mean()), float(low[0]), float(high[0]), error)
    gone = data["left"].sel(at)
    shares = [digits.percent(float(gone.sel(arm=one))) for one in (arm, data["arm"].to_numpy()[0])]
    return (
        f"{arm.replace('_', ' ')}, {words.outcome_name(outcome)}, week {digits.plain(week)}",
        f"{shares[0]} ({shares[1]})",
        *(
            f"{digits.number(float(own.mean()), decimals, signed=True)}"
            f" ({digits.interval(float(lower), float(upper), decimals)})"
            for own, lower, upper in zip(values, low, high, strict=True)
        ),
    )
