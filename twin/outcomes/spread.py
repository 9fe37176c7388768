"""How far one person's outcomes vary over posterior draws, and how much of that is chance alone.

Added up over people, these say which part of the uncertainty of a mean over people would not
shrink with more people; see `twin.outcomes.uncertainty`.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from twin.law.work import WORK_STATES

from .exact_sums import UNITS_PER_POINT, Totals
from .settings import OutcomeSettings
from .work_time import States, days_lost, weeks_by_state

Singles = npt.NDArray[np.float32]
type Values = dict[str, npt.NDArray[np.floating]]
"""What is reported of one person in every draw, by quantity, sample last."""

AXES = {
    "expected_score": ("week", "outcome"),
    "observed_score": ("week", "outcome"),
    "observed_change": ("week", "outcome"),
    "improved": ("criterion", "week", "outcome"),
    "work_share": ("work_status", "week"),
    "weeks_in_state": ("work_status",),
    "days_lost": (),
}
"""Quantities that are means over people, and the axes of one person's; time to return is none: it
is averaged over those who are away, and who these are differs between draws."""
OF_WORKERS = ("work_share", "weeks_in_state", "days_lost")
VARIANCE, CHANCE = "variance", "chance"
OF_CONTRAST, CHANCE_OF_CONTRAST = "variance of contrast", "chance of contrast"
TWICE = "simulated twice"
"""Names under which sums are kept: the last of people, and of the workers among them."""


def score_values(
    expected: Singles,
    recorded: Singles,
    improved: npt.NDArray[np.bool_],
    weeks: npt.NDArray[np.int64],
) -> Values:
    """Return what is reported of one person's scores.

    Parameters
    ----------
    expected, recorded
        Shape (week, outcome, sample), every week from 0 on.
    improved
        Shape (criterion, week, outcome, sample).
    weeks
        Those reported.
    """
    return {
        "expected_score": expected[weeks],
        "observed_score": recorded[weeks],
        "observed_change": recorded[weeks] - recorded[:1],
        "improved": improved[:, weeks].astype(np.float32),
    }


def work_values(state: States, weeks: npt.NDArray[np.int64], settings: OutcomeSettings) -> Values:
    """Return what is reported of one worker's states, given with shape (week, sample)."""
    spent = weeks_by_state(state)
    codes = np.arange(len(WORK_STATES), dtype=np.int8)[:, None, None]
    return {
        "work_share": (state[weeks] == codes).astype(np.float32),
        "weeks_in_state": spent.astype(np.float64),
        "days_lost": days_lost(spent, settings),
    }


def variances(values: Values, name: str) -> dict[str, Totals]:
    """Return the variance over draws of each of one person's values, in units of `exact_sums`."""
    return {f"{name} {what}": _counted(of.var(axis=-1, ddof=1)) for what, of in values.items()}


def chances(values: Values, again: Values, name: str) -> dict[str, Totals]:
    """Return the variance that is left when all but chance is the same, in units of `exact_sums`.

    Half the mean square of the difference between two simulations from the same draws with other
    random numbers.
    """
    return {
        f"{name} {what}": _counted(((of - again[what]) ** 2).mean(axis=-1) / 2)
        for what, of in values.items()
    }


def apart(values: Values, comparator: Values) -> Values:
    """Return the difference from the comparator in every draw."""
    return {
        what: of.astype(np.float64) - comparator[what].astype(np.float64)
        for what, of in values.items()
    }


def _counted(variance: npt.NDArray[np.floating] | np.floating) -> Totals:
    return np.rint(np.asarray(variance, dtype=np.float64) * UNITS_PER_POINT).astype(np.int64)


def kept(sums: Mapping[str, Totals]) -> dict[str, Totals]:
    """Return those sums that are of this module."""
    names = (VARIANCE, CHANCE, OF_CONTRAST, CHANCE_OF_CONTRAST)
    starts = tuple(f"{name} " for name in names)
    return {what: of for what, of in sums.items() if what == TWICE or what.startswith(starts)}
