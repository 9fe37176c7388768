"""Scores that do not fit their scale, and the scale that they look like."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from twin.instruments.catalogue import instruments
from twin.instruments.instrument import TOLERANCE, Instrument

_MIXED_UP_SHARE = 0.1
"""Share of scores off the scale from which on the scale, not the scores, is suspected.

A few slips of the pen stay well below it; a column of another scale goes well above it.
"""

_MOST_NAMED = 3  # nearly everything fits a 0-100 line: a longer list says nothing


def misfits(scale: Instrument, scores: npt.ArrayLike) -> npt.NDArray[np.bool_]:
    """Return True for each score that the scale cannot give: off its range or off its grid.

    NaN (not scored) is no misfit. Scores within 1e-9 score units of a possible one fit.
    """
    values = np.asarray(scores, dtype=np.float64)
    scored = ~np.isnan(values)
    off_range = (values < scale.minimum - TOLERANCE) | (values > scale.maximum + TOLERANCE)
    if scale.step is None:
        return np.asarray(scored & off_range)
    # Infinite scores are off the range already; they have no nearest step.
    finite = np.where(np.isfinite(values), values, scale.minimum)
    off_grid = np.abs(finite - scale.nearest_step(finite)) > TOLERANCE
    return np.asarray(scored & (off_range | off_grid))


def lookalikes(scale: Instrument, scores: npt.ArrayLike) -> tuple[Instrument, ...]:
    """Return the other instruments that a column of scores may really hold, likeliest first.

    Empty unless at least a tenth of the scores misfit `scale`. An instrument is named if every
    score fits it; of two that do, the one with fewer possible scores explains them better.
    """
    wrong = misfits(scale, scores)
    scored = int(np.sum(~np.isnan(np.asarray(scores, dtype=np.float64))))
    if scored == 0 or wrong.sum() < _MIXED_UP_SHARE * scored:
        return ()
    fitting = [
        other
        for other in instruments().values()
        if other.name != scale.name and not misfits(other, scores).any()
    ]
    return tuple(sorted(fitting, key=_possible_scores)[:_MOST_NAMED])


def _possible_scores(scale: Instrument) -> float:
    return math.inf if scale.step is None else scale.range / scale.step
