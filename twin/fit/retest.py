"""Published test-retest errors as evidence on flare and error."""

from __future__ import annotations

from typing import NamedTuple


class RetestFigure(NamedTuple):
    """A standard error of measurement found some weeks apart, for one outcome of the model."""

    outcome: int
    """Index of the outcome."""
    sem: float
    """Standard error of measurement, severity."""
    lag_weeks: float
    """Weeks between the two occasions."""
    source: str
    """Where it was published."""
