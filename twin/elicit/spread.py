"""UK BEAM's disability over a year turned into the course of disability and the spread of people.

Told are the mean and SD of RMDQ at baseline, 3 and 12 months and the correlations of the later
scores with the first. The collected material gives no entry criterion of that trial, so none is
taken. Its people were of all episode classes and arms.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.linalg import block_diag

from twin.instruments import instrument
from twin.law.grid import Floats
from twin.law.measurement import Scale

from .assumed import assumed
from .matching import Figures, match
from .settings import CORRELATION_SD, log_sd_between, settings_covariance
from .shelf import Shelf, between
from .study import Natural, recorded
from .weak import weak

INSTRUMENT = "rmdq"
MEANS = ("uk_beam_rmdq_baseline", "uk_beam_rmdq_3mo", "uk_beam_rmdq_12mo")
"""Each with its SD between people."""
CORRELATIONS = ("uk_beam_rmdq_correlation_3mo", "uk_beam_rmdq_correlation_12mo")
AT_ENTRY = (
    "uk_beam_rmdq_baseline",
    *("impact_rmdq_first", "impact_rmdq_second"),
    "poder_rmdq_mean",
    *("finnish_rmdq_first", "finnish_rmdq_second"),
    "boulder_odi_first_session",
)
"""Disability at entry in several settings: how far they lie apart."""

PARAMETERS = (
    *("start_mean", "set_point_mean", "log_rate_mean"),
    *("start_sd", "set_point_sd", "correlation"),
)
_TOLERANCE = 0.1 / 24
"""Of means and SDs: a tenth of a point of RMDQ, in which they are printed."""
_CORRELATION_TOLERANCE = 0.02


@dataclass(frozen=True)
class DisabilityCourse:
    """What was found.

    Attributes
    ----------
    centre, sd
        By `PARAMETERS`, SDs as logs and the correlation as Fisher's z; SD between settings.
    natural
        The centre.
    predicted
        The engine's mean and SD for each of `MEANS`, score units, and each of `CORRELATIONS`.
    """

    centre: Mapping[str, float]
    sd: Mapping[str, float]
    natural: Natural
    predicted: Floats


def disability_course(shelf: Shelf, spread: float) -> DisabilityCourse:
    """Match the course of disability.

    Parameters
    ----------
    shelf
        The evidence.
    spread
        SD of a disability score about its level, severity.
    """
    scale = Scale.of(instrument(INSTRUMENT))
    weeks = [float(shelf.weeks(key) or 0.0) for key in MEANS[1:]]

    def predict(parameters: Floats) -> Floats:
        seen = [recorded(natural_of(parameters, spread), scale, week) for week in weeks]
        return np.array(
            [
                *(seen[0].first, *(one.later for one in seen)),
                *(seen[0].first_sd, *(one.sd for one in seen)),
                *(one.correlation for one in seen),
            ]
        )

    means = np.array([shelf.severity(key) for key in MEANS])
    sds = np.array([shelf.sd(key) for key in MEANS])
    apart = between(shelf.by_source(AT_ENTRY))
    figures = Figures(
        value=np.array([*means, *sds, *(shelf.number(key) for key in CORRELATIONS)]),
        tolerance=np.array([_TOLERANCE] * 6 + [_CORRELATION_TOLERANCE] * 2),
        setting_covariance=block_diag(
            settings_covariance(shelf, np.full(3, apart)),
            settings_covariance(shelf, sds * log_sd_between(shelf)),
            np.eye(2) * CORRELATION_SD**2,
        ),
    )
    found = match(predict, figures, weak(PARAMETERS))
    size = instrument(INSTRUMENT).range
    return DisabilityCourse(
        centre=dict(zip(PARAMETERS, found.centre, strict=True)),
        sd=dict(zip(PARAMETERS, found.sd, strict=True)),
        natural=natural_of(found.centre, spread),
        predicted=found.predicted * ([size] * 6 + [1.0] * 2),
    )


def natural_of(parameters: Iterable[float], spread: float) -> Natural:
    """Return the population that has given parameters, in the order of `PARAMETERS`."""
    start, set_point, log_rate, log_start_sd, log_set_point_sd, z = (
        float(one) for one in parameters
    )
    known = assumed()
    return Natural(
        start_mean=start,
        set_point_mean=set_point,
        log_rate_mean=log_rate,
        log_rate_sd=known.log_rate_sd,
        start_sd=float(np.exp(log_start_sd)),
        set_point_sd=float(np.exp(log_set_point_sd)),
        correlation=float(np.tanh(z)),
        spread=spread,
        persistent_share=known.persistent_share,
        persistence=known.persistence,
    )
