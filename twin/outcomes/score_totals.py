"""Mean scores and shares of people, draw by draw, from what was added up over people."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .exact_sums import Totals, points

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ScoreTotals:
    """Sums over all people.

    Axes are (scenario, sample, week, outcome) throughout, improved people with the criterion first.

    Attributes
    ----------
    expected, recorded
        Scores in units of `exact_sums`.
    improved
        Number of people whose recorded score is improved, by criterion.
    known
        Whether there is a threshold, shape (criterion, outcome).
    people
        How many were added up.
    """

    expected: Totals
    recorded: Totals
    improved: Totals
    known: npt.NDArray[np.bool_]
    people: int

    def expected_score(self) -> Floats:
        """Mean expected score."""
        return points(self.expected, self.people)

    def observed_score(self) -> Floats:
        """Mean recorded score."""
        return points(self.recorded, self.people)

    def observed_change(self) -> Floats:
        """Mean of recorded score minus baseline score."""
        return points(self.recorded - self.recorded[:, :, :1], self.people)

    def improved_share(self) -> Floats:
        """Share of people improved by each criterion, NaN where there is no threshold."""
        known = self.known[:, None, None, None, :]
        return np.where(known, self.improved / self.people, np.nan)
