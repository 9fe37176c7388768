"""The score that is expected to be recorded, in closed form.

A recorded score is held within its scale, so that its expectation isn't the level: near a floor it
lies above. With a latent score X normal of mean m and SD s, a = -m / s and b = (1 - m) / s,

    E[clip(X, 0, 1)] = m (Phi(b) - Phi(a)) + s (phi(a) - phi(b)) + 1 - Phi(b).

Recording on a grid sums the same tail probabilities at the middles of the grid's cells instead of
integrating them. By the Euler-Maclaurin formula this takes step^2 / 12 from the variance, not adds:
inside the scale rounding cancels out, and the ends lose a sliver of their tails.
"""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr

from .grid import Floats

_ROOT_TWO_PI = float(np.sqrt(2 * np.pi))


def clipped_normal(mean: Floats, sd: Floats) -> Floats:
    """Mean of a normal variable that is held within [0, 1].

    Parameters
    ----------
    mean, sd
        Of the variable before it is held, any shapes that broadcast; sd is positive.
    """
    low, high = -mean / sd, (1 - mean) / sd
    below_top = ndtr(high)
    inside = below_top - ndtr(low)
    tilt = (np.exp(-(low**2) / 2) - np.exp(-(high**2) / 2)) / _ROOT_TWO_PI
    return np.asarray(mean * inside + sd * tilt + 1 - below_top)


def expected_severity(level: Floats, variance: Floats, step: float) -> Floats:
    """Severity that an instrument is expected to record.

    Parameters
    ----------
    level
        Mean of the latent severity.
    variance
        Of the latent severity about it: flare, error, and whatever else is integrated out.
    step
        Distance between neighbouring recorded values as a share of the scale; 0 if continuous.

    Notes
    -----
    The error of the grid's correction is of order step^4: below 1e-4 of the scale for an SD of at
    least one step (tests/test_law_expected.py), which every instrument of the catalogue meets.
    """
    corrected = np.maximum(variance - step**2 / 12, variance / 2)  # the formula fails for SD < step
    return clipped_normal(level, np.sqrt(corrected))
