"""A drift of what everybody tends to, whatever is done: what a change over time is mistaken for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from twin.instruments import Instrument
from twin.keyed import stream
from twin.law.grid import Floats

WEEKS = 52.0
"""Over which a trend is stated."""


class SecularTrend(BaseModel):
    """How fast set points drift, in points of the outcome's instrument over 52 weeks.

    Attributes
    ----------
    mean, sd
        Of a normal: what is believed of one drift that everybody has. Less is better where the
        instrument says so: it is a difference of scores.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    mean: Annotated[float, Field(allow_inf_nan=False)]
    sd: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0


def drifts(
    trends: Mapping[str, SecularTrend], instruments: Mapping[str, Instrument], n: int, seed: int
) -> Floats:
    """Draw the drift of each outcome's set points, severity a week, shape (sample, outcome).

    Parameters
    ----------
    trends
        By outcome; none is no drift.
    instruments
        Of each outcome.
    n
        Number of samples.
    seed
        Seed of the run.
    """
    drawn = np.zeros((n, len(instruments)))
    for k, (name, scale) in enumerate(instruments.items()):
        if name in trends:
            lot = stream(seed, f"secular trend of {name}").standard_normal(n)
            points = trends[name].mean + trends[name].sd * lot
            drawn[:, k] = (scale.to_severity(points) - scale.to_severity(0.0)) / WEEKS
    return drawn


def drifted(drift: Floats, log_rate: Floats, week: Floats) -> Floats:
    """Shift of levels since baseline by set points that drift from then on.

    The level goes towards a set point `s + d t` at rate r: by d (t - (1 - exp(-r t)) / r) more than
    towards s.

    Parameters
    ----------
    drift
        `d`, severity a week, shape (sample, outcome).
    log_rate
        Of one person, per week, shape (sample, outcome).
    week
        `t`, shape (time,).

    Returns
    -------
    Floats
        Severity, shape (sample, time, outcome).
    """
    rate = np.exp(log_rate)[:, None, :]
    passed = week[:, None]
    return np.asarray(drift[:, None, :] * (passed + np.expm1(-rate * passed) / rate))


def trend_lines(
    trends: Mapping[str, SecularTrend], instruments: Mapping[str, Instrument]
) -> Sequence[str]:
    """Say each in a line."""
    return [
        f"{name} drifts by {one.mean:g} (SD {one.sd:g}) points of {instruments[name].label} in "
        f"{WEEKS:g} weeks, whatever is done"
        for name, one in trends.items()
    ]
