"""The values at some places of an order, found by counting instead of sorting. Compiled."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from twin.instruments import Instrument
from twin.law.grid import Ints
from twin.simulate.kernel import kernel

type Singles = npt.NDArray[np.float32]
type Counts = npt.NDArray[np.int32]
type Bins = npt.NDArray[np.int32]
"""Number of the bin that a value lies in."""

BINS = 256
"""Into which the range of a column is cut: so many that each holds few values, and so few that the
counts of all columns stay near the processor."""


class Grid(NamedTuple):
    """Values that scores may have: lowest, lowest + step, ..., shape (outcome,) each."""

    lowest: Singles
    step: Singles
    """1 where any value may come."""
    values: Ints
    """How many; 1 where any may come."""

    @classmethod
    def of(cls, instruments: Sequence[Instrument]) -> Grid:
        """Read off instruments; a grid finer than what is counted otherwise is taken for none."""
        counts = [
            1 if one.step is None else 1 + round((one.maximum - one.minimum) / one.step)
            for one in instruments
        ]
        return cls(
            np.array([one.minimum for one in instruments], dtype=np.float32),
            np.array([one.step or 1.0 for one in instruments], dtype=np.float32),
            np.array([count if count <= BINS else 1 for count in counts]),
        )


def order_statistics(score: Singles, places: Ints, grid: Grid | None = None) -> Singles:
    """Return scores at some places of their order over samples: those that sorting would give.

    Parameters
    ----------
    score
        Shape (sample, week, outcome); none is NaN.
    places
        From 0 to samples - 1, rising, shape (place,).
    grid
        Where most scores lie; None where they may lie anywhere. It saves time and changes nothing.

    Returns
    -------
    numpy.ndarray
        Shape (place, week, outcome).
    """
    samples, weeks, outcomes = score.shape
    columns = score.reshape(samples, -1)
    if grid is None:
        return _selected(columns, places).reshape(-1, weeks, outcomes)
    by_column = Grid(
        np.tile(grid.lowest, weeks), np.tile(grid.step, weeks), np.tile(grid.values, weeks)
    )
    found, off = _counted(columns, places, by_column, int(grid.values.max()))
    if off.any():
        found[:, off] = _selected(np.ascontiguousarray(columns[:, off]), places)
    return np.asarray(found.reshape(-1, weeks, outcomes))


@kernel
def _counted(
    values: Singles, places: Ints, grid: Grid, bins: int
) -> tuple[Singles, npt.NDArray[np.bool_]]:
    """Count values on a grid; tell, too, in which columns there are others."""
    samples, columns = values.shape
    count = np.zeros((columns, bins), dtype=np.int32)
    at, off = np.empty(columns, dtype=np.int32), np.zeros(columns, dtype=np.bool_)
    for i in range(samples):
        _on_grid(values[i], grid, at, off)
        for j in range(columns):
            count[j, at[j]] += 1
    result = np.empty((len(places), columns), dtype=np.float32)
    for j in range(columns):
        below, place = 0, 0
        for bin_ in range(bins):
            below += count[j, bin_]
            while place < len(places) and places[place] < below:
                result[place, j] = grid.lowest[j] + np.float32(bin_) * grid.step[j]
                place += 1
    return result, off


@kernel
def _selected(values: Singles, places: Ints) -> Singles:
    """Count values by bins, and sort those in the bins that hold a place."""
    samples, columns = values.shape
    low, per_bin = _scaled(values)
    count, at = np.zeros((columns, BINS), dtype=np.int32), np.empty(columns, dtype=np.int32)
    for i in range(samples):
        _in_bins(values[i], low, per_bin, at)
        for j in range(columns):
            count[j, at[j]] += 1
    wanted, start = _wanted(count, places)
    kept, end = np.empty(start[-1], dtype=np.float32), start[:-1].copy()
    for i in range(samples):
        _in_bins(values[i], low, per_bin, at)
        for j in range(columns):
            # written in any case and counted in some: the processor need not guess which
            kept[end[j]] = values[i, j]
            end[j] += wanted[j, at[j]]
    result = np.empty((len(places), columns), dtype=np.float32)
    for j in range(columns):
        own = kept[start[j] : end[j]]
        own.sort()
        below, before, place = 0, 0, 0
        for bin_ in range(BINS):
            here = count[j, bin_]
            while place < len(places) and places[place] < below + here:
                result[place, j] = own[before + places[place] - below]
                place += 1
            below += here
            before += here if wanted[j, bin_] else 0
    return result


@kernel
def _wanted(count: Counts, places: Ints) -> tuple[npt.NDArray[np.bool_], Ints]:
    """Tell which bins hold a place, and where a column's values in them are kept.

    Shapes (column, bin) and (column + 1,); there is room for one value more.
    """
    columns, bins = count.shape
    wanted = np.zeros((columns, bins), dtype=np.bool_)
    start = np.zeros(columns + 1, dtype=np.int64)
    for j in range(columns):
        below, place, kept = 0, 0, 0
        for bin_ in range(bins):
            below += count[j, bin_]
            if place < len(places) and places[place] < below:
                wanted[j, bin_] = True
                kept += count[j, bin_]
            while place < len(places) and places[place] < below:
                place += 1
        start[j + 1] = start[j] + kept + 1
    return wanted, start


# Plain loops, each in a function of its own: so the compiler works on several columns at once.
@kernel
def _scaled(values: Singles) -> tuple[Singles, Singles]:
    """Return the lowest value of each column, and bins in a unit of it, 0 where all are equal."""
    low, high = values[0].copy(), values[0].copy()
    for i in range(len(values)):
        for j in range(len(low)):
            low[j] = min(low[j], values[i, j])
            high[j] = max(high[j], values[i, j])
    per_bin = np.zeros_like(low)
    for j in range(len(low)):
        if high[j] > low[j]:
            per_bin[j] = np.float32(BINS) / (high[j] - low[j])
    return low, per_bin


@kernel
def _in_bins(values: Singles, low: Singles, per_bin: Singles, at: Bins) -> None:
    last = np.int32(BINS - 1)
    for j in range(len(values)):
        at[j] = min(max(np.int32((values[j] - low[j]) * per_bin[j]), np.int32(0)), last)


@kernel
def _on_grid(values: Singles, grid: Grid, at: Bins, off: npt.NDArray[np.bool_]) -> None:
    for j in range(len(values)):
        number = np.int32(np.rint((values[j] - grid.lowest[j]) / grid.step[j]))
        number = min(max(number, np.int32(0)), np.int32(grid.values[j] - 1))
        off[j] |= values[j] != grid.lowest[j] + np.float32(number) * grid.step[j]
        at[j] = number
