"""The trial that is simulated and fitted over and over: small, with every part of the model."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from priors import load_prior_set
from twin import cohort
from twin.cohort.synthetic import SyntheticSettings
from twin.fit.settings import ModelSettings, SamplerSettings
from twin.fit.versions import code_hash
from twin.law.compiling import source_hash

PEOPLE = 40
PRIORS = "calibration"
"""Truths are drawn from these priors and fitted with them: calibration holds for any, and is about
`literature` too where nothing of the law depends on how wide they are."""

MODEL = ModelSettings()

RANKED = 99
"""Draws among which a truth is ranked, thinned enough to be nearly independent: ranks 0 to 99."""

SLOTS = 48
"""Scores at an end of their scale that a cohort may have. Of 300 cohorts of 40 people the median
has 8, the largest number is 39. A cohort of more is put aside before it is fitted and another truth
drawn; what depends on the data alone leaves ranks uniform."""


def design(people: int = PEOPLE) -> SyntheticSettings:
    """Return the design: two arms, four clinics, four visits, a threshold, some visits missed.

    Facts about people, their clinics and arms, and who misses a visit, differ between replicates;
    the number of people and of workers does not.
    """
    return SyntheticSettings(
        name="calibration",
        people=people,
        clusters=4,
        visit_weeks=(0, 6, 13, 26),
        missing_shares=(0, 0.10, 0.13, 0.18),
    )


def slots(people: int) -> int:
    """Return the number of slots for scores at an end of their scale, in proportion to people."""
    return -(-SLOTS * people // PEOPLE)


def method_hash(people: int, sampler: SamplerSettings) -> str:
    """Return a hash of the code, design, priors and settings that a replicate's ranks rest on."""
    here = Path(__file__).resolve().parent
    synthetic = Path(cohort.__file__).resolve().parent / "synthetic"
    parts = {
        "code": code_hash(),
        "study": source_hash(synthetic, here),
        "design": design(people).model_dump(mode="json"),
        "priors": load_prior_set(PRIORS).numbers,
        "model": MODEL.model_dump(mode="json"),
        # how many chains run at once and whether progress is shown change no number
        "sampler": sampler.model_dump(mode="json", exclude={"cores", "progress_bar"}),
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode("utf-8")).hexdigest()
