"""What may be asked about a next visit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from priors.near import nearest
from twin.errors import InputError, Problem
from twin.fit.frame import Frame
from twin.instruments import instrument

_WHERE = "next visit"


def check(
    frame: Frame,
    outcome: str,
    week: float,
    weeks: Sequence[float],
    ahead: NDArray[np.bool_],
    others: Mapping[str, Sequence[str]],
) -> None:
    """Refuse a question that has no answer.

    Parameters
    ----------
    frame
        How the fit reads people.
    outcome, week, weeks, others
        As for `next_visit.next_visit`.
    ahead
        Whether each visit comes after a person's last, shape (patient, visit).

    Raises
    ------
    InputError
        Everything that is wrong.
    """
    problems = [
        _not_an_outcome(frame, name) for name in [outcome, *others] if name not in frame.outcomes
    ]
    last = frame.grid[-1]
    problems += [
        Problem(_WHERE, f"must lie in weeks 0 to {last:g}", column="week", value=f"{one:g}")
        for one in [week, *weeks]
        if not 0 <= one <= last
    ]
    problems += [
        Problem(
            _WHERE,
            "is not after the last visit of anybody",
            column="week",
            value=f"{one:g}",
            remedy="Choose a later week.",
        )
        for one, anybody in zip(weeks, ahead.any(axis=0), strict=True)
        if not anybody
    ]
    if problems:
        raise InputError(problems)
    for names in others.values():
        for name in names:
            instrument(name)  # says which there are


def _not_an_outcome(frame: Frame, name: str) -> Problem:
    known = list(frame.outcomes)
    remedy = f"Outcomes of the fit: {', '.join(known)}.{nearest(name, known)}"
    return Problem(_WHERE, "is not an outcome of the fit", value=name, remedy=remedy)
