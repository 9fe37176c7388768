"""The default run's fit, at its full size. Takes minutes: run by `make validate`."""

from __future__ import annotations

import json

import pytest
import xarray as xr

from priors import load_prior_set
from twin.cohort.synthetic import SyntheticSettings, synthetic_cohort
from twin.fit.fit import fit_cohort, gate_report
from twin.fit.plan import FitPlan
from twin.fit.predictive import extreme
from twin.fit.settings import FitSettings, ModelSettings, SamplerSettings

pytestmark = pytest.mark.validate


@pytest.fixture(scope="module")
def fit(tmp_path_factory: pytest.TempPathFactory) -> xr.DataTree:
    cohort, _ = synthetic_cohort(SyntheticSettings(), 1)
    plan = FitPlan(
        cohort=cohort,
        model=ModelSettings(),
        priors=load_prior_set("literature"),
        sampler=SamplerSettings(progress_bar=False),
        fit=FitSettings(),
        seed=1,
        folder=tmp_path_factory.mktemp("fits"),
    )
    return fit_cohort(plan)


def test_the_default_fit_passes_its_gate(fit: xr.DataTree) -> None:
    report = gate_report(fit)
    assert report.passed, str(report)
    print(json.loads(fit.attrs["timings"]))


def test_replicated_data_look_like_the_cohort(fit: xr.DataTree) -> None:
    outside = extreme(fit["posterior_predictive"].to_dataset())
    assert outside.empty, f"outside the central 99 % of their replicates:\n{outside}"
