"""From latent severity to a recorded score; `Instrument.cell` is the way back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .grid import Floats


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


def record(scale: Scale, latent: Floats) -> Floats:
    """Severity as the instrument records it: rounded to its grid and held within [0, 1]."""
    rounded = np.rint(latent / scale.step) * scale.step if scale.step > 0 else latent
    return np.clip(rounded, 0.0, 1.0)
