"""Time in work states: days lost, and time to the first full return to work."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from twin.law.work import WORK_STATES
from twin.simulate.design import Design

from .settings import OutcomeSettings

States = npt.NDArray[np.int8]
Counts = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_WORKING, _RESTRICTED, _SICK_LISTED, _OUT = range(len(WORK_STATES))


class WorkTotals:
    """Counts over the workers added so far; the order in which they come does not matter.

    Axes are (scenario, week, sample), states first.

    Parameters
    ----------
    design
        What is simulated.
    """

    def __init__(self, design: Design) -> None:
        n_samples = design.n_chains * design.n_draws
        shape = (len(design.scenarios), len(design.weeks), n_samples)
        self._weeks = design.weeks
        self._workers = int(design.worker.sum())
        self._in_state: Counts = np.zeros((len(WORK_STATES), *shape), dtype=np.int64)
        self._wait: Counts = np.zeros((shape[0], n_samples), dtype=np.int64)
        self._away: Counts = np.zeros((shape[0], n_samples), dtype=np.int64)

    def add(self, state: States) -> None:
        """Add one worker: codes of states, shape (scenario, week, sample)."""
        for code in range(len(WORK_STATES)):
            self._in_state[code] += state == code
        away, wait = return_wait(state, self._weeks)
        self._away += away
        self._wait += np.where(away, wait, 0)

    def work_share(self) -> Floats:
        """Share of workers in each state, shape (state, scenario, week, sample)."""
        return self._in_state / self._workers

    def weeks_in_state(self) -> Floats:
        """Mean weeks of a worker in each state from week 1 on, shape (state, scenario, sample)."""
        return self._in_state[:, :, 1:].sum(axis=2) / self._workers

    def days_lost(self, settings: OutcomeSettings) -> Floats:
        """Mean days that a worker loses, shape (scenario, sample)."""
        return days_lost(self._in_state[:, :, 1:].sum(axis=2), settings) / self._workers

    def return_time(self) -> Floats:
        """Mean weeks to the first full return among those away at week 0; NaN where there are none.

        Shape (scenario, sample).
        """
        nobody = self._away == 0
        return np.where(nobody, np.nan, self._wait / np.where(nobody, 1, self._away))

    def away_at_first(self) -> Counts:
        """Workers who do not work fully at week 0, shape (scenario, sample)."""
        return self._away


def weeks_by_state(state: States) -> Counts:
    """Weeks of one worker in each state from week 1 on, shape (state, scenario, sample)."""
    later = state[:, 1:]
    return np.stack([(later == code).sum(axis=1) for code in range(len(WORK_STATES))])


def days_lost(weeks_in_state: Counts, settings: OutcomeSettings) -> Floats:
    """Working days lost, of weeks in each state with the state first."""
    lost = weeks_in_state[_SICK_LISTED] + weeks_in_state[_OUT]
    partly = settings.partial_loss * weeks_in_state[_RESTRICTED]
    return np.asarray(settings.days_per_week * (lost + partly))


def return_wait(
    state: States, weeks: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.bool_], Counts]:
    """Tell whether a worker is away from full work at week 0, and the week of the first return.

    Who does not return within the horizon counts with the horizon. Both have shape
    (scenario, sample).
    """
    working = state[:, 1:] == _WORKING
    first = np.where(working.any(axis=1), working.argmax(axis=1), len(weeks) - 2)
    return state[:, 0] != _WORKING, weeks[1:][first]
