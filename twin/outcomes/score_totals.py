"""Scores added up over people, draw by draw."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from twin.simulate.design import Design

from .criteria import CRITERIA, Criteria
from .exact_sums import Totals, points

Singles = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]


class ScoreTotals:
    """Sums over the people added so far; the order in which they come does not matter.

    Axes are (scenario, week, outcome, sample) throughout, improved people with the criterion first.

    Parameters
    ----------
    design
        What is simulated.
    criteria
        What counts as improved.
    """

    def __init__(self, design: Design, criteria: Criteria) -> None:
        shape = (
            len(design.scenarios),
            len(design.weeks),
            len(design.outcomes),
            design.n_chains * design.n_draws,
        )
        self._criteria = criteria
        self._expected: Totals = np.zeros(shape, dtype=np.int64)
        self._recorded: Totals = np.zeros(shape, dtype=np.int64)
        self._improved: Totals = np.zeros((len(CRITERIA), *shape), dtype=np.int64)
        self._people = len(design.patients)

    def add(self, expected: Totals, recorded: Totals, score: Singles) -> None:
        """Add one person: scores in units of `exact_sums`, and recorded scores as they are."""
        self._expected += expected
        self._recorded += recorded
        self._improved += self._criteria.improved(score)

    def expected_score(self) -> Floats:
        """Mean expected score."""
        return points(self._expected, self._people)

    def observed_score(self) -> Floats:
        """Mean recorded score."""
        return points(self._recorded, self._people)

    def observed_change(self) -> Floats:
        """Mean of recorded score minus baseline score."""
        return points(self._recorded - self._recorded[:, :1], self._people)

    def improved(self) -> Floats:
        """Share of people improved by each criterion, NaN where there is no threshold."""
        known = self._criteria.known[:, None, None, :, None]
        return np.where(known, self._improved / self._people, np.nan)
