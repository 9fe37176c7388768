"""A scenario in words, as the scenario itself puts them."""

from __future__ import annotations

from typing import NamedTuple

from scenarios import Scenario
from twin.outcomes.label import label


class Line(NamedTuple):
    """One thing that an intervention says of itself; the term is empty where it has none."""

    term: str
    meaning: str


class Told(NamedTuple):
    """An intervention in words: what it is, then its effects, schedule and uptake."""

    opening: str
    lines: list[Line]


def told(scenario: Scenario, synthetic: bool) -> list[Told]:
    """Return a scenario's interventions as they print themselves, line by line.

    A scenario knows no cohort: what was estimated from generated people is labelled so here.
    """
    known = f"[{label('estimated', synthetic)}]"
    return [
        _intervention(str(intervention).replace("[estimated]", known))
        for intervention in scenario.interventions
    ]


def _intervention(text: str) -> Told:
    opening, *rest = text.splitlines()
    return Told(opening, [_line(line.strip()) for line in rest if line.strip()])


def _line(text: str) -> Line:
    term, colon, meaning = text.partition(": ")
    return Line(term, meaning) if colon else Line("", text)
