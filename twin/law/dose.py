"""How strongly an intervention acts over time: onset, time in force, lasting share, waning."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from .grid import Floats, TimeGrid
from .ops import Array, ArrayOps


@dataclass(frozen=True)
class DoseSchedule:
    """When an intervention is delivered, in weeks since the person's baseline.

    Attributes
    ----------
    start_week
        First week in force.
    duration_weeks
        Weeks in force; the ramp is part of them. 0 means never delivered.
    ramp_weeks
        Weeks over which the dose rises linearly from 0 to its full level; 0 for at once.
    """

    start_week: float
    duration_weeks: float
    ramp_weeks: float = 0.0

    @property
    def end_week(self) -> float:
        """First week no longer in force."""
        return self.start_week + self.duration_weeks


NEVER = DoseSchedule(start_week=0.0, duration_weeks=0.0)
"""The schedule of a reference arm: nothing is delivered."""


class DoseCells(NamedTuple):
    """One or more schedules read on the grid; every array has shape (..., cell)."""

    delivered: Floats
    """Dose while in force, 0 to 1, ramp included; 0 outside."""
    ended: Floats
    """1 in cells after the end of a delivery, else 0."""
    weeks_ended: Floats
    """Weeks from the end of delivery to the middle of the cell; 0 before it."""


def read(middles: Floats, start: Floats, end: Floats, ramp_weeks: float) -> DoseCells:
    """Read deliveries on cells: in each the dose is its value at the cell's middle.

    Parameters
    ----------
    middles
        Of the cells, weeks since baseline, shape (cell,).
    start, end
        First week in force and first week no longer in force, of a shape that broadcasts with
        `middles`; infinite where there is no delivery, equal where it never begins.
    ramp_weeks
        Weeks over which the dose rises linearly from 0 to its full level; 0 for at once.
    """
    since_start, since_end = middles - start, middles - end
    ramp = np.clip(since_start / ramp_weeks, 0, 1) if ramp_weeks > 0 else 1.0
    ended = (since_end >= 0) & (end > start)
    return DoseCells(
        delivered=np.where((since_start >= 0) & (since_end < 0), ramp, 0.0),
        ended=ended.astype(float),
        weeks_ended=np.where(ended, since_end, 0.0),
    )


def read_on_grid(schedule: DoseSchedule, grid: TimeGrid) -> DoseCells:
    """Read a schedule on the grid."""
    ends = np.asarray(schedule.start_week), np.asarray(schedule.end_week)
    return read(grid.middles, *ends, schedule.ramp_weeks)


def read_arms_on_grid(schedules: Sequence[DoseSchedule], grid: TimeGrid) -> DoseCells:
    """Read the schedules of several arms on the grid, in their order; arrays (arm, cell)."""
    read = [read_on_grid(schedule, grid) for schedule in schedules]
    return DoseCells(*(np.stack(part) for part in zip(*read, strict=True)))


def dose(xp: ArrayOps, cells: DoseCells, lasting_share: Array, waning_half_life: Array) -> Array:
    """Dose in each cell, given what remains after the end of delivery.

    After the end, dose = lasting + (1 - lasting) 2^(-weeks_ended / half_life).

    Parameters
    ----------
    xp
        Array operations.
    cells
        Schedules on the grid, arrays of shape (arm, cell).
    lasting_share
        Share of the dose that never wanes, 0 to 1, shape (arm,).
    waning_half_life
        Weeks in which the rest of the dose halves, shape (arm,).

    Returns
    -------
    Array
        Dose, shape (arm, cell).
    """
    lasting = lasting_share[:, None]
    waned = xp.exp(-np.log(2.0) * cells.weeks_ended / waning_half_life[:, None])
    return cells.delivered + cells.ended * (lasting + (1 - lasting) * waned)
