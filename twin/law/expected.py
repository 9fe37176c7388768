"""The score that is expected to be recorded.

Near its best end an instrument hides differences, so that the expectation isn't the level. A
recorded severity is the sum of the steps it has passed, and its expectation that of their
probabilities: for a grid of step h and a continuous severity Y normal of mean m and SD s,

    E record(Y) = sum_j h Phi((m - behind((j - 1/2) h)) / s),        j = 1 ... 1 / h,

exactly. A continuous score is the limit of small steps.
"""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr

from .grid import Floats
from .measurement import Scale

_CONTINUOUS_CELLS = 200


def thresholds(scale: Scale) -> tuple[Floats, Floats]:
    """Return the continuous severities at which a score rises, and by how much it does.

    Parameters
    ----------
    scale
        The instrument; a continuous one is cut into 200 cells.
    """
    if scale.step > 0:
        n = round(1 / scale.step)
        height = np.full(n, scale.step)
        at = np.asarray((np.arange(n) + 0.5) * scale.step)
    else:
        # fine near the best end, where a little of what is shown stands for much behind it
        edges = scale.floor + (1 - scale.floor) * np.linspace(0, 1, _CONTINUOUS_CELLS + 1) ** 2
        # the first rise is the jump from the best end to the smallest score that is recorded
        height = np.concatenate([[scale.floor], np.diff(edges)])
        at = np.concatenate([[scale.floor], (edges[1:] + edges[:-1]) / 2])
    return scale.behind(at), height


def expected_severity(level: Floats, variance: Floats, scale: Scale) -> Floats:
    """Severity that an instrument is expected to record.

    Parameters
    ----------
    level
        Mean of the continuous severity.
    variance
        Of the continuous severity about it: flare, error, and whatever else is integrated out;
        positive, of a shape that broadcasts with the level's.
    scale
        The instrument.
    """
    sd = np.sqrt(variance)
    total = np.zeros(np.broadcast_shapes(np.shape(level), np.shape(variance)))
    for at, height in zip(*thresholds(scale), strict=True):
        total += height * ndtr((level - at) / sd)
    return total
