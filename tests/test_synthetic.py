"""The synthetic cohort: its truth, its design, and the published figures it is made to show."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from pydantic import ValidationError

from twin.cohort import Cohort
from twin.cohort.synthetic import SyntheticSettings, synthetic_cohort, synthetic_spec
from twin.law.parameters import sampled_parameters

DEFAULT = SyntheticSettings()
WEEKS = [0, 6, 13, 26, 39]


@pytest.fixture(scope="module")
def default() -> tuple[Cohort, xr.Dataset]:
    return synthetic_cohort(DEFAULT, seed=1)


@pytest.fixture(scope="module")
def large() -> Cohort:
    """Return a cohort so large, with so many clinics, that means are exact to a twentieth."""
    return synthetic_cohort(SyntheticSettings(people=20_000, clusters=1000), seed=2)[0]


def by_week(cohort: Cohort, column: str) -> pd.DataFrame:
    return cohort.visits.pivot_table(index="patient", columns="week", values=column)


def test_the_default_cohort_has_the_design_of_the_trial(
    default: tuple[Cohort, xr.Dataset],
) -> None:
    cohort, truth = default
    assert cohort.synthetic
    assert truth.attrs["synthetic"] == 1
    assert "SYNTHETIC" in str(cohort)
    assert list(cohort.patients.index[[0, -1]]) == ["p001", "p240"]
    assert cohort.patients["cluster"].value_counts().to_dict() == {
        f"c{clinic:02}": 20 for clinic in range(1, 13)
    }
    assert cohort.patients["arm"].value_counts().to_dict() == {"app": 120, "usual_care": 120}
    assert list(cohort.arms) == ["usual_care", "app"]
    assert set(cohort.visits["week"]) == set(WEEKS)
    baseline = cohort.visits[cohort.visits["week"] == 0]
    assert len(baseline) == 240
    assert baseline["disability"].min() == 6
    assert truth.attrs["screened"] > 240
    outside = cohort.patients.index[~cohort.patients["labour_force"]]
    assert len(outside) == 240 - 149  # 62 % of 240 are in it
    assert cohort.visits.set_index("patient").loc[outside, "work_status"].isna().all()


def test_the_truth_names_what_a_fit_estimates(default: tuple[Cohort, xr.Dataset]) -> None:
    cohort, truth = default
    for parameter in sampled_parameters(synthetic_spec(DEFAULT)):
        assert truth[parameter.name].dims == parameter.dims
    assert list(truth["patient"].values) == list(cohort.patients.index)
    assert {"log_rate", "work_frailty", "start", "set_point", "response"} <= set(truth)


def test_one_seed_is_one_cohort() -> None:
    small = SyntheticSettings(people=30, clusters=3)
    first, again, other = (synthetic_cohort(small, seed)[0] for seed in (1, 1, 2))
    assert first.hash == again.hash != other.hash


def test_given_values_are_the_truth(default: tuple[Cohort, xr.Dataset]) -> None:
    _, truth = default
    values = {p.name: truth[p.name].to_numpy() for p in sampled_parameters(synthetic_spec(DEFAULT))}
    values["start_mean"] = np.array([0.5, 0.8])
    cohort, told = synthetic_cohort(DEFAULT, 3, values)
    np.testing.assert_array_equal(told["start_mean"], [0.5, 0.8])
    assert by_week(cohort, "disability")[0].mean() > 17


def test_a_population_that_never_passes_is_refused(default: tuple[Cohort, xr.Dataset]) -> None:
    _, truth = default
    values = {p.name: truth[p.name].to_numpy() for p in sampled_parameters(synthetic_spec(DEFAULT))}
    values["start_mean"] = np.array([0.5, -3.0])
    with pytest.raises(ValueError, match="Lower entry_minimum"):
        synthetic_cohort(DEFAULT, 3, values)


# Tolerances: half the last digit to which the figures are claimed, wider than five standard errors.


def test_disability_shows_the_published_means_spreads_and_correlations(large: Cohort) -> None:
    score = by_week(large, "disability")
    # Froud 2009 (11.1): 9.0 (4.0), 5.5 (5.0), 5.4 (5.2). Those with RMDQ >= 6 start higher
    np.testing.assert_allclose(score.mean()[[0, 13, 39]], [11.0, 6.1, 5.6], atol=0.3)
    np.testing.assert_allclose(score.std()[[0, 13, 39]], [4.0, 4.9, 4.9], atol=0.2)
    np.testing.assert_allclose(score.corr().loc[0, [13, 39]], [0.51, 0.48], atol=0.04)
    assert (score[13] - score[0]).std() == pytest.approx(4.5, abs=0.2)  # 11.2


def test_pain_falls_by_two_points(large: Cohort) -> None:
    score = by_week(large, "pain")
    np.testing.assert_allclose(score.mean()[[0, 39]], [5.4, 3.4], atol=0.15)  # 3.11, 7.4, 7.5
    assert score[0].std() == pytest.approx(2.0, abs=0.15)
    changes = (score[13] - score[0]).corr(
        (by_week(large, "disability").diff(axis=1))[[6, 13]].sum(axis=1)
    )
    assert 0.3 < changes < 0.56  # 11.10


def test_the_app_does_what_the_trial_found() -> None:
    # 0.79 (1.2); with 30,000 people an arm the standard error of the difference is 0.04
    settings = SyntheticSettings(
        people=60_000, clusters=0, missing_shares=(0,) * 3, visit_weeks=(0, 6, 13)
    )
    cohort, _ = synthetic_cohort(settings, seed=4)
    change = by_week(cohort, "disability")
    app = cohort.patients["arm"].reindex(change.index) == "app"
    gained = (change[13] - change[0]).groupby(app).mean()
    assert gained[True] - gained[False] == pytest.approx(-0.79, abs=0.15)


def test_fifteen_of_a_hundred_workers_are_absent_within_half_a_year(large: Cohort) -> None:
    workers = large.visits.dropna(subset="work_status")
    absent = workers["week"].le(26) & workers["work_status"].eq("sick_listed")
    share = absent.groupby(workers["patient"]).any().mean()
    assert share == pytest.approx(0.155, abs=0.03)  # 8.1: 9.8 to 23.6 %


def test_those_who_stay_away_did_worse_before(large: Cohort) -> None:
    score = by_week(large, "disability")
    np.testing.assert_allclose(score.isna().mean(), DEFAULT.missing_shares, atol=0.02)
    before = score[0]
    assert before[score[6].isna()].mean() > before[score[6].notna()].mean() + 0.3


def test_visits_jitter_as_told() -> None:
    cohort, _ = synthetic_cohort(SyntheticSettings(visit_jitter_weeks=1.5), seed=5)
    off = cohort.visits["week"].map(lambda week: min((abs(week - w), week - w) for w in WEEKS)[1])
    assert off[cohort.visits["week"] == 0].eq(0).all()
    assert 1.3 < off.abs().max() <= 1.5


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"visit_weeks": (1, 6), "missing_shares": (0, 0)}, "first must be 0"),
        ({"visit_weeks": (0, 6, 6), "missing_shares": (0, 0, 0)}, "must increase"),
        ({"missing_shares": (0, 0.1)}, "one share for each"),
        ({"visit_jitter_weeks": 3.0}, "half the shortest gap"),
        ({"visit_jitter_weeks": 1.0, "grid_edges": (0, 13, 39)}, "must reach the last visit"),
        ({"entry_minimum": 30}, "must be 0 to 24"),
        ({"peple": 3}, "Extra inputs"),
    ],
)
def test_a_design_that_makes_no_sense_is_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        SyntheticSettings.model_validate(change)


def test_workers_report_days_absent_beside_their_state(large: Cohort) -> None:
    told, truth = synthetic_cohort(SyntheticSettings(days_absent=True), seed=1)
    plain, _ = synthetic_cohort(DEFAULT, seed=1)
    same = [name for name in plain.visits if name != "days_absent"]
    pd.testing.assert_frame_equal(told.visits[same], plain.visits[same])
    assert "absence_precision" in truth
    assert not plain.has_days
    visits = told.visits
    asked = visits["work_status"].isin(["working", "restricted", "sick_listed"])
    later = visits["patient"].duplicated()
    np.testing.assert_array_equal(visits["days_absent"].notna(), asked & later)
    since = visits.groupby("patient")["week"].diff()
    assert (visits["days_absent"].dropna() <= (5 * since)[visits["days_absent"].notna()]).all()
    # whoever is sick-listed at the visit was absent for longer than who is back at work
    by_state = visits.groupby("work_status")["days_absent"].mean() / 5
    assert by_state["sick_listed"] > by_state["restricted"] > by_state["working"]
    assert not large.has_days
