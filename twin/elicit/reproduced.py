"""Published figures beside what the engine gives at the centre of what was elicited from them."""

from __future__ import annotations

import numpy as np

from priors.elicited_population import Reproduced
from twin.instruments import instrument

from . import natural_history, spread
from .natural_history import PainCourse, course_keys
from .robust import round_to
from .shelf import Shelf
from .spread import DisabilityCourse

DIGITS = 4
"""Significant digits kept: widths are not known to two."""


def of_course(shelf: Shelf, pain: PainCourse, name: str) -> tuple[Reproduced, ...]:
    """Pain of one class at four times."""
    return tuple(reproduced(shelf, key, 100 * pain.predicted[key]) for key in course_keys(name))


def of_pain_spread(shelf: Shelf, pain: PainCourse) -> tuple[Reproduced, ...]:
    """SDs between people of pain at entry and of its change."""
    size = instrument(natural_history.INSTRUMENT).range
    entry, change = natural_history.SD_AT_ENTRY[0], natural_history.CHANGE_SD
    published = shelf.by_source(natural_history.SD_AT_ENTRY, "sd").mean()
    return (
        Reproduced(
            evidence=entry,
            published=rounded(size * published),
            engine=rounded(size * pain.predicted[entry]),
            unit="points, SD between people, mean over works",
        ),
        reproduced(shelf, change, size * pain.predicted[change]),
    )


def of_disability(shelf: Shelf, disability: DisabilityCourse) -> tuple[Reproduced, ...]:
    """Means and SDs of disability at three times, and correlations of the later with the first."""
    mean, sd, correlation = np.split(disability.predicted, [3, 6])
    spreads = tuple(
        Reproduced(
            evidence=key,
            published=float(shelf.record(key).sd or 0.0),
            engine=rounded(engine),
            unit="points, SD between people",
        )
        for key, engine in zip(spread.MEANS, sd, strict=True)
    )
    return (
        *(reproduced(shelf, *one) for one in zip(spread.MEANS, mean, strict=True)),
        *spreads,
        *(reproduced(shelf, *one) for one in zip(spread.CORRELATIONS, correlation, strict=True)),
    )


def reproduced(shelf: Shelf, key: str, engine: float) -> Reproduced:
    """One figure, `engine` being in its unit."""
    return Reproduced(
        evidence=key,
        published=shelf.number(key),
        engine=rounded(engine),
        unit=str(shelf.record(key).unit),
    )


def rounded(value: float) -> float:
    """Return a number with the digits that are written: what is read is what was elicited."""
    return round_to(value, DIGITS)
