"""The law of work run forward: states and days absent as they would be recorded.

What is drawn has the pattern of given records: the same workers, occasions, sightings and reports.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from . import absence, dose, work
from .backends import NUMPY
from .dose import DoseCells
from .grid import Floats, Ints, TimeGrid
from .population import People, Population
from .records import WorkRecords
from .work_filter import filter_work, occasion_after, place_process, reports


class WorkProcess(NamedTuple):
    """The processes of some workers."""

    log_intensity: Floats
    """Per week, shape (worker, cell + 1, transition), those before baseline last."""
    log_exit_intensity: Floats
    """Per week, a scalar."""
    first: Floats
    """Probabilities of the transient states where each begins, shape (3, worker)."""
    precision: float
    """Of days absent."""


def work_process(
    population: Population,
    people: People,
    grid: TimeGrid,
    cells: DoseCells,
    arm: Ints,
    records: WorkRecords,
) -> WorkProcess:
    """Return the processes of the workers among people.

    Parameters
    ----------
    population
        Population parameters, with a work process.
    people
        Individual parameters.
    grid
        The cells of person time.
    cells
        Schedules of the arms, arrays of shape (arm, cell).
    arm
        Index of each person's arm, shape (person,).
    records
        Whose workers are meant, and when their processes begin.
    """
    law = population.work
    assert law is not None  # who has no process has no records of one
    by_arm = dose.dose(NUMPY, cells, population.lasting_share, population.waning_half_life)
    pace, first = place_process(
        NUMPY,
        law,
        grid,
        people.log_rate,
        np.concatenate([people.start, people.set_point, people.response], axis=1),
        people.frailty,
        by_arm,
        population.response_rate,
        arm,
        records,
    )
    return WorkProcess(
        np.asarray(pace),
        np.asarray(law.log_exit_intensity),
        np.asarray(first),
        float(law.absence_precision),
    )


def draw_work(process: WorkProcess, pattern: WorkRecords, rng: np.random.Generator) -> WorkRecords:
    """Draw what would be recorded: states where one was seen, days where they were reported.

    Whoever is out for good when asked for days says so instead.

    Parameters
    ----------
    process
        From `work_process`.
    pattern
        Where its ``state`` is not -1 a state is seen, where its ``days`` are not -1 days are asked.
    rng
        Source of randomness.
    """
    state = draw_states(process, pattern, rng)
    asked, out = pattern.days >= 0, state == work.PERMANENTLY_OUT
    drawn = pattern._replace(
        state=np.where((pattern.state >= 0) | (asked & out), state, -1),
        days=np.where(asked & ~out, 0, -1),
        possible_days=np.where(out, 0, pattern.possible_days),
    )
    return drawn._replace(days=draw_days(process, drawn, rng))


def draw_states(process: WorkProcess, pattern: WorkRecords, rng: np.random.Generator) -> Ints:
    """Draw the state of every worker at every occasion, exactly: cell by cell.

    Parameters
    ----------
    process
        From `work_process`.
    pattern
        Its workers and occasions.
    rng
        Source of randomness.

    Returns
    -------
    Ints
        Codes of `work.WORK_STATES`, shape (occasion,).
    """
    n = len(pattern.worker)
    begins = pattern.first_segment[pattern.first_occasion[:-1]]
    count = pattern.first_segment[pattern.first_occasion[1:]] - begins
    state = _choose(process.first.T, rng)
    found = np.zeros(len(pattern.state), dtype=np.int64)
    opening = pattern.first_occasion[:-1]
    at_once = pattern.first_segment[opening + 1] == begins
    found[opening[at_once]] = state[at_once]
    for place in range(int(count.max(initial=0))):
        on = place < count
        segment = np.where(on, begins + place, 0)
        generator = work.transient_generator(
            NUMPY,
            process.log_intensity[np.arange(n), pattern.segment_cell[segment]].T,
            process.log_exit_intensity,
        ) * (pattern.segment_weeks[segment] * on)
        moves = work.transition_probabilities(generator, work.squarings_for(-generator.min()))
        present = np.minimum(state, work.N_TRANSIENT - 1)
        to = np.moveaxis(moves, -1, 0)[np.arange(n), present]
        out = np.clip(1 - to.sum(axis=1), 0, 1)
        drawn = _choose(np.column_stack([to, out]), rng)
        state = np.where(on & (state != work.PERMANENTLY_OUT), drawn, state)
        occasion = occasion_after(pattern, np.where(on, segment, len(pattern.segment_weeks)))
        found[occasion[occasion >= 0]] = state[occasion >= 0]
    return found


def draw_days(process: WorkProcess, records: WorkRecords, rng: np.random.Generator) -> Ints:
    """Draw the days absent that would be reported, given the states that are seen.

    Parameters
    ----------
    process
        From `work_process`.
    records
        Where its ``days`` are not -1 days are drawn.
    rng
        Source of randomness.

    Returns
    -------
    Ints
        Days, -1 where none are asked, shape (occasion,).
    """
    days, told = records.days.copy(), reports(records)
    if len(told):
        fastest = float(np.exp(process.log_intensity).sum(axis=-1).max())
        weeks = float(records.segment_weeks.max())
        share = filter_work(
            NUMPY,
            process.log_intensity,
            process.log_exit_intensity,
            process.first,
            records,
            work.squarings_for(fastest * weeks),
        ).share
        inside = np.clip(share, absence.INSIDE, 1 - absence.INSIDE)  # but for rounding it is
        days[told] = absence.draw(records.possible_days[told], inside, process.precision, rng)
    return days


def _choose(probability: Floats, rng: np.random.Generator) -> Ints:
    """One category per row, by inversion, with one uniform per row whatever the outcome."""
    cumulative = np.cumsum(probability, axis=1)
    u = rng.random(len(probability))[:, None] * cumulative[:, -1:]
    return np.asarray((u >= cumulative[:, :-1]).sum(axis=1), dtype=np.int64)
