"""What quantities, outcomes and states are called on the page."""

from __future__ import annotations

from dataclasses import dataclass

from twin.instruments import Instrument

from .content import ReportContent
from .digits import SPACE, percent, plain

STATES = {
    "working": "working fully",
    "restricted": "working with restrictions",
    "sick_listed": "fully sick-listed",
    "permanently_out": "permanently out of work",
}

_AMOUNTS = {"pain", "disability"}  # outcomes that there can be more or less of


@dataclass(frozen=True)
class Quantity:
    """How a quantity is shown.

    Attributes
    ----------
    title
        What it is.
    unit, difference_unit
        Unit of its values and of differences between them, after `factor`.
    factor
        What stored values are multiplied by.
    """

    title: str
    unit: str
    difference_unit: str
    factor: float = 1.0


def quantity(content: ReportContent, name: str, outcome: str, detail: str) -> Quantity:
    """Return how a quantity of the tables is shown.

    Parameters
    ----------
    content
        What the report is made of.
    name, outcome, detail
        Columns ``quantity``, ``outcome`` and ``detail`` (criterion or work state) of the tables;
        empty where a quantity has none.
    """
    what = outcome_name(outcome)
    match name:
        case "expected_score":
            return _points(f"Expected {what} score, average")
        case "observed_score":
            return _points(f"Recorded {what} score, average")
        case "observed_change":
            return _points(f"Change in recorded {what} score since baseline, average")
        case "improved":
            return _share(f"People improved in {what} by {_criterion(content, outcome, detail)}")
        case "work_share":
            return _share(f"Workers {STATES.get(detail, detail)}")
        case "weeks_in_state":
            return Quantity(f"Weeks {STATES.get(detail, detail)}, per worker", "weeks", "weeks")
        case "days_lost":
            return Quantity("Working days lost, per worker", "days", "days")
        case "return_time":
            return Quantity("Time to first full return to work", "weeks", "weeks")
    words = " ".join(part.replace("_", " ") for part in (name, outcome, detail) if part)
    return Quantity(words, "", "")


def outcome_name(outcome: str) -> str:
    """Return an outcome's name within a sentence."""
    return outcome.replace("_", " ")


def capital(text: str) -> str:
    """Return a text with its first letter, and only that, made a capital."""
    return text[:1].upper() + text[1:]


def inside(title: str) -> str:
    """Return a title as it reads within a sentence; one that begins with a name is kept.

    Examples
    --------
    >>> inside("Usual care"), inside("A therapy"), inside("CBT beside usual care")
    ('usual care', 'a therapy', 'CBT beside usual care')
    """
    begins_with_word = title[1:2].islower() or title[1:2] == " "  # the word may be "A"
    return title[:1].lower() + title[1:] if begins_with_word else title


def scale(instrument: Instrument) -> str:
    """Return an instrument's range and direction: ``0 to 24, higher is worse``."""
    ends = f"{plain(instrument.minimum)} to {plain(instrument.maximum)}"
    return f"{ends}, {instrument.worse} is worse"


def less_and_more(outcome: str, instrument: Instrument) -> tuple[str, str]:
    """Return what a fall and a rise in score mean: ``less pain`` and ``more pain``."""
    what = outcome_name(outcome)
    if outcome in _AMOUNTS:
        pair = (f"less {what}", f"more {what}")
    else:
        pair = (f"better on {what}", f"worse on {what}")
    return pair if instrument.worse == "higher" else (pair[1], pair[0])


def _points(title: str) -> Quantity:
    return Quantity(title, "points", "points")


def _share(title: str) -> Quantity:
    return Quantity(title, f"%{SPACE}of them", f"%{SPACE}points", factor=100.0)


def _criterion(content: ReportContent, outcome: str, detail: str) -> str:
    if detail == "relative":
        return f"at least {percent(content.settings.relative_change)}"
    change = content.outcomes.important_changes.get(outcome)
    return f"at least {plain(change.value)} points" if change else "an important amount"
