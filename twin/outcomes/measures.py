"""What is read out of every person, fixed before the first is simulated."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from twin.simulate.design import Design

from .criteria import Criteria, better_sign
from .labelled import Thresholds
from .natural_history import HistoryOf
from .order_statistics import Grid
from .settings import OutcomeSettings
from .thresholds import harm_changes, important_changes


@dataclass(frozen=True, eq=False)
class Measures:
    """What is read out of every person.

    Attributes
    ----------
    settings
        Thresholds, weeks, level, as chosen.
    thresholds
        Changes that count, by outcome.
    criteria
        What counts as improved.
    grid
        Where recorded scores lie.
    sign
        1 where a lower score is better, -1 where a higher one is, shape (outcome,).
    important, harm
        Changes that count, score points, NaN where none is known, shape (outcome,).
    weeks
        Those reported.
    comparator
        Position of the comparator among the scenarios.
    history
        Whose natural history is followed; None for nobody's.
    """

    settings: OutcomeSettings
    thresholds: Thresholds
    criteria: Criteria
    grid: Grid
    sign: npt.NDArray[np.float64]
    important: npt.NDArray[np.float64]
    harm: npt.NDArray[np.float64]
    weeks: npt.NDArray[np.int64]
    comparator: int
    history: HistoryOf | None

    @classmethod
    def of(
        cls, design: Design, settings: OutcomeSettings, history: HistoryOf | None = None
    ) -> Measures:
        """Settle them for a simulation.

        Raises
        ------
        InputError
            If a threshold is set for an outcome that there is not.
        """
        instruments = {outcome: design.instruments[outcome] for outcome in design.outcomes}
        important = important_changes(instruments, settings)
        harm = harm_changes(instruments, settings)
        return cls(
            settings=settings,
            thresholds=Thresholds(important, harm),
            criteria=Criteria(instruments, important, settings.relative_change),
            grid=Grid.of(list(instruments.values())),
            sign=better_sign(list(instruments.values())),
            important=np.array(
                [np.nan if change is None else change.value for change in important.values()]
            ),
            harm=np.array(list(harm.values())),
            weeks=np.array(settings.weeks_within(int(design.weeks[-1]))),
            comparator=design.scenarios.index(design.comparator),
            history=history,
        )
