"""Published figures that people drawn from evidence can be held against."""

from __future__ import annotations

from typing import NamedTuple

from priors import EvidenceLibrary
from priors.cite import citation
from twin.elicit.classes import CLASSES
from twin.elicit.natural_history import SD_AT_ENTRY, course_keys
from twin.elicit.shelf import Shelf
from twin.elicit.spread import MEANS

RESPONDERS = "selfback_responders_usual_care_3mo"
ENTRY = "selfback_entry_rmdq"
RESPONSE_POINTS = 4
"""Improvement that counted in that trial, RMDQ points; the record's own words."""
ABSENT = "work_absence_6mo"


class Point(NamedTuple):
    """A published figure in a picture.

    Attributes
    ----------
    statistic
        Name in `twin.outcomes.natural_history.NaturalHistory.dataset`.
    outcome, kind
        What it is of; empty where there is none.
    week
        Since baseline.
    value
        Severity, or a share.
    fitted
        Whether the priors were made to give it.
    source
        Work, row and mark.
    """

    statistic: str
    outcome: str
    kind: str
    week: float
    value: float
    fitted: bool
    source: str


def published(library: EvidenceLibrary) -> list[Point]:
    """Return every figure there is on the natural history of people of these kinds.

    Of shares at the best score and of the course of return to work none was found. The share of
    workers who are absent is no elicitation: the default intensities were chosen with it in view.
    """
    shelf = Shelf(library)
    pain = [
        _point(shelf, key, "mean", "pain", name, shelf.severity(key), fitted=True)
        for name in CLASSES
        for key in course_keys(name)
    ]
    disability = [
        point
        for key in MEANS
        for point in (
            _point(shelf, key, "everyone", "disability", "", shelf.severity(key), fitted=True),
            _point(shelf, key, "sd", "disability", "", shelf.sd(key), fitted=True),
        )
    ]
    entry = [
        _point(shelf, key, "sd", "pain", "", shelf.sd(key), fitted=True) for key in SD_AT_ENTRY
    ]
    shares = [
        _share(library, RESPONDERS, "improved", fitted=False),
        _share(library, ABSENT, "absent", fitted=True),
    ]
    return [*pain, *disability, *entry, *shares]


def _point(
    shelf: Shelf, key: str, statistic: str, outcome: str, kind: str, value: float, *, fitted: bool
) -> Point:
    week = shelf.weeks(key) or 0.0
    return Point(statistic, outcome, kind, week, value, fitted, citation([key], shelf.library))


def _share(library: EvidenceLibrary, key: str, statistic: str, *, fitted: bool) -> Point:
    record = library[key]  # a figure for validation may be looked at, though no prior may use it
    assert record.estimate is not None
    assert record.weeks is not None
    source = citation([key], library)
    return Point(statistic, "", "", record.weeks, record.estimate / 100, fitted, source)
