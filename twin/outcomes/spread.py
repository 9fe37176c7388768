"""How far one person's outcomes vary over posterior draws, and how much of that is chance alone.

Added up over people, these say which part of the uncertainty of a mean over people would not
shrink with more people; see `twin.outcomes.uncertainty`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from twin.law.work import WORK_STATES
from twin.simulate.kernel import kernel

from .exact_sums import UNITS_PER_POINT, Totals
from .intervals import Floats
from .settings import OutcomeSettings
from .work_time import States, days_lost, weeks_by_state

Singles = npt.NDArray[np.float32]
Truths = npt.NDArray[np.bool_]


class Values(NamedTuple):
    """What is reported of one person in every draw."""

    by_row: Floats
    """Shape (row, sample)."""
    shapes: Mapping[str, tuple[int, ...]]
    """Quantities in the order of their rows, and the shape that the rows of each have."""

    def of(self, quantity: str) -> Floats:
        """Return one quantity, sample last."""
        shape = self.shapes[quantity]
        return self._own(self.by_row, quantity).reshape((*shape, -1))

    def counted(self, variance: Floats, name: str) -> dict[str, Totals]:
        """Name a variance of each row, shape (row,), in units of `exact_sums`."""
        total = np.rint(variance * UNITS_PER_POINT).astype(np.int64)
        return {
            f"{name} {what}": self._own(total, what).reshape(shape)
            for what, shape in self.shapes.items()
        }

    def _own[Number: np.generic](
        self, by_row: npt.NDArray[Number], quantity: str
    ) -> npt.NDArray[Number]:
        """Rows of one quantity."""
        first = 0
        for name, shape in self.shapes.items():
            if name == quantity:
                return by_row[first : first + math.prod(shape)]
            first += math.prod(shape)
        raise KeyError(quantity)


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


def reported(
    expected: Singles,
    recorded: Singles,
    improved: Truths,
    state: States | None,
    weeks: npt.NDArray[np.int64],
    settings: OutcomeSettings,
) -> Values:
    """Return what is reported of one person.

    Parameters
    ----------
    expected, recorded
        Shape (sample, week, outcome), every week from 0 on.
    improved
        Shape (criterion, sample, week, outcome).
    state
        Codes of states, shape (week, sample); None of whoever has no work process.
    weeks
        Those reported.
    settings
        What a lost day is.
    """
    by_week = (len(weeks), expected.shape[2])
    shapes: dict[str, tuple[int, ...]] = {
        "expected_score": by_week,
        "observed_score": by_week,
        "observed_change": by_week,
        "improved": (len(improved), *by_week),
    }
    if state is not None:
        states = len(WORK_STATES)
        shapes |= {"work_share": (states, len(weeks)), "weeks_in_state": (states,), "days_lost": ()}
    values = Values(np.empty((sum(map(math.prod, shapes.values())), len(expected))), shapes)
    _fill_scores(expected, recorded, improved, weeks, values.by_row)
    if state is not None:
        spent = weeks_by_state(state)
        codes = np.arange(len(WORK_STATES), dtype=np.int8)[:, None, None]
        work = (state[weeks] == codes, spent, days_lost(spent, settings))
        for name, numbers in zip(OF_WORKERS, work, strict=True):
            values.of(name)[...] = numbers
    return values


@kernel
def _fill_scores(
    expected: Singles,
    recorded: Singles,
    improved: Truths,
    weeks: npt.NDArray[np.int64],
    by_row: Floats,
) -> None:
    """Fill the rows of what scores tell, which stand first."""
    samples, _, outcomes = expected.shape
    rows = len(weeks) * outcomes  # of one quantity
    for i in range(samples):
        for row in range(rows):
            week, k = weeks[row // outcomes], row % outcomes
            by_row[row, i] = expected[i, week, k]
            by_row[rows + row, i] = recorded[i, week, k]
            by_row[2 * rows + row, i] = recorded[i, week, k] - recorded[i, 0, k]
            for criterion in range(len(improved)):
                by_row[(3 + criterion) * rows + row, i] = improved[criterion, i, week, k]


def variances(values: Values, name: str) -> dict[str, Totals]:
    """Return the variance over draws of each of one person's values, in units of `exact_sums`."""
    return values.counted(values.by_row.var(axis=-1, ddof=1), name)


def chances(values: Values, again: Values, name: str) -> dict[str, Totals]:
    """Return the variance that is left when all but chance is the same, in units of `exact_sums`.

    Half the mean square of the difference between two simulations from the same draws with other
    random numbers.
    """
    off = values.by_row - again.by_row
    return values.counted((off**2).mean(axis=-1) / 2, name)


def apart(values: Values, comparator: Values) -> Values:
    """Return the difference from the comparator in every draw."""
    return values._replace(by_row=values.by_row - comparator.by_row)


def kept(sums: Mapping[str, Totals]) -> dict[str, Totals]:
    """Return those sums that are of this module."""
    names = (VARIANCE, CHANCE, OF_CONTRAST, CHANCE_OF_CONTRAST)
    starts = tuple(f"{name} " for name in names)
    return {what: of for what, of in sums.items() if what == TWICE or what.startswith(starts)}
