"""Replicated cohorts and headline contrasts, with the truth standing in for a posterior."""

import numpy as np
import pytest
import xarray as xr

from priors import load_prior_set
from twin.cohort import Cohort
from twin.cohort.synthetic import SyntheticSettings, synthetic_cohort
from twin.fit.arrays import model_spec, records
from twin.fit.estimands import arm_contrasts
from twin.fit.predictive import extreme, posterior_predictive, prior_predictive
from twin.fit.visit_layout import VisitLayout
from twin.fit.work_statistics import work_statistics
from twin.instruments import instrument
from twin.law import enrolled
from twin.law.backends import NUMPY
from twin.law.forward import levels
from twin.law.grid import TimeGrid
from twin.law.measurement import Scale, record
from twin.law.parameters import assemble, sampled_parameters
from twin.law.population import People

SETTINGS = SyntheticSettings(visit_jitter_weeks=1.0)
GRID = TimeGrid(SETTINGS.grid_edges)
PERSONAL = ["log_rate", "work_frailty", "start", "set_point", "response"]


@pytest.fixture(scope="module")
def cohort_and_truth() -> tuple[Cohort, xr.Dataset]:
    return synthetic_cohort(SETTINGS, seed=11)


def as_posterior(truth: xr.Dataset, draws: int) -> tuple[xr.Dataset, xr.Dataset]:
    """Return the truth as draws of a fit that knows it exactly: population and people."""
    population = truth[[name for name in truth if "patient" not in truth[name].dims]]
    shape = {"chain": 2, "draw": draws}
    return population.expand_dims(shape), truth[PERSONAL].expand_dims(shape)


def test_replicates_of_the_truth_surround_the_observed(
    cohort_and_truth: tuple[Cohort, xr.Dataset],
) -> None:
    cohort, truth = cohort_and_truth
    spec, data = model_spec(cohort), records(cohort, GRID)
    found = posterior_predictive(cohort, spec, data, *as_posterior(truth, 75), 150, seed=1)
    assert found.sizes["sample"] == 150
    assert list(found["visit"].values) == ["0", "4-9", "9-18", "18-32", "32-60"]
    by_hand = cohort.visits.merge(cohort.patients["arm"], left_on="patient", right_index=True)
    first = by_hand[(by_hand["week"] == 0) & (by_hand["arm"] == "app")]
    at = {"arm": "app", "visit": "0", "outcome": "disability"}
    assert float(found["observed_mean"].sel(at)) == pytest.approx(first["disability"].mean())
    assert float(found["observed_sd"].sel(at)) == pytest.approx(first["disability"].std())
    assert int(found["n"].sel(at)) == 120
    # of 139 statistics, 1 % and what 150 replicates miss lie outside: more than 8 is no chance
    assert len(extreme(found)) <= 8


@pytest.mark.parametrize(
    ("parameter", "factor", "statistic"),
    [
        ("spread", 1.8, "change_sd"),
        ("arm_effect", 12.0, "mean"),
        ("arm_effect", 12.0, "improved_share"),
    ],
)
def test_a_planted_fault_is_listed(
    cohort_and_truth: tuple[Cohort, xr.Dataset], parameter: str, factor: float, statistic: str
) -> None:
    cohort, truth = cohort_and_truth
    wrong = truth.assign({parameter: truth[parameter] * factor})
    if parameter == "arm_effect":
        arm = cohort.patients["arm"].to_numpy() == "app"
        added = (factor - 1) * truth["arm_effect"][0].to_numpy() * arm[:, None]
        wrong["response"] = truth["response"] + added
    spec, data = model_spec(cohort), records(cohort, GRID)
    found = posterior_predictive(cohort, spec, data, *as_posterior(wrong, 50), 100, seed=2)
    listed = extreme(found)
    assert (listed["statistic"] == statistic).sum() >= 3


