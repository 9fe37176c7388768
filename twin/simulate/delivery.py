"""The dose over time of an intervention that begins and stops when it does."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from twin.law import dose
from twin.law.backends import NUMPY
from twin.law.dose import DoseCells
from twin.law.grid import Floats, TimeGrid


class Spells(NamedTuple):
    """When an intervention is in force, in weeks from its start.

    Attributes
    ----------
    begins, ends
        Of each spell, the first of them the main one and the others boosters, in order.
    ramp_weeks
        Weeks over which the dose of the first rises.
    """

    begins: tuple[float, ...]
    ends: tuple[float, ...]
    ramp_weeks: float = 0.0

    @property
    def last_end(self) -> float:
        """Weeks from the start to the end of the last spell."""
        return self.ends[-1]


class Pace(NamedTuple):
    """How a dose goes on, in each posterior draw; every array has shape (sample,)."""

    lasting_share: Floats
    """Share of the dose that never wanes after the end."""
    waning_half_life: Floats
    """Weeks in which the rest halves after the end."""
    adherence_half_life: Floats
    """Weeks in which it halves while in force; infinite where it does not."""


type Doses = tuple[tuple[int, Floats], ...]
"""From which week on a dose is which multiple of the planned one, shape (sample,); in order."""


def dose_over_time(
    spells: Spells, pace: Pace, grid: TimeGrid, start: Floats, stop: Floats, doses: Doses = ()
) -> Floats:
    """Dose in each cell, full adherence at first, shape (sample, cell).

    While a spell is in force the dose is the law's, times 2^(-weeks of it / adherence half-life);
    after it the law's lasting share and waning, of the dose as it was at the end. What is left of
    one spell gives way to the next. A change of the dose counts for what is delivered after it.

    Parameters
    ----------
    spells
        When it is in force.
    pace
        How it goes on.
    grid
        Cells of person time.
    start
        Week in which each sample begins, infinite where it never does, shape (sample,).
    stop
        Week from which it gets no more of it, infinite where nothing stops it, shape (sample,).
    doses
        Changes of the dose.
    """
    middles = grid.middles
    delivered = np.zeros((len(start), len(middles)))
    ended, weeks_ended, in_force, delivered_at = (np.zeros_like(delivered) for _ in range(4))
    for number, (begin, end) in enumerate(zip(spells.begins, spells.ends, strict=True)):
        opens = start + begin
        closes = np.maximum(np.minimum(start + end, stop), opens)
        own = dose.read(
            middles, opens[:, None], closes[:, None], 0.0 if number else spells.ramp_weeks
        )
        acts = (own.delivered > 0) | (own.ended > 0)
        delivered = np.where(acts, own.delivered, delivered)
        ended = np.where(acts, own.ended, ended)
        weeks_ended = np.where(acts, own.weeks_ended, weeks_ended)
        last = np.minimum(middles, closes[:, None])
        passed = last - np.where(np.isinf(opens), 0, opens)[:, None]
        in_force = np.where(acts, passed, in_force)
        delivered_at = np.where(acts, last, delivered_at)
    cells = DoseCells(delivered, ended, weeks_ended)
    full = np.asarray(dose.dose(NUMPY, cells, pace.lasting_share, pace.waning_half_life))
    planned = full * 0.5 ** (in_force / pace.adherence_half_life[:, None])
    if not doses:
        return planned
    times = np.ones_like(planned)
    for week, from_then in doses:
        times = np.where(delivered_at > week, from_then[:, None], times)
    return planned * times
