"""How far published figures lie apart between settings: what widens a prior carried over."""

from __future__ import annotations

import numpy as np

from twin.law.grid import Floats

from .matching import together
from .shelf import Shelf

CORRELATION_SD = 0.1
"""Of a correlation between two times, between settings; assumed: published are 0.50 and 0.52."""

TIMES_ALIKE = "uk_beam_rmdq_correlation_3mo"
"""How alike settings differ at two times: taken to be as people do."""

_SDS = (
    ("impact_nrs_first", "impact_nrs_second", "finnish_nrs_first", "finnish_nrs_second"),
    ("uk_beam_rmdq_baseline", "impact_rmdq_first", "impact_rmdq_second"),
    ("finnish_odi_first", "finnish_odi_second"),
)
"""SDs between people at entry, instrument by instrument."""
SD_KEYS = tuple(key for keys in _SDS for key in keys)


def settings_covariance(shelf: Shelf, sd: Floats) -> Floats:
    """Return the covariance between settings of means at several times, severity."""
    return together(sd, shelf.number(TIMES_ALIKE))


def log_sd_between(shelf: Shelf) -> float:
    """Return the SD of the log of an SD between people, of a new setting.

    Pooled over instruments: each has two or three settings.
    """
    logs = [np.log(shelf.by_source(keys, "sd")) for keys in _SDS]
    several = [values for values in logs if len(values) > 1]
    freedom = sum(len(values) - 1 for values in several)
    squares = sum(float(np.sum((values - values.mean()) ** 2)) for values in several)
    settings = 1 + freedom / len(several)
    return float(np.sqrt(squares / freedom * (1 + 1 / settings)))
