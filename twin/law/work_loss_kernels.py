"""Working time that a worker is expected to lose over a window of steps, compiled."""

from __future__ import annotations

import numpy as np

from .absence import INSIDE
from .records import WorkRecords
from .small_matrices import inlined
from .work import N_TRANSIENT
from .work_exponentials import RESULT
from .work_steps import StepBars, Steps


@inlined
def _window(o: int, base: int, records: WorkRecords) -> tuple[int, int, float]:
    """First step of what an occasion's days are about, the step after the last, and its weeks."""
    opens, closes = records.window_segment[o], records.first_segment[o + 1]
    return opens - base, closes - base, records.segment_weeks[opens:closes].sum()


@inlined
def share_lost(o: int, base: int, records: WorkRecords, steps: Steps) -> float:
    """Share of the weeks that an occasion's days are about which is expected to be lost.

    Fills, by step, the vector of weeks lost before it, and after it but for what is then seen.
    `base` is the worker's first segment.
    """
    begin, end, weeks = _window(o, base, records)
    lost, added, start = steps.lost, steps.added, steps.start
    lost[begin] = 0.0
    for step in range(begin, end):
        at = RESULT + steps.halvings[step]
        moves, losses = steps.tape[step, at], steps.tangent[step, at]
        for k in range(N_TRANSIENT):
            s = 0.0
            for j in range(N_TRANSIENT):
                s += lost[step, j] * moves[j, k] + start[step, j] * losses[j, k]
            added[step, k] = s
            lost[step + 1, k] = s * steps.scale[step, k]
    share: float = INSIDE + (1 - 2 * INSIDE) * lost[end].sum() / weeks
    return share


@inlined
def share_lost_gradient(
    o: int, base: int, records: WorkRecords, share_bar: float, steps: Steps, bars: StepBars
) -> None:
    """Carry the adjoint of `share_lost` back to the steps, adding to theirs."""
    begin, end, weeks = _window(o, base, records)
    lost, added, start = steps.lost, steps.added, steps.start
    bar = np.full(N_TRANSIENT, share_bar * (1 - 2 * INSIDE) / weeks)
    for step in range(end - 1, begin - 1, -1):
        at = RESULT + steps.halvings[step]
        moves, losses = steps.tape[step, at], steps.tangent[step, at]
        for k in range(N_TRANSIENT):
            bars.scale[step, k] += bar[k] * added[step, k]
            bar[k] *= steps.scale[step, k]
        b0, b1, b2 = bar[0], bar[1], bar[2]
        for j in range(N_TRANSIENT):
            for k in range(N_TRANSIENT):
                bars.moves[step, j, k] += lost[step, j] * bar[k]
                bars.losses[step, j, k] += start[step, j] * bar[k]
            bars.start[step, j] += losses[j, 0] * b0 + losses[j, 1] * b1 + losses[j, 2] * b2
        for j in range(N_TRANSIENT):
            bar[j] = moves[j, 0] * b0 + moves[j, 1] * b1 + moves[j, 2] * b2
