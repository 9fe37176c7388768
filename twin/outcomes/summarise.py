"""From simulated people, chunk by chunk, to outcomes."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from twin.simulate.chunk import Chunk
from twin.simulate.design import Design

from . import labelled
from .care import CareTotals
from .criteria import Criteria, better_sign
from .exact_sums import units
from .outcomes import Outcomes
from .person import STATISTICS, benefit, course, saved
from .score_totals import ScoreTotals
from .settings import OutcomeSettings
from .thresholds import harm_changes, important_changes
from .work_time import WorkTotals, days_lost, weeks_by_state


def summarise(design: Design, chunks: Iterable[Chunk], settings: OutcomeSettings) -> Outcomes:
    """Read outcomes out of simulated people.

    Chunks are let go one after the other; what is kept grows with people or with draws, never with
    both. How people are cut into chunks, and the order in which these come, changes nothing, bit
    for bit.

    Parameters
    ----------
    design
        What is simulated.
    chunks
        All people, each once.
    settings
        Thresholds, weeks, level.

    Raises
    ------
    InputError
        If a threshold is set for an outcome that there is not.
    ValueError
        If the chunks leave somebody out or hold somebody twice.
    """
    summary = _Summary(design, settings)
    for chunk in chunks:
        for position in range(chunk.expected.shape[2]):
            summary.add(chunk, position)
    return summary.outcomes()


class _Summary:
    """Everything kept while people go by."""

    def __init__(self, design: Design, settings: OutcomeSettings) -> None:
        self._design, self._settings = design, settings
        instruments = {outcome: design.instruments[outcome] for outcome in design.outcomes}
        important = important_changes(instruments, settings)
        harm = harm_changes(instruments, settings)
        self._thresholds = labelled.Thresholds(important, harm)
        self._sign = better_sign(list(instruments.values()))
        self._important = np.array(
            [np.nan if change is None else change.value for change in important.values()]
        )
        self._harm = np.array(list(harm.values()))
        self._comparator = design.scenarios.index(design.comparator)
        self._report_weeks = settings.weeks_within(int(design.weeks[-1]))

        self._seen = np.zeros(len(design.patients), dtype=np.int64)
        self._scores = ScoreTotals(
            design, Criteria(instruments, important, settings.relative_change)
        )
        self._work = WorkTotals(design) if design.has_work and design.worker.any() else None
        self._care = CareTotals(design)
        n_scenarios, n_people = len(design.scenarios), len(design.patients)
        by_outcome = (n_people, n_scenarios, len(design.weeks), len(design.outcomes))
        self._expected = np.empty((len(STATISTICS), *by_outcome), dtype=np.float32)
        self._recorded = np.empty_like(self._expected)
        reported = (n_people, n_scenarios - 1, len(self._report_weeks), len(design.outcomes))
        self._benefit = {name: np.empty(reported) for name in labelled.BENEFIT}
        self._saved = {
            name: np.full((n_people, n_scenarios - 1), np.nan) for name in labelled.DAYS_LOST_SAVED
        }

    def add(self, chunk: Chunk, position: int) -> None:
        """Add one person of a chunk."""
        level, patient = self._settings.level, chunk.first + position
        self._seen[patient] += 1
        # samples last: they are what everything below runs along
        expected, recorded = (
            np.ascontiguousarray(score[:, :, position].transpose(0, 2, 3, 1))
            for score in (chunk.expected, chunk.recorded)
        )
        expected_units, recorded_units = units(expected), units(recorded)
        self._scores.add(expected_units, recorded_units, recorded)
        self._expected[:, patient] = course(expected_units.sum(axis=-1), expected, level)
        self._recorded[:, patient] = course(recorded_units.sum(axis=-1), recorded, level)
        found = benefit(
            expected[:, np.searchsorted(self._design.weeks, self._report_weeks)],
            self._comparator,
            self._sign,
            self._important,
            self._harm,
            level,
        )
        for kept, values in zip(self._benefit.values(), found, strict=True):
            kept[patient] = values
        if chunk.care is not None:
            self._care.add(chunk.care.of(position))
        if self._work is not None and self._design.worker[patient]:
            state = np.ascontiguousarray(chunk.work[:, :, position].transpose(0, 2, 1))
            self._work.add(state)
            lost = days_lost(weeks_by_state(state), self._settings)
            days = saved(lost, self._comparator, level)
            for array, number in zip(self._saved.values(), days, strict=True):
                array[patient] = number

    def outcomes(self) -> Outcomes:
        """Label everything."""
        self._check_everyone_came_once()
        design, settings = self._design, self._settings
        return Outcomes(
            cohort=labelled.cohort(design, settings, self._thresholds, self._scores, self._work),
            people=labelled.people(
                design,
                settings,
                self._thresholds,
                self._benefit | (self._saved if self._work is not None else {}),
            ),
            trajectories=labelled.trajectories(
                design, settings, self._thresholds, self._expected, self._recorded
            ),
            comparator=design.comparator,
            level=settings.level,
            care=self._care.table(settings.level),
            in_force=self._care.in_force(),
        )

    def _check_everyone_came_once(self) -> None:
        wrong = np.flatnonzero(self._seen != 1)
        if len(wrong):
            patient, times = self._design.patients[wrong[0]], self._seen[wrong[0]]
            raise ValueError(
                f"{len(wrong)} people are not in exactly one chunk; {patient} came {times} times"
            )
