"""How precise differences are to be told, and how far a simulation got."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

import pandas as pd

from twin.errors import check_names

DAYS_LOST = "days_lost"
_MARGIN = 1.1
"""The error as it was measured errs itself: so many times the draws that it asks for."""
_LEAST, _MOST = 1.25, 8.0
"""Times the draws of one simulation that the next has, at least and at most."""


class Reached(NamedTuple):
    """How precisely a difference is told.

    Attributes
    ----------
    name
        An outcome, whose expected score is meant, or ``days_lost``.
    asked
        Largest Monte-Carlo error of its mean that is wanted, in its unit.
    error
        The largest at any reported week under any scenario; NaN where there are too few draws
        to tell.
    """

    name: str
    asked: float
    error: float

    @property
    def enough(self) -> bool:
        """Whether it is as precise as was asked for."""
        return self.error <= self.asked


def check_precision(
    asked: Mapping[str, float], outcomes: Mapping[str, object], has_work: bool
) -> None:
    """Refuse precision of what there is none.

    Raises
    ------
    InputError
        Naming each unknown outcome, and the nearest.
    """
    known = [*outcomes, *([DAYS_LOST] if has_work else [])]
    rule = "is nothing whose precision can be asked for"
    check_names("simulation.precision", asked, known, rule)


def reached(contrasts: pd.DataFrame, asked: Mapping[str, float]) -> list[Reached]:
    """Return how precisely each difference that was asked for is told.

    Parameters
    ----------
    contrasts
        From `table.contrasts`.
    asked
        Largest Monte-Carlo error by outcome or ``days_lost``.
    """
    found = []
    for name, most in asked.items():
        score = (contrasts["quantity"] == "expected_score") & (contrasts["outcome"] == name)
        mine = score | ((contrasts["quantity"] == DAYS_LOST) & (name == DAYS_LOST))
        errors = contrasts.loc[mine, "mcse_mean"]
        # of a single scenario there is no difference, and nothing to be imprecise about
        largest = 0.0 if errors.empty else float(errors.max(skipna=False))
        found.append(Reached(name, most, largest))
    return found


def more_draws(found: list[Reached], draws: int, available: int) -> int:
    """Return with how many draws to simulate next; as many as now where that is enough or all.

    Parameters
    ----------
    found
        How precise it is with so many draws.
    draws, available
        Those used, and those that there are.

    Notes
    -----
    An error falls with the root of the number of draws.
    """
    if all(one.enough for one in found):
        return draws
    times = max(_times(one) for one in found)
    return min(math.ceil(draws * min(max(times, _LEAST), _MOST)), available)


def in_words(found: list[Reached], draws: int) -> str:
    """Say how precisely each difference is told with so many draws, and what more would need."""
    return " ".join(_sentence(one, draws) for one in found)


def _sentence(one: Reached, draws: int) -> str:
    if math.isnan(one.error):
        return f"{one.name}: too few draws ({draws}) to tell the Monte-Carlo error."
    told = f"{one.name}: Monte-Carlo error {one.error:.2g} with {draws} draws, "
    if one.enough:
        return f"{told}{one.asked:g} was asked for."
    need = math.ceil(draws * _times(one))
    return f"{told}not the {one.asked:g} that was asked for, which needs about {need} draws."


def _times(one: Reached) -> float:
    return _MOST if math.isnan(one.error) else _MARGIN * (one.error / one.asked) ** 2
