"""What an instrument records of a continuous severity, compiled: `measurement.record` by look-up.

On a grid a recorded score counts the continuous severities at which it rises that have been passed
(`expected.thresholds`). The line is cut into bins so short that at most one of them lies in each,
so that one comparison tells the score.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from .compiling import compiling
from .expected import thresholds
from .grid import Floats, Ints
from .measurement import SOFTNESS, Scale

_NARROWER = 0.99  # than the closest rises, so that no bin can have two


class Recording(NamedTuple):
    """How the scores of some outcomes are recorded."""

    step: Floats
    """As in `Scale`, shape (outcome,)."""
    power: Floats
    floor: Floats
    lowest: Floats
    """Where the score first rises, shape (outcome,)."""
    per_bin: Floats
    """Bins in a unit of severity, shape (outcome,)."""
    first: Ints
    """Where each outcome's bins begin, and the end of the last, shape (outcome + 1,)."""
    below: Ints
    """Steps below each bin, shape (bin,)."""
    rises: Floats
    """Where the score rises within each bin, infinite where it does not, shape (bin,)."""

    @classmethod
    def of(cls, scales: Sequence[Scale]) -> Recording:
        """Lay the bins of all outcomes one after the other."""
        per_bin, count, below, rises = [], [0], [np.empty(0, dtype=np.int64)], [np.empty(0)]
        lowest = []
        for scale in scales:
            at = thresholds(scale)[0] if scale.step > 0 else np.empty(0)
            width = _NARROWER * np.diff(at).min(initial=1.0)
            lowest.append(at.min(initial=np.inf))
            per_bin.append(1 / width)
            bins = ((at - lowest[-1]) * per_bin[-1]).astype(np.int64)
            own = np.full(bins.max(initial=-1) + 1, np.inf)
            own[bins] = at
            rises.append(own)
            below.append(np.searchsorted(bins, np.arange(len(own))))
            count.append(len(own))
        return cls(
            step=np.array([one.step for one in scales]),
            power=np.array([float(one.power) for one in scales]),
            floor=np.array([one.floor for one in scales]),
            lowest=np.array(lowest),
            per_bin=np.array(per_bin),
            first=np.cumsum(count),
            below=np.concatenate(below),
            rises=np.concatenate(rises),
        )


@compiling()
def recorded(recording: Recording, k: int, latent: float) -> float:
    """`measurement.record` of one continuous severity of outcome k."""
    step = recording.step[k]
    if step > 0:
        if latent < recording.lowest[k]:
            return 0.0
        first, last = recording.first[k], recording.first[k + 1] - 1
        place = (latent - recording.lowest[k]) * recording.per_bin[k]
        at = first + int(min(place, float(last - first)))
        passed = recording.below[at] + (1 if latent >= recording.rises[at] else 0)
        return float(min(passed * step, 1.0))
    beyond = latent / SOFTNESS
    faded = SOFTNESS * (max(beyond, 0.0) + math.log1p(math.exp(-abs(beyond))))
    shown = faded ** recording.power[k]
    return 0.0 if shown < recording.floor[k] else min(shown, 1.0)
