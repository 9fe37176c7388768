"""Between the continuous severity behind a score and what an instrument records of it.

An instrument loses sight of differences near its best end, gradually: with the continuous severity
y, it shows

    shown(y) = (c log(1 + e^(y / c)))^power,

which for a power of 1 is y itself (to 5 % at y = 0.2) until y comes near 0, and never falls below
0. With a power of 2 what differs by as much in y differs by more in score the worse it is, as in
sums of a diary. What is shown is recorded, rounded to the instrument's grid and held within its
scale.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np
import numpy.typing as npt

from .grid import Floats

SOFTNESS = 0.1
"""c, a share of the scale; the same for every instrument (MODEL.md, section 3)."""

RESOLUTION = 0.01
"""Share of the scale that a continuous score resolves at its best end: a millimetre of a VAS."""


class Measuring(Protocol):
    """What of an instrument the law needs to know."""

    @property
    def step_share(self) -> float:
        """Distance between neighbouring scores as a share of the scale; 0 for a continuous one."""

    @property
    def power(self) -> float:
        """Power of the continuous severity that is shown."""


@dataclass(frozen=True)
class Scale:
    """The measurement of an instrument, in severity units.

    Attributes
    ----------
    step
        Distance between neighbouring recorded values as a share of the scale; 0 for a continuous
        score, which is only censored at its ends.
    power
        Power of the continuous severity that is shown: 1 where scores are proportional to it.
    """

    step: float
    power: float = 1.0

    @classmethod
    def of(cls, instrument: Measuring) -> Self:
        """Return how an instrument measures."""
        return cls(instrument.step_share, instrument.power)

    @property
    def floor(self) -> float:
        """Shown severity below which the best end is recorded."""
        return (self.step or RESOLUTION) / 2

    def shown(self, latent: npt.ArrayLike) -> Floats:
        """Severity that is shown, positive, for a continuous severity of any size."""
        faded = SOFTNESS * np.logaddexp(0.0, np.asarray(latent) / SOFTNESS)
        return np.asarray(faded**self.power)

    def behind(self, shown: npt.ArrayLike) -> Floats:
        """Continuous severity behind a shown one, which must be positive: undoes `shown`."""
        faded = np.asarray(shown) ** (1 / self.power)
        return np.asarray(faded + SOFTNESS * np.log(-np.expm1(-faded / SOFTNESS)))

    def shown_difference(self, latent: npt.ArrayLike, about: npt.ArrayLike) -> Floats:
        """Difference that is shown of one in continuous severity, where nothing is hidden.

        Parameters
        ----------
        latent
            Difference in continuous severity.
        about
            Continuous severity that it is a difference from; without effect if `power` is 1.
        """
        if self.power == 1:
            return np.broadcast_to(latent, np.broadcast_shapes(np.shape(latent), np.shape(about)))
        below = np.maximum(about, 0.0)
        return np.asarray(np.maximum(below + latent, 0.0) ** self.power - below**self.power)

    def difference_behind(self, shown: npt.ArrayLike, about: npt.ArrayLike) -> Floats:
        """Difference in continuous severity behind one that is shown, where nothing is hidden.

        Parameters
        ----------
        shown
            Difference in shown severity.
        about
            Shown severity that it is a difference from; without effect if `power` is 1.
        """
        if self.power == 1:
            return np.broadcast_to(shown, np.broadcast_shapes(np.shape(shown), np.shape(about)))
        reached = np.maximum(about + np.asarray(shown), 0.0)
        return np.asarray(reached ** (1 / self.power) - np.asarray(about) ** (1 / self.power))


def record(scale: Scale, latent: Floats) -> Floats:
    """Severity as the instrument records it: rounded to its grid and held within [0, 1]."""
    seen = scale.shown(latent)
    if scale.step > 0:
        seen = np.rint(seen / scale.step) * scale.step
    else:
        seen = np.where(seen < scale.floor, 0.0, seen)
    return np.clip(seen, 0.0, 1.0)
