"""A published trial, fitted, and held to what its own file says. Needs ../shared/data."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
import yaml

from priors import load_prior_set
from twin.cohort import Cohort, CohortMapping, read_cohort
from twin.fit.fit import fit_cohort, gate_report
from twin.fit.plan import FitPlan
from twin.fit.predictive import extreme
from twin.fit.settings import FitSettings, ModelSettings, SamplerSettings

ROOT = Path(__file__).parents[1]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def trial(shared_data: Path) -> Cohort:
    given = yaml.safe_load((ROOT / "conf/cohort/ashar2022.yaml").read_text("utf-8"))["cohort"]
    return read_cohort(CohortMapping.model_validate(given), ROOT)


@pytest.fixture(scope="module")
def fit(trial: Cohort, tmp_path_factory: pytest.TempPathFactory) -> xr.DataTree:
    plan = FitPlan(
        cohort=trial,
        model=ModelSettings(),
        priors=load_prior_set("literature"),
        sampler=SamplerSettings(target_accept=0.95, progress_bar=False),  # as its cohort file says
        fit=FitSettings(),
        seed=1,
        folder=tmp_path_factory.mktemp("fits"),
    )
    return fit_cohort(plan)


def ancova(cohort: Cohort, outcome: str, arm: str) -> tuple[float, float]:
    """Difference from usual care at the second visit and its standard error, complete cases."""
    scores = cohort.visits.pivot_table(index="patient", columns="week", values=outcome)
    scores = scores.join(cohort.patients["arm"]).dropna()
    arms = pd.get_dummies(scores["arm"], dtype=float).drop(columns="usual_care")
    x = np.column_stack([np.ones(len(scores)), scores[0.0], arms])
    y = scores[4.0].to_numpy()
    coefficient, residual, *_ = np.linalg.lstsq(x, y)
    covariance = np.linalg.inv(x.T @ x) * residual[0] / (len(y) - x.shape[1])
    at = 2 + list(arms.columns).index(arm)
    return float(coefficient[at]), float(np.sqrt(covariance[at, at]))


def test_the_fit_passes_its_gate(fit: xr.DataTree) -> None:
    report = gate_report(fit)
    assert report.passed, str(report)


TRIAL = pytest.mark.parametrize(
    ("outcome", "published", "error"), [("pain", -2.22, 0.26), ("disability", -12.37, 1.39)]
)


def effect(fit: xr.DataTree, outcome: str) -> xr.DataArray:
    """Return draws of the effect of pain reprocessing at 4 weeks, in score units."""
    contrast = fit["estimands"]["arm_contrast"]
    return contrast.sel(active_arm="pain_reprocessing", outcome=outcome, week=4.0)


@TRIAL
def test_the_files_own_ancova_is_the_published_one(
    trial: Cohort, outcome: str, published: float, error: float
) -> None:
    estimate, se = ancova(trial, outcome, "pain_reprocessing")
    assert estimate == pytest.approx(published, abs=0.01)
    assert se == pytest.approx(error, abs=0.01)


@TRIAL
def test_the_interval_of_the_effect_is_about_as_wide_as_that_of_the_ancova(
    fit: xr.DataTree, outcome: str, published: float, error: float
) -> None:
    low, high = effect(fit, outcome).quantile([0.025, 0.975])
    wide = float(high - low) / (2 * 1.96 * error)
    assert 0.7 < wide < 1.4, f"95 % interval {low:.2f} to {high:.2f}: {wide:.2f} times ANCOVA's"
    assert low < published < high


@TRIAL
def test_the_effect_at_4_weeks_is_within_half_a_standard_error_of_the_ancova(
    fit: xr.DataTree, outcome: str, published: float, error: float
) -> None:
    mean = float(effect(fit, outcome).mean())
    assert abs(mean - published) / error < 0.5, f"posterior mean {mean:.2f}, ANCOVA {published:.2f}"


def test_replicated_data_look_like_the_file(fit: xr.DataTree) -> None:
    outside = extreme(fit["posterior_predictive"].to_dataset())
    assert outside.empty, f"outside the central 99 % of their replicates:\n{outside}"
