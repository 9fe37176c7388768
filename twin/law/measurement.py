"""Between the continuous severity behind a score and what an instrument records of it.

An instrument loses sight of differences near its best end, gradually: with the continuous severity
y, it shows

    shown(y) = c log(1 + e^(y / c)),

which is y itself (to 5 % at y = 0.2) until y comes near 0, and never falls below 0. What is shown
is recorded, rounded to the instrument's grid and held within its scale.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .grid import Floats

SOFTNESS = 0.1
"""c, a share of the scale; the same for every instrument (MODEL.md, section 3)."""

RESOLUTION = 0.01
"""Share of the scale that a continuous score resolves at its best end: a millimetre of a VAS."""


@dataclass(frozen=True)
class Scale:
    """The measurement of an instrument, in severity units.

    Attributes
    ----------
    step
        Distance between neighbouring recorded values as a share of the scale; 0 for a continuous
        score, which is only censored at its ends.
    """

    step: float

    @property
    def floor(self) -> float:
        """Shown severity below which the best end is recorded."""
        return (self.step or RESOLUTION) / 2


def shown(latent: Floats) -> Floats:
    """Severity that an instrument shows, positive, for a continuous severity of any size."""
    return np.asarray(SOFTNESS * np.logaddexp(0.0, latent / SOFTNESS))


def behind(shown_severity: Floats) -> Floats:
    """Continuous severity behind a shown one, which must be positive: undoes `shown`."""
    return np.asarray(
        shown_severity + SOFTNESS * np.log(-np.expm1(-np.asarray(shown_severity) / SOFTNESS))
    )


def record(scale: Scale, latent: Floats) -> Floats:
    """Severity as the instrument records it: rounded to its grid and held within [0, 1]."""
    seen = shown(latent)
    if scale.step > 0:
        seen = np.rint(seen / scale.step) * scale.step
    else:
        seen = np.where(seen < scale.floor, 0.0, seen)
    return np.clip(seen, 0.0, 1.0)
