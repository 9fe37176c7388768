"""The course of pain by episode class turned into starts, set points and rates.

One match for all classes: each has a mean start, a mean set point and a mean log rate of its own;
how people differ about these means is common to them. Told are the pooled mean pain of each class
at four times and, for people of all classes together as they come to primary care, the SD of pain
at entry, the SD of its change, and the correlation of a baseline score with a later one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.linalg import block_diag

from twin.instruments import instrument
from twin.law.grid import Floats
from twin.law.measurement import Scale

from .classes import CLASSES
from .matching import Figures, Match, match
from .settings import CORRELATION_SD, log_sd_between, settings_covariance
from .shelf import Shelf, between
from .spread import natural_of
from .study import Natural, mixed, recorded
from .weak import weak

INSTRUMENT = "pain_nrs"
"""On which the pooled points of 100 are taken to have been scored."""

MIX: Mapping[str, tuple[str, ...]] = {
    "acute": ("impact_duration_under_1mo_first", "impact_duration_under_1mo_second"),
    "subacute": ("impact_duration_1_to_3mo_first", "impact_duration_1_to_3mo_second"),
    "persistent": tuple(
        f"impact_duration_{span}_{group}"
        for span in ("3_to_6mo", "6mo_to_3y", "over_3y")
        for group in ("first", "second")
    ),
}
"""Durations at entry in English primary care that stand for each class: they are cut at a month and
at three where the pooled courses are cut at 6 and at 12 weeks, and know pain of over a year."""

AT_ENTRY = (
    *(f"course_{name}_pain_entry" for name in CLASSES),
    *("impact_nrs_first", "impact_nrs_second"),
    *("finnish_nrs_first", "finnish_nrs_second"),
    "boulder_nrs_first_session",
)
"""Mean pain at entry in several settings: how far they lie apart."""
SD_AT_ENTRY = ("impact_nrs_first", "impact_nrs_second", "finnish_nrs_first", "finnish_nrs_second")
CHANGE_SD = "impact_nrs_change_sd_6mo"
CORRELATION = "uk_beam_rmdq_correlation_12mo"
"""Of a baseline score with a later one: of disability, because none of pain was found."""

MEANS = ("start_mean", "set_point_mean", "log_rate_mean")
_SPREADS = ("start_sd", "set_point_sd", "correlation")
_POINT = 0.01
"""Tolerance of a mean: a point in a hundred, in which the pooled courses are printed."""
_SD_TOLERANCE = 0.02
"""Of SDs: the published SDs of change range so far about their middle."""
_CORRELATION_TOLERANCE = 0.1
"""Of a correlation that is another outcome's; assumed."""
_WIDE = 1.5
"""Times the spread between settings where the authors call their certainty very low; assumed."""


@dataclass(frozen=True)
class PainCourse:
    """What was found.

    Attributes
    ----------
    classes
        Start, set point and log rate by class: means and SDs between settings, (class, parameter).
    sd
        SDs between settings of the same, same shape.
    natural
        The centre of each class.
    shares
        Of the classes among people in primary care.
    log_sd
        SDs between settings of the log SD of starts, of set points, and of Fisher's z of their
        correlation.
    predicted
        The engine's figure for each published one, by key: severities and a correlation. The SD at
        entry, of several works, stands under the first of them.
    """

    classes: Floats
    sd: Floats
    natural: Mapping[str, Natural]
    shares: Mapping[str, float]
    log_sd: Mapping[str, float]
    predicted: Mapping[str, float]


def course_keys(name: str) -> tuple[str, ...]:
    """Return the keys of the pooled course of a class."""
    return tuple(f"course_{name}_pain_{time}" for time in ("entry", "6wk", "26wk", "52wk"))


def class_shares(shelf: Shelf) -> dict[str, float]:
    """Return the shares of the classes among people who consult in primary care."""
    counted = {name: sum(shelf.number(key) for key in keys) for name, keys in MIX.items()}
    total = sum(counted.values())
    return {name: count / total for name, count in counted.items()}


def pain_course(shelf: Shelf, spread: float) -> PainCourse:
    """Match the course of pain.

    Parameters
    ----------
    shelf
        The evidence.
    spread
        SD of a pain score about its level, severity.
    """
    shares, scale = class_shares(shelf), Scale.of(instrument(INSTRUMENT))
    later = [[shelf.weeks(key) or 0.0 for key in course_keys(name)[1:]] for name in CLASSES]
    at_change = float(shelf.weeks(CHANGE_SD) or 0.0)

    def predict(parameters: Floats) -> Floats:
        people = _populations(parameters, spread)
        figures, together = [], []
        for natural, weeks in zip(people, later, strict=True):
            seen = [recorded(natural, scale, week) for week in weeks]
            figures += [seen[0].first, *(one.later for one in seen)]
            together.append(recorded(natural, scale, at_change))
        everyone = mixed(together, list(shares.values()))
        return np.array([*figures, everyone.first_sd, everyone.change_sd, everyone.correlation])

    found = match(predict, _figures(shelf), weak([*MEANS * len(CLASSES), *_SPREADS]))
    n = len(MEANS) * len(CLASSES)
    return PainCourse(
        classes=found.centre[:n].reshape(len(CLASSES), -1),
        sd=found.sd[:n].reshape(len(CLASSES), -1),
        natural=dict(zip(CLASSES, _populations(found.centre, spread), strict=True)),
        shares=shares,
        log_sd=dict(zip(_SPREADS, found.sd[n:], strict=True)),
        predicted=_predicted(found),
    )


def _populations(parameters: Floats, spread: float) -> list[Natural]:
    own = parameters[: -len(_SPREADS)].reshape(len(CLASSES), len(MEANS))
    return [natural_of([*means, *parameters[-len(_SPREADS) :]], spread) for means in own]


def _figures(shelf: Shelf) -> Figures:
    points = [[shelf.severity(key) for key in course_keys(name)] for name in CLASSES]
    apart = between(shelf.by_source(AT_ENTRY))
    blocks = []
    for name in CLASSES:
        wide = [shelf.record(key).caution == "wide" for key in course_keys(name)]
        blocks.append(settings_covariance(shelf, apart * np.where(wide, _WIDE, 1.0)))
    entry_sd = float(shelf.by_source(SD_AT_ENTRY, "sd").mean())
    change_sd = shelf.severity(CHANGE_SD)
    spreads = [entry_sd * log_sd_between(shelf), change_sd * log_sd_between(shelf)]
    return Figures(
        value=np.array([*np.ravel(points), entry_sd, change_sd, shelf.number(CORRELATION)]),
        tolerance=np.array(
            [_POINT] * np.size(points) + [_SD_TOLERANCE] * 2 + [_CORRELATION_TOLERANCE]
        ),
        setting_covariance=block_diag(*blocks, np.diag(np.square([*spreads, CORRELATION_SD]))),
    )


def _predicted(found: Match) -> dict[str, float]:
    keys = [key for name in CLASSES for key in course_keys(name)]
    return dict(zip([*keys, SD_AT_ENTRY[0], CHANGE_SD, CORRELATION], found.predicted, strict=True))
