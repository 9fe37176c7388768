"""From what is kept of people to outcomes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from twin.simulate.chunk import Chunk
from twin.simulate.design import Design

from . import labelled, spread
from .care import CareTotals
from .exact_sums import Totals
from .measures import Measures
from .natural_history import NaturalHistory
from .outcomes import Outcomes
from .person import STATISTICS
from .score_totals import ScoreTotals
from .settings import OutcomeSettings
from .tallied import tallied
from .tally import Tally
from .work_time import WorkTotals


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
    measures = Measures.of(design, settings)
    summary = Summary(design, measures)
    for chunk in chunks:
        if chunk.people:
            summary.add(tallied(design, measures, [chunk]))
    return summary.outcomes()


class Summary:
    """Everything kept while people go by.

    Parameters
    ----------
    design, measures
        What is simulated, and what is read out of it.
    """

    def __init__(self, design: Design, measures: Measures) -> None:
        self._design, self._measures = design, measures
        self._seen = np.zeros(len(design.patients), dtype=np.int64)
        self._sums: dict[str, dict[str, Totals]] = {name: {} for name in design.scenarios}
        n_scenarios, n_people = len(design.scenarios), len(design.patients)
        by_week = (len(design.weeks), len(design.outcomes))
        courses = (len(STATISTICS), n_scenarios, n_people, *by_week)
        self._courses = {
            name: np.empty(courses, dtype=np.float32)
            for name in ("expected_course", "recorded_course")
        }
        others = n_scenarios - 1
        reported = (n_people, others, len(measures.weeks), len(design.outcomes))
        self._gains = {name: np.empty(reported) for name in labelled.BENEFIT}
        if design.has_work and design.worker.any():
            self._gains |= {name: np.empty((n_people, others)) for name in labelled.DAYS_LOST_SAVED}

    def add(self, tallies: Mapping[str, Tally]) -> None:
        """Add some people, given what is kept of them under every scenario."""
        other = 0
        for s, name in enumerate(self._design.scenarios):
            tally = tallies[name]
            people = slice(tally.first, tally.first + tally.people)
            sums = self._sums[name]
            for what, numbers in tally.sums.items():
                if what in sums:
                    sums[what] += numbers
                else:
                    sums[what] = numbers.astype(np.int64)
            for what, kept in self._courses.items():
                kept[:, s, people] = tally.rows[what].swapaxes(0, 1)
            if name != self._design.comparator:
                for what, gains in self._gains.items():
                    gains[people, other] = tally.rows[what]
                other += 1
        self._seen[people] += 1

    def outcomes(self) -> Outcomes:
        """Label everything.

        Raises
        ------
        ValueError
            If somebody was not added exactly once.
        """
        self._check_everyone_came_once()
        design, measures = self._design, self._measures
        settings, thresholds = measures.settings, measures.thresholds
        care = CareTotals(design, self._sums)
        return Outcomes(
            cohort=labelled.cohort(design, settings, thresholds, self._scores(), self._work()),
            people=labelled.people(design, settings, thresholds, self._gains),
            trajectories=labelled.trajectories(
                design,
                settings,
                thresholds,
                self._courses["expected_course"],
                self._courses["recorded_course"],
            ),
            comparator=design.comparator,
            level=settings.level,
            care=care.table(settings.level),
            in_force=care.in_force(),
            spread={name: spread.kept(sums) for name, sums in self._sums.items()},
        )

    def history(self) -> NaturalHistory | None:
        """Return the natural history that was followed; None where none was."""
        if self._measures.history is None:
            return None
        sums = self._sums[self._design.comparator]
        return NaturalHistory(self._design, self._measures.history, sums)

    def _stacked(self, name: str, axis: int = 0) -> Totals:
        return np.stack([self._sums[one][name] for one in self._design.scenarios], axis=axis)

    def _scores(self) -> ScoreTotals:
        return ScoreTotals(
            expected=self._stacked("expected"),
            recorded=self._stacked("recorded"),
            improved=self._stacked("improved", axis=1),
            known=self._measures.criteria.known,
            people=len(self._design.patients),
        )

    def _work(self) -> WorkTotals | None:
        workers = int(self._design.worker.sum())
        if not self._design.has_work or not workers:
            return None
        return WorkTotals(
            in_state=self._stacked("in_state", axis=1),
            away=self._stacked("away"),
            wait=self._stacked("wait"),
            workers=workers,
        )

    def _check_everyone_came_once(self) -> None:
        wrong = np.flatnonzero(self._seen != 1)
        if len(wrong):
            patient, times = self._design.patients[wrong[0]], self._seen[wrong[0]]
            raise ValueError(
                f"{len(wrong)} people are not in exactly one chunk; {patient} came {times} times"
            )
