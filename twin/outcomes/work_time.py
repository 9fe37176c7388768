"""Time in work states: days lost, and time to the first full return to work."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from twin.law.work import WORK_STATES
from twin.simulate.kernel import kernel

from .settings import OutcomeSettings

States = npt.NDArray[np.int8]
Counts = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_WORKING, _RESTRICTED, _SICK_LISTED, _OUT = range(len(WORK_STATES))


def work_sums(state: States, weeks: npt.NDArray[np.int64]) -> dict[str, Counts]:
    """Return what is added up over workers, of one of them.

    Parameters
    ----------
    state
        Codes of states, shape (week, sample).
    weeks
        Weeks since baseline, shape (week,).

    Returns
    -------
    dict
        ``in_state`` (state, week, sample), whether the worker is in it; ``away`` and ``wait``
        (sample,), whether away from full work at week 0 and, of those, weeks to the return.
    """
    away, wait = return_wait(state, weeks)
    codes = np.arange(len(WORK_STATES), dtype=np.int8)[:, None, None]
    return {"in_state": state == codes, "away": away, "wait": np.where(away, wait, 0)}


@dataclass(frozen=True, eq=False)
class WorkTotals:
    """Counts over all workers.

    Attributes
    ----------
    in_state
        Workers in each state, shape (state, scenario, week, sample).
    away
        Workers who do not work fully at week 0, shape (scenario, sample).
    wait
        Weeks to their first full return, added up, same shape.
    workers
        How many were added up.
    """

    in_state: Counts
    away: Counts
    wait: Counts
    workers: int

    def work_share(self) -> Floats:
        """Share of workers in each state, shape (state, scenario, week, sample)."""
        return self.in_state / self.workers

    def weeks_in_state(self) -> Floats:
        """Mean weeks of a worker in each state from week 1 on, shape (state, scenario, sample)."""
        return self.in_state[:, :, 1:].sum(axis=2) / self.workers

    def days_lost(self, settings: OutcomeSettings) -> Floats:
        """Mean days that a worker loses, shape (scenario, sample)."""
        return days_lost(self.in_state[:, :, 1:].sum(axis=2), settings) / self.workers

    def return_time(self) -> Floats:
        """Mean weeks to the first full return among those away at week 0; NaN where there are none.

        Shape (scenario, sample).
        """
        nobody = self.away == 0
        return np.where(nobody, np.nan, self.wait / np.where(nobody, 1, self.away))


def weeks_by_state(state: States) -> Counts:
    """Weeks of one worker in each state from week 1 on, shape (state, sample)."""
    found = np.zeros((len(WORK_STATES), state.shape[1]), dtype=np.int64)
    _count_weeks(state, found)
    return found


@kernel
def _count_weeks(state: States, found: Counts) -> None:
    weeks, samples = state.shape
    for week in range(1, weeks):
        for i in range(samples):
            found[state[week, i], i] += 1


def days_lost(weeks_in_state: Counts, settings: OutcomeSettings) -> Floats:
    """Working days lost, of weeks in each state with the state first."""
    lost = weeks_in_state[_SICK_LISTED] + weeks_in_state[_OUT]
    partly = settings.partial_loss * weeks_in_state[_RESTRICTED]
    return np.asarray(settings.days_per_week * (lost + partly))


def return_wait(
    state: States, weeks: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.bool_], Counts]:
    """Tell whether a worker is away from full work at week 0, and the week of the first return.

    Who does not return within the horizon counts with the horizon. Both have shape (sample,).
    """
    working = state[1:] == _WORKING
    first = np.where(working.any(axis=0), working.argmax(axis=0), len(weeks) - 2)
    return state[0] != _WORKING, weeks[1:][first]
