"""What is seen of the work process, in order of time: a forward filter.

It carries the distribution over the transient states given all states seen so far. A state that is
seen contributes the chance that it had, and from there on is certain; where none is seen the
distribution goes on, so that visits without a state need no special case. Whoever reports days
absent is seen not to be permanently out.

Beside it goes, for each report of days, the vector of weeks expected to be lost so far jointly with
the state: through a segment with transition probabilities P and losses V (`work.moves_and_losses`)

    distribution -> distribution P,        lost -> lost P + distribution V,

and where a state is seen on the way both lose their other entries and are divided by its chance.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from . import absence, course, work
from .grid import Floats, Ints, TimeGrid
from .ops import Array, ArrayOps
from .records import WorkRecords
from .work import N_TRANSIENT, PERMANENTLY_OUT, WorkLaw


class Filtered(NamedTuple):
    """What the process says of the data of each worker."""

    log_state: Array
    """Log probability of all states seen, shape (worker,)."""
    share: Array
    """Share of working time expected to be lost over the days that each report is about, given
    the states seen by then and no others, shape (report,)."""


def reports(records: WorkRecords) -> Ints:
    """Occasions at which days were reported, shape (report,)."""
    return np.flatnonzero(records.days >= 0)


def filter_work(
    xp: ArrayOps,
    log_intensity: Array,
    log_exit_intensity: Array,
    first: Array,
    records: WorkRecords,
    squarings: int = work.SQUARINGS,
) -> Filtered:
    """Walk through the occasions of every worker.

    Parameters
    ----------
    xp
        Array operations.
    log_intensity
        Log-intensities per week, shape (worker, cell + 1, transition), those before baseline last.
    log_exit_intensity
        A scalar.
    first
        Probabilities of the transient states where each worker's process begins, shape (3, worker).
    records
        What was seen.
    squarings
        As from `work.squarings_for`.
    """
    n_segments = len(records.segment_weeks)
    worker_of, place_of = _places(records)
    chosen = log_intensity[worker_of, records.segment_cell].T
    generator = work.transient_generator(xp, chosen, log_exit_intensity) * records.segment_weeks
    stay = np.eye(N_TRANSIENT)[:, :, None]
    # an identity behind the last segment, for workers whose time is over
    moves = xp.concatenate([work.transition_probabilities(generator, squarings), stay], axis=-1)

    seen, gone = _evidence(records)
    begins = records.first_segment[records.first_occasion[:-1]]
    count = records.first_segment[records.first_occasion[1:]] - begins
    at_once = records.first_segment[records.first_occasion[:-1] + 1] == begins
    opening = np.where(at_once, records.first_occasion[:-1], -1)
    chance, at, _ = _observe(xp, first, seen[:, opening], gone[opening])
    log_state = xp.log(chance)
    before, scales = [at], []
    for place in range(int(count.max(initial=0))):
        walk = np.where(place < count, begins + place, n_segments)
        occasion = occasion_after(records, walk)
        at = _step(xp, at, moves[:, :, walk])
        chance, at, scale = _observe(xp, at, seen[:, occasion], gone[occasion])
        log_state = log_state + xp.log(chance)
        before.append(at)
        scales.append(scale)
    told = reports(records)
    if len(told) == 0:
        return Filtered(log_state, np.zeros(0))

    _, by_segment = work.moves_and_losses(
        xp, generator, records.loss, records.segment_weeks, squarings
    )
    losses = xp.concatenate([by_segment, 0 * stay], axis=-1)
    before, scales = xp.stack(before), xp.stack(scales)
    opens, closes = records.window_segment[told], records.first_segment[told + 1]
    worker, lost = worker_of[opens], np.zeros((N_TRANSIENT, len(told)))
    for step in range(int((closes - opens).max())):
        inside = opens + step < closes
        walk = np.where(inside, opens + step, n_segments)
        at_place = np.where(inside, place_of[np.where(inside, walk, 0)], 0)
        here, scale = before[at_place, :, worker].T, scales[at_place, :, worker].T
        onward = _step(xp, lost, moves[:, :, walk]) + _step(xp, here, losses[:, :, walk])
        lost = onward * (scale * inside + ~inside)
    weeks = np.array([records.segment_weeks[a:b].sum() for a, b in zip(opens, closes, strict=True)])
    return Filtered(log_state, absence.inside(xp.sum(lost, axis=0) / weeks))


def _places(records: WorkRecords) -> tuple[Ints, Ints]:
    """Worker of each segment, and its place among the worker's own."""
    bounds = records.first_segment[records.first_occasion]
    worker = np.repeat(np.arange(len(records.worker)), np.diff(bounds))
    return worker, np.arange(len(worker)) - bounds[worker]


