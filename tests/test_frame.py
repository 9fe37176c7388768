"""How a fit reads people: its own as it fitted them, and others by the same numbers."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.special import ndtri

from twin.cohort import Cohort
from twin.cohort.cohort import Covariate
from twin.cohort.synthetic import SyntheticSettings, synthetic_cohort
from twin.fit.arrays import model_spec, records
from twin.fit.frame import Frame
from twin.fit.settings import ModelSettings

MODEL = ModelSettings()


@pytest.fixture(scope="module")
def cohort() -> Cohort:
    """Return people with a covariate of every kind, and gaps."""
    drawn, _ = synthetic_cohort(SyntheticSettings(people=40, clusters=3, days_absent=True), seed=3)
    rng = np.random.default_rng(0)
    patients = drawn.patients.assign(
        grade=rng.choice([1.0, 2.0, 5.0], 40),
        job=pd.Series(rng.choice(["desk", "site", "other"], 40), drawn.patients.index, dtype="str"),
    )
    patients.loc[patients.index[:5], ["age", "job"]] = np.nan
    patients.loc[patients.index[3:8], "grade"] = np.nan
    covariates = {
        **drawn.covariates,
        "grade": Covariate("health", "ordinal"),
        "job": Covariate("workplace", "nominal"),
    }
    return replace(drawn, patients=patients, covariates=covariates)


def test_a_fits_own_people_are_read_as_they_were_fitted(cohort: Cohort) -> None:
    told = Frame.of(cohort, MODEL)
    frame = Frame.model_validate_json(told.model_dump_json())
    assert frame == told
    assert frame.spec == model_spec(cohort, MODEL)
    own, fitted = frame.records(cohort), records(cohort, MODEL.time_grid)
    np.testing.assert_array_equal(own.covariate, fitted.covariate)
    for part, other in zip(own.gaps, fitted.gaps, strict=True):
        np.testing.assert_array_equal(part, other)
    assert own.work is not None
    assert fitted.work is not None
    for group in ("scores", "work", "dose"):
        for part, other in zip(getattr(own, group), getattr(fitted, group), strict=True):
            np.testing.assert_array_equal(part, other)
    np.testing.assert_array_equal(own.arm, fitted.arm)
    np.testing.assert_array_equal(own.cluster, fitted.cluster)
    assert own.entry == fitted.entry


def test_others_are_standardised_by_the_numbers_of_the_fit(cohort: Cohort) -> None:
    frame, patients = Frame.of(cohort, MODEL), cohort.patients
    column = next(name for name in frame.spec.covariates if name.startswith("job="))
    level = column.removeprefix("job=")
    one = patients.iloc[[10]].assign(age=70.0, grade=3.5, job=level)
    someone = replace(cohort, patients=one, visits=cohort.visits[:0])
    x = dict(zip(frame.spec.covariates, frame.records(someone).covariate[0], strict=True))
    age = patients["age"].dropna()
    assert x["age"] == pytest.approx((70 - age.mean()) / age.std(ddof=0))
    job = (patients["job"].dropna() == level).astype(float)
    assert x[column] == pytest.approx((1 - job.mean()) / job.std(ddof=0))
    # half way between the grades 2 and 5, by their normal scores
    grade = patients["grade"].dropna()
    score = {g: ndtri(((grade < g).sum() + (grade == g).sum() / 2) / len(grade)) for g in (2, 5)}
    every = grade.map(
        {
            g: ndtri(((grade < g).sum() + (grade == g).sum() / 2) / len(grade))
            for g in grade.unique()
        }
    )
    expected = ((score[2] + score[5]) / 2 - every.mean()) / every.std(ddof=0)
    assert x["grade"] == pytest.approx(expected)


def test_what_others_lack_is_filled_by_the_joint_normal_of_the_fit(cohort: Cohort) -> None:
    frame = Frame.of(cohort, MODEL)
    nothing = cohort.patients.iloc[[10]].assign(
        **dict.fromkeys(("age", "female", "episode_weeks", "depression", "grade"), np.nan),
        job=pd.Series([None], cohort.patients.index[[10]], dtype="str"),
    )
    gaps = frame.records(replace(cohort, patients=nothing, visits=cohort.visits[:0])).gaps
    assert gaps.n == len(frame.spec.covariates)
    np.testing.assert_allclose(gaps.mean, frame.covariate_mean, atol=1e-12)
    covariance = gaps.weight @ gaps.weight.T
    np.testing.assert_allclose(covariance, frame.covariate_covariance, atol=1e-6)
