"""The fixed grid of person time on which everything that changes over time is constant."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]


@dataclass(frozen=True)
class TimeGrid:
    """Cells of person time, shared by the likelihood and the simulator.

    Dose and work intensities are constant within a cell, so both integrate the same thing exactly.

    Attributes
    ----------
    edges
        Increasing weeks since baseline, the first 0. Cell c is [edges[c], edges[c + 1]);
        a cohort with a visit past the last edge is refused.

    Raises
    ------
    ValueError
        When the edges do not start at 0 or do not increase.
    """

    edges: tuple[float, ...]

    def __post_init__(self) -> None:
        """Refuse a grid that is not one."""
        edges = np.asarray(self.edges, dtype=float)
        if edges.size < 2 or edges[0] != 0 or np.any(np.diff(edges) <= 0):
            raise ValueError(
                f"grid edges {self.edges} must start at 0 and increase; e.g. [0, 2, 6, 13, 26, 52]"
            )

    @property
    def starts(self) -> Floats:
        """First week of each cell, shape (cell,)."""
        return np.asarray(self.edges[:-1], dtype=float)

    @property
    def ends(self) -> Floats:
        """Last week of each cell, shape (cell,)."""
        return np.asarray(self.edges[1:], dtype=float)

    @property
    def middles(self) -> Floats:
        """Middle of each cell in weeks, shape (cell,): where dose and level are read."""
        return (self.starts + self.ends) / 2

    @property
    def n_cells(self) -> int:
        """Number of cells."""
        return len(self.edges) - 1

    @property
    def horizon(self) -> float:
        """Last week the grid covers."""
        return float(self.edges[-1])

    def segments(self, start: float, end: float) -> tuple[Ints, Floats]:
        """Cells that an interval passes through, and the weeks it spends in each.

        Parameters
        ----------
        start, end
            Weeks since baseline, 0 <= start <= end <= horizon.

        Returns
        -------
        cells
            Indices in order of time, shape (segment,).
        weeks
            Time spent in each, shape (segment,), summing to end - start.
        """
        inside = np.minimum(self.ends, end) - np.maximum(self.starts, start)
        cells = np.flatnonzero(inside > 0)
        return cells.astype(np.int64), inside[cells]
