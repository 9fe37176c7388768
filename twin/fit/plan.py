"""Everything that a fit is made from, and the name by which it is found again."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from priors import PriorSet
from twin.cohort import Cohort

from .settings import FitSettings, ModelSettings, SamplerSettings
from .versions import code_hash, version

_KEY_LENGTH = 16  # 64 bits: no two fits of one folder share them by chance


@dataclass(frozen=True)
class FitPlan:
    """Everything that a fit is made from.

    Attributes
    ----------
    cohort, model, priors, sampler, fit
        What is fitted, and how.
    seed
        Seed of everything random in it.
    folder
        Where fits are stored.
    """

    cohort: Cohort
    model: ModelSettings
    priors: PriorSet
    sampler: SamplerSettings
    fit: FitSettings
    seed: int
    folder: Path

    @cached_property
    def key(self) -> str:
        """What tells this fit from every other: a hash of all that could change its numbers.

        Names and words of priors, whether an unconverged fit is accepted, how many chains run at
        once and whether progress is shown change no number and are left out; so is, without days
        absent, what restricted work loses.
        """
        unread = set() if self.cohort.has_days else {"partial_loss"}
        parts = {
            "cohort": self.cohort.hash,
            "model": self.model.model_dump(mode="json", exclude=unread),
            "priors": self.priors.numbers,
            "sampler": self.sampler.model_dump(mode="json", exclude={"cores", "progress_bar"}),
            "fit": self.fit.model_dump(mode="json", exclude={"accept_unconverged"}),
            "seed": self.seed,
            "version": version("backtwin"),
            "code": code_hash(),
        }
        text = json.dumps(parts, sort_keys=True)
        return hashlib.sha256(text.encode("utf-8")).hexdigest()[:_KEY_LENGTH]

    @property
    def path(self) -> Path:
        """Where the fit is, or will be, stored."""
        return self.folder / f"{self.cohort.name}-{self.key}.nc"
