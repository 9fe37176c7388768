"""Two real cohorts, fitted, and held to what their own files say. Needs ../shared/data."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
import yaml

from priors import load_prior_set
from twin.cohort import Cohort, CohortMapping, read_cohort
from twin.fit.arrays import model_spec, records
from twin.fit.draws import by_draw, missing_covariates, populations
from twin.fit.fit import fit_cohort, gate_report
from twin.fit.plan import FitPlan
from twin.fit.predictive import extreme
from twin.fit.settings import FitSettings, ModelSettings, SamplerSettings
from twin.law.backends import NUMPY
from twin.law.covariates import fill
from twin.law.forward_work import work_process
from twin.law.grid import Floats
from twin.law.population import People, response_of_arms
from twin.law.work_filter import filter_work, reports

ROOT = Path(__file__).parents[1]

pytestmark = pytest.mark.validate


def fitted(name: str, folder: Path) -> tuple[Cohort, xr.DataTree]:
    """Fit a cohort as its file says: `python run_simulation.py cohort=name` samples the same."""
    given = yaml.safe_load((ROOT / f"conf/cohort/{name}.yaml").read_text("utf-8"))
    cohort = read_cohort(CohortMapping.model_validate(given["cohort"]), ROOT)
    plan = FitPlan(
        cohort=cohort,
        model=ModelSettings(),
        priors=load_prior_set(given.get("priors", {}).get("name", "default")),
        sampler=SamplerSettings(progress_bar=False, **given.get("sampler", {})),
        fit=FitSettings(),
        seed=1,
        folder=folder,
    )
    return cohort, fit_cohort(plan)


@pytest.fixture(scope="module")
def registry(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> xr.DataTree:
    return fitted("choir_alter2021", tmp_path_factory.mktemp("fits"))[1]


@pytest.fixture(scope="module")
def trial(
    shared_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Cohort, xr.DataTree]:
    return fitted("vickers2004", tmp_path_factory.mktemp("fits"))


def test_the_fit_of_the_registry_passes_its_gate(registry: xr.DataTree) -> None:
    report = gate_report(registry)
    assert report.passed, str(report)


def test_replicated_pain_looks_like_the_registrys(registry: xr.DataTree) -> None:
    outside = extreme(registry["posterior_predictive"].to_dataset())
    assert outside.empty, f"outside the central 99 % of their replicates:\n{outside}"


def ancova(records: pd.DataFrame, later: str, baseline: str) -> tuple[float, float, int]:
    """Difference of acupuncture from usual care given the baseline score: estimate, SE, people."""
    complete = records[["group", baseline, later]].dropna()
    x = np.column_stack([np.ones(len(complete)), complete["group"], complete[baseline]])
    coefficient, residual, *_ = np.linalg.lstsq(x, complete[later].to_numpy())
    covariance = np.linalg.inv(x.T @ x) * residual[0] / (len(x) - x.shape[1])
    return float(coefficient[1]), float(np.sqrt(covariance[1, 1])), len(x)


@pytest.fixture(scope="module")
def headache(shared_data: Path) -> tuple[float, float]:
    """Return the file's own estimate of the 12-month difference in headache score, and its SE."""
    records = pd.read_csv(shared_data / "vickers2004_headache/vickers2004_headache.csv")
    estimate, error, people = ancova(records, "pk5", "pk1")
    assert people == 301
    assert estimate == pytest.approx(-4.59, abs=0.005)
    return estimate, error


def effect(fit: xr.DataTree) -> xr.DataArray:
    contrast = fit["estimands"]["arm_contrast"]
    return contrast.sel(active_arm="acupuncture", outcome="headache", week=52.0)


def test_the_fit_of_the_trial_passes_its_gate(trial: tuple[Cohort, xr.DataTree]) -> None:
    report = gate_report(trial[1])
    assert report.passed, str(report)


def test_replicated_scores_look_like_the_trials(trial: tuple[Cohort, xr.DataTree]) -> None:
    outside = extreme(trial[1]["posterior_predictive"].to_dataset())
    assert outside.empty, f"outside the central 99 % of their replicates:\n{outside}"