def test_prior_replicates_were_enrolled_by_the_rule(
    cohort_and_truth: tuple[Cohort, xr.Dataset],
) -> None:
    cohort, _ = cohort_and_truth
    spec, data = model_spec(cohort), records(cohort, GRID)
    found = prior_predictive(cohort, spec, data, load_prior_set("literature"), 40, seed=3)
    assert found.sizes["sample"] == 40
    baseline = found["mean"].sel(visit="0", outcome="disability")
    assert float(baseline.min()) >= 6
    assert float(found["floor_share"].sel(visit="0", outcome="disability").max()) == 0
    np.testing.assert_allclose(found["work_share"].sum("work_status"), 1)
    again = prior_predictive(cohort, spec, data, load_prior_set("literature"), 40, seed=3)
    assert found.identical(again)


def test_the_contrast_is_that_of_a_simulated_trial_of_the_same_people(
    cohort_and_truth: tuple[Cohort, xr.Dataset],
) -> None:
    cohort, truth = cohort_and_truth
    spec, data = model_spec(cohort), records(cohort, GRID)
    weeks = (6.0, 13.0, 39.0)
    found = arm_contrasts(spec, data, *as_posterior(truth, 1), cohort.outcomes, weeks)
    assert found["arm_contrast"].dims == ("chain", "draw", "active_arm", "outcome", "week")

    population = assemble(
        NUMPY, spec, {p.name: truth[p.name].to_numpy() for p in sampled_parameters(spec)}
    )
    rng, copies, n = np.random.default_rng(4), 1500, cohort.n
    week = np.tile(weeks, (n, 1))
    own = {name: truth[name].to_numpy() for name in ("log_rate", "start", "set_point")}
    steps = (0.1, 1 / 24)
    total = np.zeros((2, 3, 2))
    for _ in range(copies):
        noise = enrolled.draw_residuals(population, None, own["start"], week, rng)
        for arm in (0, 1):
            varied = rng.normal(size=(n, 2)) @ population.response_scale[arm].T
            above = own["start"] - truth["start_mean"].to_numpy()
            clinic = population.cluster_response[data.cluster, arm]
            sloped = population.response_slope[arm] * above
            response = population.arm_effect[arm] + clinic + sloped + varied
            people = People(own["log_rate"], np.zeros(n), own["start"], own["set_point"], response)
            at = (population, people, data.grid, data.dose, np.full(n, arm), week)
            latent = levels(*at) + noise
            for k, step in enumerate(steps):
                total[arm, :, k] += record(Scale(step), latent[:, :, k]).mean(axis=0)
    simulated = ((total[1] - total[0]) / copies * [10, 24]).T
    # flares and errors are shared by both arms, so that the difference is exact to 0.005 points
    np.testing.assert_allclose(found["arm_contrast"][0, 0, 0], simulated, atol=0.02)
    assert (found["arm_contrast"] < -0.05).all()


def test_a_contrast_keeps_the_sign_of_the_instruments_scores(
    cohort_and_truth: tuple[Cohort, xr.Dataset],
) -> None:
    cohort, truth = cohort_and_truth
    spec, data = model_spec(cohort), records(cohort, GRID)
    turned = {"pain": instrument("pain_nrs"), "disability": instrument("pseq")}
    found = arm_contrasts(spec, data, *as_posterior(truth, 1), turned, (13.0,))["arm_contrast"]
    # on self-efficacy more is better, and the app makes people better
    assert (found.sel(outcome="disability") > 0).all()
    assert (found.sel(outcome="pain") < 0).all()


