"""The random numbers of one person: they depend on nobody else and on no scenario."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from twin.keyed import keyed_normals
from twin.law.grid import Floats


@dataclass(frozen=True)
class Shocks:
    """Streams of one person, each with a purpose.

    Attributes
    ----------
    seed
        Of the run.
    patient
        Id of the person.
    samples
        Number of posterior draws.
    """

    seed: int
    patient: str
    samples: int

    def normal(self, purpose: str, *shape: int) -> Floats:
        """Standard normal numbers."""
        return np.asarray(keyed_normals(self.seed, purpose, [self.patient], shape)[0])

    def uniform(self, purpose: str) -> Floats:
        """Numbers between 0 and 1, shape (sample,)."""
        return np.asarray(ndtr(self.normal(purpose, self.samples)))
