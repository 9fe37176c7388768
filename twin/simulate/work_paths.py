"""Work states week by week: the law's own process, drawn event by event. Compiled.

Candidates for a move come as a Poisson process that is the person's own and the same under every
scenario. Each has a time and a height; it is a move if its height lies below the intensity with
which the person then leaves the present state, the moves piled up with those nearest to full work
at the bottom. Points below a curve come as often as the curve says, so that this is the process
itself, in continuous time; and whoever is in different states under two scenarios tends to meet
again, because one point moves both.

Points are drawn in layers of height, each with events of its own, numbered. A scenario under which
people move faster looks at a higher layer too, and shifts nobody else's draws.

An estimated intervention multiplies intensities as in the fit: those of all moves to full work, and
of all moves away from it. A borrowed one multiplies those of moves to full work until a person has
first returned to it, as told at the end of a week, and those of moves away from it afterwards.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.law.grid import Floats, Ints
from twin.law.work import N_TRANSIENT, PERMANENTLY_OUT, TRANSITIONS, WORK_STATES
from twin.law.work_rate_kernels import intensities

from .kernel import kernel, within
from .philox import philox
from .shocks import Address, Where, Words
from .state import Hazards
from .variates import exponential, fraction

FIRST_LAYER = 0.125
"""Height of the lowest layer, per week: about as fast as people move; each layer above is as high
as all below it. Any number gives the same process."""
LAYERS = 16
"""Up to 4,096 moves a week, one in two or three minutes. Faster ones are slowed, all in the same
proportion: where people are at the end of a week hardly tells them apart."""
BATCH = 16
"""Candidates drawn at once."""

_CODE = {name: code for code, name in enumerate(WORK_STATES)}
_LEAVING = len(TRANSITIONS)
_ALL = (*((_CODE[a], _CODE[b]) for a, b in TRANSITIONS), (_CODE["sick_listed"], PERMANENTLY_OUT))
# of each state, the moves in the order of where they lead, full work first; padded with the last
_ORDERED = [
    sorted((move for move, (a, _) in enumerate(_ALL) if a == state), key=lambda move: _ALL[move][1])
    for state in range(N_TRANSIENT)
]
_COUNT = np.array([len(moves) for moves in _ORDERED])
_MOVES = np.array([(moves * 2)[: max(_COUNT)] for moves in _ORDERED])
_LEADS_TO = np.array([[_ALL[move][1] for move in moves] for moves in _MOVES])
# log intensity of any move up to which a layer is the highest needed: at most so many add up
_ENOUGH = np.log(FIRST_LAYER * 2.0 ** np.arange(LAYERS) / max(_COUNT))


class Pace(NamedTuple):
    """What the intensities of one person are made of, but for the scenario."""

    frailty: Floats
    """Shape (sample,)."""
    log_intensity: Floats
    worsening_slope: Floats
    recovery_slope: Floats
    log_exit_intensity: Floats
    """As in `work.WorkLaw`, with a leading sample axis."""


@kernel
def work_paths(
    level: Floats,
    hazards: Hazards,
    pace: Pace,
    first_state: Ints,
    address: Address,
    edges: Floats,
    at_week: Ints,
    result: NDArray[np.int8],
) -> None:
    """Draw one person's work states under one scenario.

    Parameters
    ----------
    level
        At the middle of each cell, severity, shape (sample, cell, outcome).
    hazards
        Log hazard ratios in force.
    pace
        Of the person.
    first_state
        Code of the state at week 0, shape (sample,).
    address
        Where the person's candidates stand: the number is that of the event, and the place of the
        week is taken by the layer.
    edges
        Of the cells, weeks, shape (cell + 1,).
    at_week
        Edge at which each whole week ends, week 0 first, shape (week or longer,).
    result
        Filled with codes of `work.WORK_STATES` at the end of each week, shape (sample, week).
    """
    samples, weeks = result.shape
    log_rate = np.empty(_LEAVING + 1)
    words = np.empty((2, BATCH), dtype=np.uint64)
    time, height = np.empty((LAYERS, BATCH)), np.empty((LAYERS, BATCH))
    batch, place = np.empty(LAYERS, dtype=np.int64), np.empty(LAYERS, dtype=np.int64)
    for i in range(samples):
        where = (address.k0, address.k1, address.chain[i], address.draw[i])
        # as if one batch were over at week 0
        batch[:], place[:], time[:, BATCH - 1] = 0, BATCH - 1, 0.0
        state = first_state[i]
        has_been_off, returned = state != 0, False
        result[i, 0] = state
        for week in range(1, weeks):
            for c in range(at_week[week - 1], at_week[week]):
                if state == PERMANENTLY_OUT:
                    break
                now = edges[c]
                _fill_log_rates(pace, hazards, level[i, c], i, c, returned, log_rate)
                while state != PERMANENTLY_OUT:
                    fastest = log_rate[_MOVES[state, 0]]
                    for m in range(1, _COUNT[state]):
                        fastest = max(fastest, log_rate[_MOVES[state, m]])
                    # the next candidate in this cell, of the layers that may matter
                    layer, then = -1, edges[c + 1]
                    for at in range(LAYERS):
                        while time[at, place[at]] <= now:
                            place[at] += 1
                            if place[at] == BATCH:
                                _candidates(where, at, batch[at], words, time[at], height[at])
                                batch[at] += 1
                                place[at] = 0
                        if time[at, place[at]] < then:
                            layer, then = at, time[at, place[at]]
                        if fastest <= _ENOUGH[at]:
                            break
                    if layer < 0:
                        break
                    now, above = then, height[layer, place[layer]]
                    for m in range(_COUNT[state]):
                        above -= math.exp(log_rate[_MOVES[state, m]])
                        if above < 0:
                            state = _LEADS_TO[state, m]
                            break
            if state != 0:
                has_been_off = True
            elif has_been_off:
                returned = True
            result[i, week] = state


@within
def _fill_log_rates(
    pace: Pace, hazards: Hazards, level: Floats, i: int, c: int, returned: bool, log_rate: Floats
) -> None:
    """Fill log intensities of the law's moves, that of leaving work for good last."""
    to_full, from_full = hazards.by_move[i, c, 0], hazards.by_move[i, c, 1]
    if returned:
        from_full += hazards.relapse[i, c]
    else:
        to_full += hazards.first_return[i, c]
    intensities(
        pace.log_intensity[i],
        pace.worsening_slope[i],
        pace.recovery_slope[i],
        pace.frailty[i],
        to_full,
        from_full,
        level,
        log_rate,
    )
    log_rate[_LEAVING] = pace.log_exit_intensity[i] + hazards.exit[i, c]
    fastest = log_rate[0]
    for move in range(1, len(log_rate)):
        fastest = max(fastest, log_rate[move])
    too_fast = fastest - _ENOUGH[LAYERS - 1]
    if too_fast > 0:
        for move in range(len(log_rate)):
            log_rate[move] -= too_fast


@kernel
def _candidates(
    where: Where, layer: int, batch: int, words: Words, time: Floats, height: Floats
) -> None:
    """Fill the next candidates of a layer; the last time before them stands last in `time`."""
    k0, k1, chain, draw = where
    below = 0.0 if layer == 0 else FIRST_LAYER * 2.0 ** (layer - 1)
    width = FIRST_LAYER * 2.0**layer - below
    for n in range(BATCH):
        number = np.uint64(batch * BATCH + n)
        words[0, n], words[1, n], _, _ = philox(number, np.uint64(layer), draw, chain, k0, k1)
    now = time[BATCH - 1]
    for n in range(BATCH):
        time[n] = exponential(words[0, n]) / width
        height[n] = below + width * fraction(words[1, n])
    for n in range(BATCH):
        now += time[n]
        time[n] = now