def test_the_share_improved_is_that_of_a_count_by_hand(
    cohort_and_truth: tuple[Cohort, xr.Dataset],
) -> None:
    cohort, truth = cohort_and_truth
    spec, data = model_spec(cohort), records(cohort, GRID)
    found = posterior_predictive(cohort, spec, data, *as_posterior(truth, 2), 4, seed=5)
    assert found.attrs["usual_visit"] == "9-18"
    first = cohort.visits.groupby("patient")["pain"].first()
    hits = total = 0
    for _, visit in cohort.visits.iterrows():
        in_arm = cohort.patients.loc[visit["patient"], "arm"] == "app"
        before, now = first[visit["patient"]], visit["pain"]
        if in_arm and 9 < visit["week"] <= 18 and not (np.isnan(before) or np.isnan(now)):
            total += 1
            hits += before > 0 and now <= 0.7 * before + 1e-9
    at = {"arm": "app", "visit": "9-18", "outcome": "pain"}
    assert 0 < hits < total
    assert float(found["observed_improved_share"].sel(at)) == pytest.approx(hits / total)
    assert np.isnan(found["observed_improved_share"].sel(visit="0")).all()


def test_returns_and_runs_away_from_work_are_those_of_a_count_by_hand() -> None:
    # W working, R restricted, S sick-listed, by visit at weeks 0, 6, 13 and 26
    seen = {"a": "WWWW", "b": "SSWR", "c": "R-RW", "d": "SRSS", "e": "WSW-", "f": "S---"}
    weeks, codes = np.array([0.0, 6.0, 13.0, 26.0]), {"W": 0, "R": 1, "S": 2}
    n = len(seen)
    layout = VisitLayout(
        labels=("0", "6", "13", "26"),
        week=np.tile(weeks, (n, 1)),
        occasion=np.tile(np.arange(4), (n, 1)),
        severity=np.full((n, 4, 1), np.nan),
        work_row=np.arange(n),
        work_week=np.zeros((n, 4)),
        work_occasion=np.full((n, 4), -1),
        work_state=np.zeros((n, 4), dtype=np.int64),
        work_place=np.zeros((n, 4), dtype=np.int64),
        work_visit=np.zeros(0, dtype=np.int64),
    )
    for i, states in enumerate(seen.values()):
        visits = [v for v, letter in enumerate(states) if letter != "-"]
        for place in range(4):
            v = visits[min(place, len(visits) - 1)]  # padded by repeating the last
            layout.work_week[i, place] = weeks[v]
            layout.work_state[i, place] = codes[states[v]]
            layout.work_occasion[i, place] = v if place < len(visits) else -1
    found = work_statistics(layout, layout.work_state)
    # b, c, d and f are away at first; b is back at 13, c at 26
    np.testing.assert_allclose(found.returned_share, [0, 0, 1 / 4, 2 / 4])
    # runs: b 0-6, b 26, c 0-13 (two sightings), d 0-26, e 6, f 0
    np.testing.assert_allclose(found.away_run_share, [3 / 6, 2 / 6, 0, 1 / 6])
    assert found.away_run_weeks == pytest.approx((6 + 0 + 13 + 26 + 0 + 0) / 6)
    np.testing.assert_allclose(found.work_share[0], [2 / 6, 1 / 6, 3 / 6, 0])


def test_replicates_of_the_truth_surround_the_days_absent() -> None:
    cohort, truth = synthetic_cohort(
        SyntheticSettings(days_absent=True, visit_jitter_weeks=1.0), seed=12
    )
    spec, data = model_spec(cohort), records(cohort, GRID)
    found = posterior_predictive(cohort, spec, data, *as_posterior(truth, 50), 100, seed=5)
    days = cohort.visits.set_index("week")["days_absent"].dropna()
    first = days[(days.index > 4) & (days.index <= 9)]
    at = found.sel(visit="4-9")
    assert float(at["observed_days_mean"]) == pytest.approx(first.mean())
    assert float(at["observed_days_none_share"]) == pytest.approx((first == 0).mean())
    assert np.isnan(found["observed_days_mean"].sel(visit="0"))
    listed = extreme(found)
    assert (listed["statistic"].str.startswith("days")).sum() <= 1  # of twelve, at 99 % each
    wrong = truth.assign(absence_precision=truth["absence_precision"] * 30)
    fault = posterior_predictive(cohort, spec, data, *as_posterior(wrong, 50), 100, seed=5)
    assert (extreme(fault)["statistic"] == "days_none_share").sum() >= 3
