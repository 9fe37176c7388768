"""One cohort of the coverage study: draw a truth, generate, fit, count."""

from __future__ import annotations

import hashlib
import json
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import xarray as xr
from pydantic import BaseModel, ConfigDict

from priors import load_prior_set
from twin.cohort.synthetic import SyntheticSettings, synthetic_cohort
from twin.fit.arrays import model_spec
from twin.fit.fit import fit_cohort, gate_report
from twin.fit.plan import FitPlan
from twin.fit.settings import FitSettings, ModelSettings, SamplerSettings
from twin.fit.versions import code_hash, versions
from twin.validate.intervals import people_covered, population_covered
from twin.validate.truths import moderated_truth

PRIORS = "literature"
MODEL = ModelSettings()
_TRUTH_STREAM = 1  # keeps the truth's random numbers apart from those of the cohort and the fit


class Outcome(BaseModel):
    """What came of one cohort.

    Attributes
    ----------
    seed, people
        Which cohort it was.
    method
        What `method_hash` was; an outcome of another method says nothing about this one.
    versions
        Of Python and of the packages that can change a number.
    converged, gate
        Whether the fit passed its gate, and the gate's report.
    population
        Whether the interval of each scalar population parameter holds the truth.
    persons
        For each personal parameter how many intervals hold the truth, of how many.
    screened
        People screened to fill the trial.
    seconds
        Time taken.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    seed: int
    people: int
    method: str
    versions: Mapping[str, str]
    converged: bool
    gate: str
    population: Mapping[str, bool]
    persons: Mapping[str, tuple[int, int]]
    screened: int
    seconds: float


def method_hash(people: int, sampler: SamplerSettings) -> str:
    """Return a hash of the code, design, priors and settings that the study rests on."""
    parts = {
        "code": code_hash(),
        "design": _design(people).model_dump(mode="json"),
        "priors": load_prior_set(PRIORS).numbers,
        "model": MODEL.model_dump(mode="json"),
        "sampler": sampler.model_dump(mode="json"),
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode("utf-8")).hexdigest()


def study_one(seed: int, people: int, sampler: SamplerSettings, folder: Path) -> Outcome:
    """Generate a cohort from a truth of its own, fit it, and count.

    Parameters
    ----------
    seed
        Seed of the truth, of the cohort and of the fit.
    people
        Size of the cohort.
    sampler
        How the fit is sampled.
    folder
        Where the fit lies while it is needed.
    """
    since = time.perf_counter()
    method = method_hash(
        people, sampler
    )  # of the sources that were loaded, should they change meanwhile
    settings, priors = _design(people), load_prior_set(PRIORS)
    template, _ = synthetic_cohort(settings, seed)
    values = moderated_truth(
        settings, template, priors, np.random.default_rng([seed, _TRUTH_STREAM])
    )
    cohort, truth = synthetic_cohort(settings, seed, values)
    with tempfile.TemporaryDirectory(dir=folder) as beside:
        plan = FitPlan(
            cohort=cohort,
            model=MODEL,
            priors=priors,
            sampler=sampler,
            # the study reports a failed gate itself, and goes on with the next cohort
            fit=FitSettings(accept_unconverged=True, predictive_draws=1),
            seed=seed,
            folder=Path(beside),
        )
        fit = fit_cohort(plan)
    report = gate_report(fit)
    active = cohort.patients["arm"] != next(iter(cohort.arms))
    return Outcome(
        seed=seed,
        people=people,
        method=method,
        versions=dict(versions()),
        converged=report.passed,
        gate=str(report),
        population=population_covered(model_spec(cohort), fit["posterior"].to_dataset(), truth),
        persons=people_covered(fit["twins"].to_dataset(), truth, xr.DataArray(active)),
        screened=int(truth.attrs["screened"]),
        seconds=round(time.perf_counter() - since, 1),
    )


def _design(people: int) -> SyntheticSettings:
    return SyntheticSettings(name="coverage", people=people)
