"""Work states week by week, drawn exactly from the law's transition probabilities. Compiled.

An estimated intervention multiplies intensities as in the fit: those of all moves to full work, and
of all moves away from it. A borrowed one multiplies those of moves to full work until a person has
first returned to it, and those of moves away from it afterwards, as the published ratios do.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from twin.law.grid import Floats, Ints, TimeGrid
from twin.law.work import N_TRANSIENT, PERMANENTLY_OUT
from twin.law.work_exponentials import TAPE, exponential, generator
from twin.law.work_kernels import intensities


class WeekSegments(NamedTuple):
    """The stays in single cells of the grid that simulated weeks are made of."""

    first: Ints
    """Where each week's segments begin, and the end of the last, shape (week + 1,)."""
    cell: Ints
    """Cell of the grid, shape (segment,)."""
    weeks: Floats
    """Length, shape (segment,)."""


def week_segments(grid: TimeGrid, horizon: int) -> WeekSegments:
    """Cut the weeks 1 to the horizon at the edges of the grid; week 0 has no segment."""
    stays = [grid.segments(week - 1, week) for week in range(1, horizon + 1)]
    count = [0, 0, *(len(cells) for cells, _ in stays)]
    return WeekSegments(
        first=np.cumsum(count),
        cell=np.concatenate([cells for cells, _ in stays]),
        weeks=np.concatenate([weeks for _, weeks in stays]),
    )


@njit(cache=True, error_model="numpy")
def _alike(
    level: Floats,
    by_move: Floats,
    first_return: Floats,
    relapse: Floats,
    exit_ratio: Floats,
    like: Ints,
) -> None:
    """Number cells, the same number for neighbours in which intensities are the same."""
    like[0] = 0
    for c in range(1, len(like)):
        same = (
            first_return[c] == first_return[c - 1]
            and relapse[c] == relapse[c - 1]
            and exit_ratio[c] == exit_ratio[c - 1]
        )
        for m in range(by_move.shape[1]):
            same = same and by_move[c, m] == by_move[c - 1, m]
        for k in range(level.shape[1]):
            same = same and level[c, k] == level[c - 1, k]
        like[c] = like[c - 1] if same else c


@njit(cache=True, error_model="numpy")
def work_paths(
    cell_level: Floats,
    frailty: Floats,
    log_intensity: Floats,
    worsening_slope: Floats,
    recovery_slope: Floats,
    log_exit_intensity: Floats,
    by_move: Floats,
    first_return: Floats,
    relapse: Floats,
    exit_ratio: Floats,
    first_state: Ints,
    uniform: Floats,
    first_segment: Ints,
    segment_cell: Ints,
    segment_weeks: Floats,
) -> NDArray[np.int8]:
    """Draw one person's work states under every scenario with the same uniform numbers.

    Parameters
    ----------
    cell_level
        Levels at the middle of each cell, severity, shape (scenario, sample, cell, outcome).
    frailty
        Shape (sample,).
    log_intensity, worsening_slope, recovery_slope, log_exit_intensity
        As in `work.WorkLaw`, with a leading sample axis.
    by_move
        Log hazard ratios in force of each of `work.WORK_MOVES`, shape (scenario, sample, cell,
        work move).
    first_return, relapse
        Log hazard ratios in force until the first return and after it, shape (scenario, sample,
        cell).
    exit_ratio
        Log hazard ratio of leaving work for good, same shape.
    first_state
        Code of the state at week 0, shape (sample,).
    uniform
        Shape (week, sample).
    first_segment, segment_cell, segment_weeks
        As in `WeekSegments`.

    Returns
    -------
    NDArray
        Codes of `work.WORK_STATES` at the end of each week, int8, (scenario, sample, week).
    """
    scenarios, samples, cells, _ = cell_level.shape
    weeks = uniform.shape[0]
    result = np.empty((scenarios, samples, weeks), dtype=np.int8)
    intensity = np.empty(6)
    tape = np.empty((TAPE, N_TRANSIENT, N_TRANSIENT))
    whole = np.empty((2, N_TRANSIENT, N_TRANSIENT))
    known = np.empty(2, dtype=np.int64)
    like = np.empty(cells, dtype=np.int64)
    at = np.empty(N_TRANSIENT)
    new = np.empty(N_TRANSIENT)
    for scenario in range(scenarios):
        for sample in range(samples):
            known[:] = -1
            _alike(
                cell_level[scenario, sample],
                by_move[scenario, sample],
                first_return[scenario, sample],
                relapse[scenario, sample],
                exit_ratio[scenario, sample],
                like,
            )
            state = first_state[sample]
            has_been_off = state != 0
            returned = 0
            result[scenario, sample, 0] = state
            for week in range(1, weeks):
                if state == PERMANENTLY_OUT:
                    result[scenario, sample, week] = state
                    continue
                at[:] = 0.0
                at[state] = 1.0
                for g in range(first_segment[week], first_segment[week + 1]):
                    c, length = segment_cell[g], segment_weeks[g]
                    if length != 1.0 or known[returned] != like[c]:
                        to_full, from_full = by_move[scenario, sample, c]
                        if returned == 0:
                            to_full += first_return[scenario, sample, c]
                        else:
                            from_full += relapse[scenario, sample, c]
                        intensities(
                            log_intensity[sample],
                            worsening_slope[sample],
                            recovery_slope[sample],
                            frailty[sample],
                            to_full,
                            from_full,
                            cell_level[scenario, sample, c],
                            intensity,
                        )
                        leaving = np.exp(
                            log_exit_intensity[sample] + exit_ratio[scenario, sample, c]
                        )
                        halvings = generator(intensity, leaving, length, tape[0])
                        exponential(tape, halvings)
                        whole[returned] = tape[5 + halvings]
                        known[returned] = like[c] if length == 1.0 else -1
                    moves = whole[returned]
                    for k in range(N_TRANSIENT):
                        new[k] = at[0] * moves[0, k] + at[1] * moves[1, k] + at[2] * moves[2, k]
                    at[:] = new
                passed = 0.0
                state = PERMANENTLY_OUT
                for k in range(N_TRANSIENT):
                    passed += at[k]
                    if uniform[week, sample] < passed:
                        state = k
                        break
                if state != 0:
                    has_been_off = True
                elif has_been_off:
                    returned = 1
                result[scenario, sample, week] = state
    return result
