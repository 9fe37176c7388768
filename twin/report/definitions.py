"""What the words on the page mean."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from . import digits, words
from .content import ReportContent


class Definition(NamedTuple):
    """A term and its meaning."""

    term: str
    meaning: str


def definitions(content: ReportContent) -> list[Definition]:
    """Return the terms that the page uses, with the thresholds and assumptions behind them."""
    return [*_scores(content), *_responders(content), *_work(content), *_figures(content)]


def _scores(content: ReportContent) -> Iterator[Definition]:
    for outcome, scale in content.instruments.items():
        yield Definition(
            words.capital(words.outcome_name(outcome)),
            f"{scale.label}, {words.scale(scale)}. Defined in: {scale.source}.",
        )
    yield Definition(
        "Expected score",
        "The score that a person would average over many measurements of the same week: short "
        "flares and measurement error are averaged out. Courses and benefits are expected scores.",
    )
    yield Definition(
        "Recorded score",
        "A score as one visit would record it, with flare and measurement error, rounded to the "
        "instrument's grid. Shares of people improved compare recorded scores, as trials do.",
    )
    yield Definition(
        "Expected benefit of a person",
        f"The improvement in that person's expected score against "
        f"{words.inside(content.titles[content.comparator])}; above 0 is better.",
    )


def _responders(content: ReportContent) -> Iterator[Definition]:
    for outcome, change in content.outcomes.important_changes.items():
        what = words.outcome_name(outcome)
        if change is None:
            told = "None is published for this instrument and none was chosen."
        else:
            told = f"At least {digits.plain(change.value)} points. Source: {change.source}."
        yield Definition(f"Important change in {what}", told)
    yield Definition(
        f"Improved by {digits.percent(content.settings.relative_change)}",
        "The recorded score improved by at least this share of its value at the start. Published "
        "thresholds for important change conflict; these are the ones used here.",
    )
    harm = content.settings.harm_change
    told = "; ".join(
        f"{words.outcome_name(name)} by more than {digits.plain(harm[name])} points"
        if harm.get(name)
        else f"{words.outcome_name(name)} by any amount"
        for name in content.instruments
    )
    yield Definition("Expected worse off", f"The expected score is worse than it: {told}.")


def _work(content: ReportContent) -> Iterator[Definition]:
    if not content.has_work:
        return
    settings = content.settings
    yield Definition(
        "Working days lost",
        f"{digits.plain(settings.days_per_week)} days for each week sick-listed or permanently out "
        f"of work, and {digits.percent(settings.partial_loss)} of that for each week of work with "
        "restrictions. The second number is an assumption. Only people with a job are counted.",
    )
    yield Definition(
        "Time to first full return to work",
        "The mean over people who are not working fully at the start; who has not returned by week "
        f"{content.horizon} counts with {content.horizon} weeks.",
    )


def _figures(content: ReportContent) -> Iterator[Definition]:
    level = digits.level(content.outcomes.level)
    yield Definition(
        f"{level} interval",
        f"Given the model, its priors and the data, the quantity lies in it with probability "
        f"{level}. Unless said otherwise it is about the average over these people, not about the "
        "spread between them.",
    )
    yield Definition(
        "Monte-Carlo error (±)",
        "How far a number could move if the same computation were run with other random numbers. "
        "Digits that it leaves open are not shown.",
    )
    yield Definition(
        "Chance better",
        "A probability: the share of posterior draws in which the average over these people is "
        "better than under the comparator; a tie counts half.",
    )
    yield Definition(
        "What cannot be known",
        "How many people would do better under one scenario than under another depends on how "
        "their two futures go together. No data show both futures of one person, so that share is "
        "not reported. Each person's benefit here is a difference between expected scores.",
    )
