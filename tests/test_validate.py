"""The coverage study's own arithmetic; the study itself takes hours and is run by hand."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from priors import load_prior_set
from twin.cohort.synthetic import SyntheticSettings, synthetic_cohort, synthetic_spec
from twin.cohort.synthetic.truth import default_truth
from twin.fit.arrays import model_spec, retest_figures
from twin.fit.prior_draw import draw_truth
from twin.law.parameters import sampled_parameters
from twin.validate.coverage import Outcome
from twin.validate.intervals import people_covered, population_covered, population_truth
from twin.validate.table import table
from twin.validate.truths import moderated_truth, template
from twin.validate.verdict import Count, chance, judge

SMALL = SyntheticSettings(people=24, clusters=3)


def outcome(seed: int, held: bool, *, converged: bool = True, persons: int = 90) -> Outcome:
    return Outcome(
        seed=seed,
        people=24,
        method="",
        versions={},
        converged=converged,
        gate="",
        population={"persistence": True, "spread[pain]": held},
        persons={"start": (persons, 100)},
        screened=30,
        seconds=1.0,
    )


def around(truth: xr.Dataset, off: float) -> xr.Dataset:
    """Return draws that spread by 1 about a value `off` above each truth."""
    spread = xr.DataArray(np.linspace(-1, 1, 101), dims="draw").expand_dims(chain=2)
    return truth + off + spread


def test_intervals_about_the_truth_hold_it_and_others_do_not() -> None:
    cohort, truth = synthetic_cohort(SMALL, seed=1)
    spec = model_spec(cohort)
    told = population_truth(spec, truth)
    good = population_covered(spec, around(told, 0.5), truth)
    bad = population_covered(spec, around(told, 0.95), truth)
    assert all(good.values())
    assert not any(bad.values())
    # one for each scalar; 10 + 1 correlations; 15 + 6 cluster and 24 covariate effects
    assert sum(name.startswith("person_correlation_matrix") for name in good) == 10
    assert "flare_correlation_matrix[disability, pain]" in good
    assert "cluster_effect[c02, set_point[pain]]" in good
    assert sum(name.startswith("cluster_effect") for name in good) == 15
    assert sum(name.startswith("cluster_response[") for name in good) == 6
    assert not any("_z" in name for name in good)
    assert sum(name.startswith("covariate_effect") for name in good) == 24

    personal = truth[["log_rate", "start", "response"]]
    active = xr.DataArray(cohort.patients["arm"] == "app")
    counts = people_covered(around(personal, 0.0), personal, active)
    assert counts == {"log_rate": (48, 48), "start": (48, 48), "response": (24, 24)}


def test_the_truth_in_a_posteriors_terms_is_made_of_products() -> None:
    cohort, truth = synthetic_cohort(SMALL, seed=1)
    told = population_truth(model_spec(cohort), truth)
    factor = truth["person_correlation"].to_numpy()
    np.testing.assert_allclose(told["person_correlation_matrix"], factor @ factor.T)
    np.testing.assert_allclose(
        told["cluster_effect"].sel(correlated_effect=["start[pain]", "start[disability]"]),
        truth["cluster_start_z"] * truth["cluster_start_sd"],
        atol=1e-15,
    )
    at = {"covariate": "depression", "person_effect": "set_point[pain]"}
    assert float(told["covariate_effect"].sel(at)) == pytest.approx(0.0245)


def test_draws_from_the_priors_agree_with_published_retest_errors() -> None:
    priors, spec = load_prior_set("default"), synthetic_spec(SMALL)
    figures = retest_figures(synthetic_cohort(SMALL, seed=1)[0])
    rng = np.random.default_rng(1)
    free = [draw_truth(priors, spec, (), rng)["spread"] for _ in range(400)]
    told = [draw_truth(priors, spec, figures, rng) for _ in range(400)]
    spread = np.array([values["spread"] for values in told])
    # RMDQ errors of 2.9 and 3.7 of 24 pull the spread up from its prior median of 0.11
    assert np.median(spread[:, 1]) > np.median(free) + 0.02
    assert np.log(spread[:, 1]).std() < np.log(np.array(free)[:, 1]).std()
    for parameter in sampled_parameters(spec):
        shape = tuple(len(spec.coords[dim]) for dim in parameter.dims)
        assert np.shape(told[0][parameter.name]) == shape


def test_a_moderated_truth_is_one_that_a_trial_could_meet() -> None:
    priors, rng = load_prior_set("default"), np.random.default_rng(2)
    settings = SyntheticSettings(people=200, clusters=3)
    for seed in range(5):
        values = moderated_truth(settings, template(settings, seed), priors, rng)
        _, truth = synthetic_cohort(settings, seed, values)
        assert 200 / truth.attrs["screened"] > 0.1


def test_a_template_has_the_people_of_the_cohort_it_stands_for() -> None:
    values = default_truth(synthetic_spec(SMALL), np.random.default_rng(9))
    values["start_mean"] = values["start_mean"] + 0.1
    cohort, _ = synthetic_cohort(SMALL, 4, values)
    facts = list(cohort.covariates)
    pd.testing.assert_frame_equal(template(SMALL, 4).patients[facts], cohort.patients[facts])


def test_twenty_of_twenty_is_chance_and_eleven_is_not() -> None:
    assert chance(Count(20, 20), 100)
    assert chance(Count(15, 20), 100)
    assert not chance(Count(11, 20), 100)
    assert not chance(Count(300, 400), 100)


def test_the_verdict_counts_gates_bands_and_chance() -> None:
    fine = judge([outcome(seed, held=seed != 7) for seed in range(20)])
    assert fine.outside == ("persistence",)  # covered always: outside, but by chance
    assert fine.passed
    assert not fine.literally_passed
    assert fine.pooled == Count(1800, 2000)

    faulty = judge([outcome(seed, held=seed < 9) for seed in range(20)])
    assert faulty.beyond_chance == ("spread[pain]",)
    assert not faulty.passed

    assert not judge([outcome(seed, held=True, persons=86) for seed in range(20)]).passed

    stuck = judge(
        [*(outcome(seed, held=True) for seed in range(19)), outcome(19, True, converged=False)]
    )
    assert stuck.unconverged == (19,)
    assert stuck.population["persistence"].total == 20
    assert not stuck.passed


def test_the_table_shows_both_verdicts() -> None:
    text = table(judge([outcome(seed, held=seed < 9) for seed in range(20)]))
    assert "spread[pain]: 9 of 20  BEYOND CHANCE" in text
    assert "persistence: 20 of 20  chance" in text
    assert text.count("FAILED") == 2
    failed = judge([outcome(1, held=True, converged=False)])
    assert not failed.passed
    assert "seeds 1" in table(failed)
