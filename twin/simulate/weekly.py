"""The cells that people are simulated in: those of the fit, cut at whole weeks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.law.grid import Floats, Ints, TimeGrid


@dataclass(frozen=True)
class WeeklyCells:
    """Cells that are weeks, or parts of weeks where the fit's own cells begin within one.

    Attributes
    ----------
    grid
        The cells.
    coarse
        Cell of the fit's grid that each lies in, shape (cell,).
    at_week
        Edge at which each whole week ends, week 0 first, shape (week,).
    """

    grid: TimeGrid
    coarse: Ints
    at_week: Ints

    @classmethod
    def of(cls, grid: TimeGrid) -> WeeklyCells:
        """Cut a grid at whole weeks."""
        weeks = np.arange(np.floor(grid.horizon) + 1)
        edges = np.unique(np.concatenate([grid.edges, weeks]))
        fine = TimeGrid(tuple(edges.tolist()))
        coarse = np.searchsorted(grid.ends, fine.starts, side="right")
        return cls(fine, coarse, np.searchsorted(edges, weeks))

    def spread(self, by_coarse: Floats) -> Floats:
        """Give each cell what its cell of the fit's grid has; cells last."""
        return np.asarray(by_coarse[..., self.coarse])
