"""Facts about people: their encoding, their shrinkage, and what is missing of them."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import multivariate_normal

from priors import load_prior_set
from twin.cohort import Cohort, Covariate
from twin.cohort.encode import encode
from twin.cohort.synthetic import SyntheticSettings, synthetic_cohort
from twin.errors import InputError
from twin.fit.arrays import model_spec
from twin.fit.covariate_gaps import covariate_gaps, joint_normal
from twin.fit.prior_draw import draw_truth
from twin.fit.settings import ModelSettings
from twin.law.backends import NUMPY
from twin.law.covariates import fill, gap_values
from twin.law.parameters import ModelSpec, assemble

CORRELATION = np.array([[1.0, 0.7, -0.3], [0.7, 1.0, 0.1], [-0.3, 0.1, 1.0]])


@pytest.fixture(scope="module")
def cohort() -> Cohort:
    return synthetic_cohort(SyntheticSettings(people=12, clusters=2), seed=1)[0]


def holed(people: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return jointly normal covariates, whole, and with the second missing where the first is high.

    Missing at random given the first, and far from completely at random.
    """
    rng = np.random.default_rng(seed)
    whole = rng.multivariate_normal([0.0, 0.0, 0.0], CORRELATION, people)
    some = whole.copy()
    some[(whole[:, 0] > 0.3) & (rng.random(people) < 0.8), 1] = np.nan
    some[rng.random(people) < 0.1, 2] = np.nan
    return whole, some


def test_what_is_missing_at_random_leaves_mean_and_covariance_right() -> None:
    _, some = holed(20_000, seed=2)
    mean, covariance = joint_normal(some)
    np.testing.assert_allclose(mean, 0, atol=0.04)
    np.testing.assert_allclose(covariance, CORRELATION, atol=0.04)
    # those who were seen are another matter: dropping the others would shift the mean
    assert np.nanmean(some[:, 1]) < -0.2


def test_a_gap_is_normal_given_what_is_known_of_the_person() -> None:
    _, some = holed(400, seed=3)
    some[0] = [np.nan, 0.8, np.nan]
    gaps = covariate_gaps(some)
    mean, covariance = joint_normal(some)
    rng = np.random.default_rng(4)
    drawn = np.array(
        [
            fill(NUMPY, gaps, gap_values(NUMPY, gaps, rng.normal(size=gaps.n)))[0]
            for _ in range(4000)
        ]
    )
    np.testing.assert_array_equal(drawn[:, 1], 0.8)
    # Bayes by brute force: the joint density along the known value, on a fine grid
    line = np.linspace(-5, 5, 401)
    first, third = np.meshgrid(line, line, indexing="ij")
    density = multivariate_normal(mean, covariance).pdf(
        np.stack([first, np.full_like(first, 0.8), third], axis=-1)
    )
    density /= density.sum()
    wanted = [(density * first).sum(), (density * third).sum()]
    np.testing.assert_allclose(drawn[:, [0, 2]].mean(axis=0), wanted, atol=0.05)
    together = (density * (first - wanted[0]) * (third - wanted[1])).sum()
    assert np.cov(drawn[:, 0], drawn[:, 2])[0, 1] == pytest.approx(together, abs=0.05)


def test_covariates_that_determine_each_other_still_have_a_distribution() -> None:
    rng = np.random.default_rng(5)
    level = rng.integers(0, 3, 60)
    dummies = np.stack([level == 1, level == 2, level > 0], axis=1).astype(float)
    dummies = (dummies - dummies.mean(axis=0)) / dummies.std(axis=0)
    dummies[:5] = np.nan
    gaps = covariate_gaps(dummies)
    filled = fill(NUMPY, gaps, gap_values(NUMPY, gaps, rng.normal(size=gaps.n)))
    assert np.isfinite(filled).all()
    np.testing.assert_array_equal(filled[5:], dummies[5:])


def test_whole_covariates_have_no_gaps() -> None:
    whole, _ = holed(10, seed=6)
    gaps = covariate_gaps(whole)
    assert gaps.n == 0
    np.testing.assert_array_equal(fill(NUMPY, gaps, gap_values(NUMPY, gaps, np.zeros(0))), whole)