def _evidence(records: WorkRecords) -> tuple[Floats, Floats]:
    """Which states each occasion leaves: transient ones (3, occasion + 1), and out (occasion + 1,).

    The last column, which index -1 finds, stands for no occasion: it leaves all.
    """
    state = np.append(records.state, -1)
    silent = np.append(records.days, -1) < 0
    unseen = state < 0
    seen = np.where(unseen, 1.0, np.eye(N_TRANSIENT + 1)[:N_TRANSIENT, state])
    return seen, np.where(unseen, silent, state == PERMANENTLY_OUT).astype(float)


def occasion_after(records: WorkRecords, segment: Ints) -> Ints:
    """Occasion that a segment leads up to, -1 where it goes on."""
    ends = records.first_segment[1:]
    found = np.minimum(np.searchsorted(ends, segment + 1), len(ends) - 1)
    return np.where(ends[found] == segment + 1, found, -1)


def _step(xp: ArrayOps, at: Array, matrix: Array) -> Array:
    """Row vectors times matrices, batch last."""
    return xp.sum(at[:, None, :] * matrix, axis=0)


def _observe(xp: ArrayOps, at: Array, seen: Floats, gone: Floats) -> tuple[Array, Array, Array]:
    """Chance of what is seen, the distribution given it, and what multiplied the distribution."""
    chance = xp.sum(at * seen, axis=0) + (1 - xp.sum(at, axis=0)) * gone
    scale = seen / chance
    return chance, at * scale, scale


def place_process(
    xp: ArrayOps,
    law: WorkLaw,
    grid: TimeGrid,
    log_rate: Array,
    effects: Array,
    frailty: Array,
    dose: Array,
    response_rate: Array,
    arm: Ints,
    records: WorkRecords,
) -> tuple[Array, Array]:
    """Pace and beginning of every worker's process; arguments as for `work_terms`.

    Returns
    -------
    log_intensity
        As for `filter_work`, shape (worker, cell + 1, transition).
    first
        As for `filter_work`, shape (3, worker).
    """
    k = law.worsening_slope.shape[0]
    worker = records.worker
    n, own = len(worker), effects[worker]
    rate, own_arm = xp.exp(log_rate[worker]), arm[worker]
    # cell -1, before baseline, finds the last of these times, and no dose
    times = np.concatenate(
        [
            records.start_week[:, None],
            np.broadcast_to(grid.middles, (n, grid.n_cells)),
            np.zeros((n, 1)),
        ],
        axis=1,
    )
    own_dose = dose[own_arm]
    weights = course.basis(xp, grid, own_dose, response_rate[own_arm], rate, times)
    level = course.level(weights, own[:, :k], own[:, k : 2 * k], own[:, 2 * k : 3 * k])
    in_force = xp.concatenate([own_dose, np.zeros((n, 1))], axis=1)
    log_intensity = work.log_intensities(
        xp,
        law,
        level[:, 1:],
        frailty[worker][:, None],
        work.hazards_in_force(law, own_arm, in_force),
    )
    first = work.initial_log_probabilities(xp, law, level[:, 0], frailty[worker])
    return log_intensity, xp.exp(first).T


def work_terms(
    xp: ArrayOps,
    log_rate: Array,
    effects: Array,
    frailty: Array,
    dose: Array,
    response_rate: Array,
    law: WorkLaw,
    edges: Floats,
    arm: Ints,
    records: WorkRecords,
) -> tuple[Array, Array]:
    """Log probabilities of what was learnt of a cohort's work.

    Parameters
    ----------
    xp
        Array operations.
    log_rate
        Shape (person, outcome).
    frailty
        Shape (person,).
    effects
        Linear effects: starts, set points, responses, ...; severity, shape (person, linear effect).
    dose
        Shape (arm, cell).
    response_rate
        Per week, shape (arm,).
    law
        Population parameters of the work process.
    edges
        Edges of the grid of person time, weeks, shape (cell + 1,).
    arm
        Each person's arm, shape (person,).
    records
        What is known of the work of all who have a work process.

    Returns
    -------
    states
        Log probability of the states seen, shape (worker,).
    days
        Log probability of the days absent given them, shape (worker,); 0 without a report.
    """
    pace, first = place_process(
        xp,
        law,
        TimeGrid(tuple(edges)),
        log_rate,
        effects,
        frailty,
        dose,
        response_rate,
        arm,
        records,
    )
    found = filter_work(xp, pace, law.log_exit_intensity, first, records)
    told = reports(records)
    by_report = absence.log_probability(
        xp, records.days[told], records.possible_days[told], found.share, law.absence_precision
    )
    # every worker's reports, padded by the 0 that stands behind the last
    begin = np.searchsorted(told, records.first_occasion)
    count = np.diff(begin)
    place = np.arange(int(count.max(initial=0)))
    mine = begin[:-1, None] + place
    padded = xp.concatenate([by_report, np.zeros(1)])
    chosen = padded[np.where(place < count[:, None], mine, len(told))]
    return found.log_state, xp.sum(chosen, axis=-1)