def test_the_12_month_difference_is_within_half_a_standard_error_of_the_ancova(
    trial: tuple[Cohort, xr.DataTree], headache: tuple[float, float]
) -> None:
    published, error = headache
    mean = float(effect(trial[1]).mean())
    assert abs(mean - published) / error < 0.5, f"posterior mean {mean:.2f}, ANCOVA {published:.2f}"


def test_its_interval_is_about_as_wide_as_that_of_the_ancova(
    trial: tuple[Cohort, xr.DataTree], headache: tuple[float, float]
) -> None:
    low, high = effect(trial[1]).quantile([0.025, 0.975])
    wide = float(high - low) / (2 * 1.96 * headache[1])
    assert 0.7 < wide < 1.4, f"95 % interval {low:.2f} to {high:.2f}: {wide:.2f} times ANCOVA's"


QUARTERS = ["p2dos", "p3dos", "p4dos", "p5dos"]


def ratio_of_days(people: pd.DataFrame) -> float:
    """Mean days off sick of a quarter, added up over the year: acupuncture over usual care."""
    acupuncture, usual_care = (people[people["group"] == group] for group in (1, 0))
    return float(acupuncture[QUARTERS].mean().sum() / usual_care[QUARTERS].mean().sum())


@pytest.fixture(scope="module")
def sick_days(shared_data: Path) -> tuple[float, float]:
    """Return log of the file's own ratio of days off sick, and its SE by the bootstrap."""
    people = pd.read_csv(shared_data / "vickers2004_headache/vickers2004_headache.csv")
    ratio, rng = ratio_of_days(people), np.random.default_rng(1)
    assert ratio == pytest.approx(0.84, abs=0.005)
    again = [
        ratio_of_days(people.iloc[rng.integers(0, len(people), len(people))]) for _ in range(2000)
    ]
    return float(np.log(ratio)), float(np.std(np.log(again)))


def log_ratio_of_days(cohort: Cohort, fit: xr.DataTree) -> Floats:
    """Log ratio of days off sick, had everybody been in the one arm or in the other, by draw."""
    settings, rng = ModelSettings(), np.random.default_rng(1)
    spec, data = model_spec(cohort, settings), records(cohort, settings.time_grid)
    assert data.work is not None
    told = reports(data.work)
    posterior, twins = fit["posterior"].to_dataset(), fit["twins"].to_dataset()
    own = {str(name): by_draw(twins, str(name)) for name in twins if "draw" in twins[name].dims}
    missing = missing_covariates(data.gaps, twins)
    found = []
    for chain, draw, population in populations(spec, posterior):
        at = {name: values[chain, draw] for name, values in own.items()}
        covariate, days = fill(NUMPY, data.gaps, missing[chain, draw]), []
        for arm in range(2):
            mean = response_of_arms(population, covariate, data.cluster, arm, at["start"])
            drawn = mean + rng.normal(size=mean.shape) @ population.response_scale[arm].T
            response = np.where(data.arm[:, None] == arm, at["response"], drawn)
            people = People(
                at["log_rate"], at["work_frailty"], at["start"], at["set_point"], response
            )
            everyone = np.full(cohort.n, arm)
            process = work_process(population, people, data.grid, data.dose, everyone, data.work)
            share = filter_work(NUMPY, *process[:3], data.work).share
            days.append(np.sum(share * data.work.possible_days[told]))
        found.append(np.log(days[1] / days[0]))
    return np.array(found)


@pytest.fixture(scope="module")
def simulated_days(trial: tuple[Cohort, xr.DataTree]) -> Floats:
    return log_ratio_of_days(*trial)


def test_the_ratio_of_days_off_sick_is_within_half_a_standard_error_of_the_files(
    simulated_days: Floats, sick_days: tuple[float, float]
) -> None:
    observed, error = sick_days
    ratio = np.exp(simulated_days.mean())
    assert abs(simulated_days.mean() - observed) / error < 0.5, f"{ratio:.2f}"


def test_its_interval_is_about_as_wide_as_that_of_the_bootstrap(
    simulated_days: Floats, sick_days: tuple[float, float]
) -> None:
    low, high = np.quantile(simulated_days, [0.025, 0.975])
    wide = float(high - low) / (2 * 1.96 * sick_days[1])
    assert 0.7 < wide < 1.4, f"{np.exp(low):.2f} to {np.exp(high):.2f}: {wide:.2f} times as wide"
