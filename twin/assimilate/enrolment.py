"""What is known of someone who was enrolled by a threshold and whose score was not handed on."""

from __future__ import annotations

import numpy as np

from twin.law.grid import Ints
from twin.law.records import Records, ScoreRecords

_ABOVE = 1  # a score whose continuous severity lies above a bound, as at the ceiling of its scale


def with_enrolment(records: Records) -> Records:
    """Return records in which everybody's passing of the threshold is among the data.

    The likelihood of people who were recruited is divided by the chance of that; so the passing
    itself has to be in it. Where the baseline score is there, it is. Where it is not, all that is
    known of it is that it lies above the bound: a score cut off there.

    Parameters
    ----------
    records
        With an entry rule, or without one: then nothing changes.
    """
    rule, scores = records.entry, records.scores
    if rule is None:
        return records
    there = np.arange(scores.week.shape[1]) < scores.n_scores[:, None]
    passed = there & (scores.week == 0) & (scores.outcome == rule.outcome)
    lacking = np.flatnonzero(~passed.any(axis=1))
    if not lacking.size:
        return records
    wider = ScoreRecords(
        scores.n_scores.copy(),
        *(np.pad(np.asarray(part), ((0, 0), (0, 1))) for part in scores[1:]),
    )
    for person in lacking:
        _insert(wider, int(person), rule.outcome, rule.bound)
    return records._replace(scores=wider)


def _insert(scores: ScoreRecords, person: int, outcome: int, bound: float) -> None:
    """Put the score cut off in its place among those of the week: by outcome."""
    n = scores.n_scores[person]
    before: Ints = (scores.week[person, :n] == 0) & (scores.outcome[person, :n] < outcome)
    at = int(before.sum())
    parts: list[np.ndarray] = [*scores[1:]]
    for part in parts:
        part[person, at + 1 : n + 1] = part[person, at:n].copy()
    new = (0.0, outcome, bound, _ABOVE, 0.0)
    for part, value in zip(parts, new, strict=True):
        part[person, at] = value
    scores.n_scores[person] += 1