def test_of_an_ordinal_covariate_only_the_order_counts() -> None:
    grade = Covariate("socio_economic", "ordinal")
    people = pd.DataFrame({"one": [1, 2, 2, 3, None], "other": [1, 20, 20, 21, None]})
    found = encode(people, {"one": grade, "other": grade}).values
    np.testing.assert_array_equal(found[:, 0], found[:, 1])
    assert found[0, 0] < found[1, 0] == found[2, 0] < found[3, 0]
    assert np.isnan(found[4]).all()
    np.testing.assert_allclose(np.nanmean(found, axis=0), 0, atol=1e-12)


def test_a_body_region_that_varies_is_a_covariate(cohort: Cohort) -> None:
    assert "body_region=neck" not in model_spec(cohort).covariates
    regions = ["neck", "both", *["low_back"] * (cohort.n - 2)]
    mixed = replace(cohort, patients=cohort.patients.assign(body_region=regions))
    assert {"body_region=neck", "body_region=both"} < set(model_spec(mixed).covariates)


def test_modifiers_name_the_columns_of_their_covariates(cohort: Cohort) -> None:
    regions = ["neck", "both", *["low_back"] * (cohort.n - 2)]
    mixed = replace(cohort, patients=cohort.patients.assign(body_region=regions))
    spec = model_spec(mixed, ModelSettings(effect_modifiers=("age", "body_region")))
    assert spec.modifiers == ("age", "body_region=both", "body_region=neck")


def test_an_unknown_modifier_is_refused_with_the_nearest(cohort: Cohort) -> None:
    with pytest.raises(InputError, match=r"effect_modifiers.*'agge'.*Did you mean 'age'\?"):
        model_spec(cohort, ModelSettings(effect_modifiers=("agge",)))


def explained(spec: ModelSpec, draws: int) -> np.ndarray:
    """Return the share of the differences between people in starts that covariates explain."""
    rng, priors, found = np.random.default_rng(7), load_prior_set("literature"), []
    for _ in range(draws):
        value = draw_truth(priors, spec, (), rng)
        effect = assemble(NUMPY, spec, value).covariate_effect[:, 1]
        by_covariates = (effect**2).sum()
        found.append(by_covariates / (by_covariates + value["start_sd"][0] ** 2))
    return np.array(found)


def with_covariates(cohort: Cohort, number: int) -> ModelSpec:
    return replace(model_spec(cohort), covariates=tuple(f"x{j:02}" for j in range(number)))


def test_sixty_covariates_explain_no_more_beforehand_than_five(cohort: Cohort) -> None:
    few, many = (explained(with_covariates(cohort, n), 2000) for n in (5, 60))
    # Beta(2, 6) has mean 0.25; z makes the share of one draw vary about it
    assert few.mean() == pytest.approx(0.23, abs=0.03)
    assert many.mean() == pytest.approx(0.25, abs=0.02)
    assert abs(few.mean() - many.mean()) < 0.04


def test_the_horseshoe_lets_few_effects_be_large_and_none_beyond_its_slab(cohort: Cohort) -> None:
    spec = replace(with_covariates(cohort, 60), shrinkage="horseshoe")
    rng, priors = np.random.default_rng(8), load_prior_set("literature")
    found = []
    for _ in range(400):
        value = draw_truth(priors, spec, (), rng)
        effect = assemble(NUMPY, spec, value).covariate_effect[:, 1] / value["start_sd"][0]
        found.append(effect / value["covariate_slab"])
    size = np.abs(np.array(found))
    assert np.median(size) < 0.15
    assert np.quantile(size, 0.99) > 5 * np.median(size)
    assert size.max() < 5  # standard normals times at most 1


def test_a_covariate_changes_the_response_to_an_arm_that_it_modifies(cohort: Cohort) -> None:
    spec = model_spec(cohort, ModelSettings(effect_modifiers=("age",)))
    value = draw_truth(load_prior_set("literature"), spec, (), np.random.default_rng(9))
    modification = assemble(NUMPY, spec, value).effect_modification
    age = spec.covariates.index("age")
    np.testing.assert_array_equal(modification[1, age], value["effect_modification"][0, 0])
    assert not np.delete(modification[1], age, axis=0).any()
    assert not modification[0].any()
