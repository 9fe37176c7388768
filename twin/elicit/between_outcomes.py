"""Correlations of pain with disability at one time turned into that of people's levels.

What two scores share is lessened by what each has of its own: flare and error. A published
correlation divided by the root of both reliabilities is that of the levels.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .shelf import Shelf
from .weak import weak

CORRELATIONS = {
    "boulder_nrs_odi_one_session_correlation": 1,
    "boulder_nrs_odi_two_sessions_correlation": 2,
}
"""Published correlations, and of how many sessions the scores are means."""
RELIABILITIES = ("boulder_nrs_retest", "boulder_odi_retest")
"""Of one session, of pain and of disability."""
KEYS = (*CORRELATIONS, *RELIABILITIES)


class Levels(NamedTuple):
    """Correlation between the levels of two outcomes, as Fisher's z."""

    z: float
    sd: float
    predicted: dict[str, float]
    """Correlation of scores at the centre, by key."""


def between_levels(shelf: Shelf) -> Levels:
    """Return the correlation of people's levels of pain with those of disability.

    One study tells it, in two ways that do not agree; how far a new setting lies apart is taken to
    be what is weakly believed of any correlation. Where the study may not be used that is all.
    """
    belief = weak(["correlation"])
    keys = shelf.usable(CORRELATIONS)
    if not keys:
        return Levels(float(belief.mean[0]), float(belief.sd[0]), {})
    kept = {key: _kept(shelf, CORRELATIONS[key]) for key in keys}
    z = [np.arctanh(shelf.number(key) / kept[key]) for key in keys]
    centre = float(np.mean(z))
    predicted = {key: float(np.tanh(centre) * kept[key]) for key in keys}
    return Levels(centre, float(belief.sd[0]), predicted)


def _kept(shelf: Shelf, sessions: int) -> float:
    """Return the share of a correlation of levels that means over some sessions show."""
    one = np.array([shelf.number(key) for key in RELIABILITIES])
    several = sessions * one / (1 + (sessions - 1) * one)  # Spearman and Brown
    return float(np.sqrt(several.prod()))
