"""The main differences in plain words."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import pandas as pd

from twin.instruments import Instrument

from . import digits, words
from .content import ReportContent
from .tables import tidy

_VALUES = ("mean", "lower", "upper")
_USUAL_END_POINT = 12  # weeks; trials of back pain report first at about three months


@dataclass(frozen=True)
class Sentence:
    """One difference: what it is, and how sure."""

    lead: str
    rest: str


@dataclass(frozen=True)
class Finding:
    """What is found of one scenario.

    Attributes
    ----------
    scenario, title, question
        Of the scenario.
    label
        Where its effects come from.
    recalled
        What of it rests on figures that were not seen on a page.
    sentences
        Its main differences from the comparator.
    """

    scenario: str
    title: str
    question: str
    label: str
    recalled: tuple[str, ...]
    sentences: list[Sentence]


def findings(content: ReportContent) -> list[Finding]:
    """Return the main differences of each scenario from the comparator."""
    table = tidy(content.contrasts)
    return [
        Finding(s.name, s.title, s.question, _label(rows), s.recalled, _sentences(content, rows))
        for s in content.others
        for rows in [table[table["scenario"] == s.name]]
    ]


def key_weeks(content: ReportContent) -> list[int]:
    """Return the weeks that the headline speaks of: about three months, and the last."""
    late = [week for week in content.outcomes.report_weeks if week >= _USUAL_END_POINT]
    return sorted({late[0], content.horizon}) if late else [content.horizon]


class Phrase(NamedTuple):
    """How a difference is said.

    Attributes
    ----------
    less, more
        What a fall and a rise are, with ``{}`` for the size: ``{} points less pain``.
    sides
        One word for each, such as ``less`` and ``more``.
    neither
        What does not differ where nothing does.
    factor
        What stored values are multiplied by.
    """

    less: str
    more: str
    sides: tuple[str, str]
    neither: str
    factor: float = 1.0


def say(row: pd.Series, phrase: Phrase, at: str) -> Sentence:
    """Return a row of the table of contrasts in words; `at` says when, as ``at 13 weeks``."""
    mean, lower, upper = (float(row[name]) * phrase.factor for name in _VALUES)
    if math.isnan(mean):
        return Sentence(f"No estimate for {phrase.neither} {at}", ".")
    if mean == lower == upper == 0:
        return Sentence(f"Exactly no difference in {phrase.neither} {at}", ".")
    error = max(float(row[f"mcse_{name}"]) for name in _VALUES) * phrase.factor
    decimals = digits.places(mean, lower, upper, error, significant=1)
    size = digits.number(abs(mean), decimals)
    said = (phrase.more if mean > 0 else phrase.less).format(size)
    if float(size) == 0:
        said = f"no difference in {phrase.neither}"
    if size == "1":
        said = said.replace("1 points", "1 point").replace("1 weeks", "1 week")
    ends = _ordered(lower, upper, mean)
    first, last = (digits.number(abs(end), decimals) for end in ends)
    if lower * upper > 0:
        told, unsure = f"{first} to {last}", ""
    else:
        sides = [phrase.sides[end > 0] for end in ends]
        told = f"{first} {sides[0]} to {last} {sides[1]}"
        unsure = "; no difference is within it"
    level = digits.level(float(row["level"]))
    return Sentence(f"About {said} {at}", f" ({level} interval {told}{unsure}){_sure(row)}.")


def _ordered(lower: float, upper: float, mean: float) -> list[float]:
    """Order an interval's ends from the smaller to the larger effect on the side of the mean."""
    return [lower, upper] if mean > 0 else [upper, lower]


def _sure(row: pd.Series) -> str:
    better = float(row["probability_better"])
    if math.isnan(better):
        return ""
    return f"; chance that it is better: {digits.probability(better)}"


def _sentences(content: ReportContent, rows: pd.DataFrame) -> list[Sentence]:
    end = content.horizon
    wanted = [
        (("expected_score", outcome, "", week), _score(outcome, scale), f"at {week} weeks")
        for outcome, scale in content.instruments.items()
        for week in key_weeks(content)
    ]
    wanted += [
        (("improved", outcome, "important", end), _improved(outcome), f"at {end} weeks")
        for outcome in content.instruments
    ]
    wanted.append((("days_lost", "", "", end), _DAYS_LOST, f"over {end} weeks"))
    wanted.append((("return_time", "", "", end), _RETURN, "among workers away at the start"))
    found = [(_pick(rows, *which), phrase, at) for which, phrase, at in wanted]
    return [say(row, phrase, at) for row, phrase, at in found if row is not None]


_DAYS_LOST = Phrase(
    "{} fewer working days lost per worker",
    "{} more working days lost per worker",
    ("fewer", "more"),
    "working days lost per worker",
)
_RETURN = Phrase(
    "{} weeks sooner back at full work",
    "{} weeks later back at full work",
    ("sooner", "later"),
    "the time back to full work",
)


def _score(outcome: str, scale: Instrument) -> Phrase:
    less, more = words.less_and_more(outcome, scale)
    sides = (less.split()[0], more.split()[0])
    return Phrase(f"{{}} points {less}", f"{{}} points {more}", sides, words.outcome_name(outcome))


def _improved(outcome: str) -> Phrase:
    what = f"people in 100 importantly improved in {words.outcome_name(outcome)}"
    neither = f"the share of people importantly improved in {words.outcome_name(outcome)}"
    return Phrase(f"{{}} fewer {what}", f"{{}} more {what}", ("fewer", "more"), neither, 100.0)


def _pick(
    rows: pd.DataFrame, quantity: str, outcome: str, detail: str, week: int
) -> pd.Series | None:
    """Return the one row of a quantity; None where there is none."""
    here = (rows["quantity"] == quantity) & (rows["outcome"] == outcome)
    here &= (rows["detail"] == detail) & (rows["week"] == week)
    return rows[here].iloc[0] if here.any() else None


def _label(rows: pd.DataFrame) -> str:
    return ", ".join(dict.fromkeys(str(label) for label in rows["label"])) if len(rows) else ""
