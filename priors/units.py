"""What values of a parameter mean to a clinician, by the unit of the parameter."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Final

SCALES: Final[Mapping[str, float]] = {"NRS": 10.0, "RMDQ": 24.0}
"""Instruments in whose points a severity is told, and their ranges: pain and disability as they are
measured most often."""

type Words = Callable[[float, float], str]
"""From the lower and upper end of an interval to the words that it is told in."""


def number(value: float) -> str:
    """Return a number to two digits, never in powers of ten."""
    rounded = float(f"{value:.2g}")
    digits = 0 if not rounded else max(0, 1 - math.floor(math.log10(abs(rounded))))
    return f"{rounded + 0.0:.{digits}f}"


def _range(low: float, high: float) -> str:
    return f"{number(low)} to {number(high)}"


def _points(low: float, high: float) -> str:
    return ", ".join(
        f"{name} {low * scale:.1f} to {high * scale:.1f}" for name, scale in SCALES.items()
    )


def _percent(low: float, high: float) -> str:
    return f"{_range(100 * low, 100 * high)} %"


def _halving(low: float, high: float) -> str:
    slow, fast = (math.log(2) / math.exp(end) for end in (low, high))
    return f"the distance halves in {_range(fast, slow)} weeks"


def _factor(low: float, high: float) -> str:
    """An SD on the log scale: nine in ten people lie within 1.645 of them."""
    ends = _range(math.exp(1.645 * low), math.exp(1.645 * high))
    return f"nine in ten people within a factor of {ends} of the median"


def _chance(low: float, high: float) -> str:
    """By year where that is not nearly everyone."""
    weekly = [math.exp(end) for end in (low, high)]
    a_year = [1 - math.exp(-52 * rate) for rate in weekly]
    if a_year[1] < 0.5:
        return f"{_percent(*a_year)} a year"
    return f"{_percent(*(1 - math.exp(-rate) for rate in weekly))} a week"


def _per_tenth(low: float, high: float) -> str:
    """A slope by severity, read for a tenth of the scale: nobody changes by all of it."""
    tenth = " or ".join(f"{scale / 10:g} {name}" for name, scale in SCALES.items())
    return f"a factor of {_range(math.exp(low / 10), math.exp(high / 10))} for {tenth}"


def _ratio(name: str) -> Words:
    return lambda low, high: f"{name} {_range(math.exp(low), math.exp(high))}"


def _spread_of_share(low: float, high: float) -> str:
    """SD of a beta share of that precision about one half."""
    ends = sorted(math.sqrt(0.25 / (end + 1)) for end in (low, high))
    return f"SD {_range(*ends)} of the share where half is expected"


UNITS: Final[Mapping[str, Words]] = {
    "severity": _points,
    "severity per SD of the covariate": _points,
    "severity per severity": lambda low, high: f"{_range(low, high)} points a point",
    "share": _percent,
    "correlation": _range,
    "week": lambda low, high: f"{_range(low, high)} weeks",
    "log per week": _halving,
    "SD of log rate": _factor,
    "SD of log intensity": _factor,
    "log intensity per week": _chance,
    "log intensity per severity": _per_tenth,
    "log hazard ratio": _ratio("hazard ratio"),
    "log odds": _ratio("odds"),
    "log odds per severity": _per_tenth,
    "precision": _spread_of_share,
    "between-person SD per SD of the covariate": _range,
    "ratio": _range,
}
"""How an interval in each unit is told. Severity is a fraction of an instrument's scale."""
