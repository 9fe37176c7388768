"""From a cohort to arrays, on a cohort small enough to write the answer down."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import brentq

from twin.cohort import Arm, Cohort, Covariate, DaysAbsent, Entry
from twin.cohort.absence import Rounding
from twin.cohort.synthetic import SyntheticSettings, synthetic_cohort, synthetic_spec
from twin.errors import InputError
from twin.fit.arrays import ASSUMED_LAG_WEEKS, model_spec, records, retest_figures
from twin.instruments import instrument
from twin.law.grid import TimeGrid

GRID = TimeGrid((0, 2, 6, 13))


@pytest.fixture
def cohort() -> Cohort:
    patients = pd.DataFrame(
        {
            "arm": ["app", "usual", "app", "usual"],
            "cluster": ["b", None, "a", "b"],
            "body_region": "low_back",
            "labour_force": [True, True, False, True],
            "age": [30.0, 40.0, 50.0, np.nan],
            "smoking": ["never", "now", "never", None],
        },
        index=["p1", "p2", "p3", "p4"],
    )
    visits = pd.DataFrame(
        [
            ("p1", 0.0, 9.0, 40.0, "working"),
            ("p1", 6.0, np.nan, 100.0, None),
            ("p1", 8.0, 0.0, np.nan, "permanently_out"),
            ("p1", 9.0, 10.0, 0.0, "permanently_out"),
            ("p2", 0.0, 6.0, 30.5, None),
            ("p2", 1.0, 5.0, 20.0, "sick_listed"),
            ("p3", 0.0, 8.0, 10.0, None),
            ("p4", 0.0, 7.0, 10.0, "permanently_out"),
        ],
        columns=["patient", "week", "pain", "other", "work_status"],
    )
    return Cohort(
        name="written",
        synthetic=False,
        patients=patients,
        visits=visits,
        outcomes={"pain": instrument("pain_nrs"), "other": instrument("pain_vas")},
        covariates={
            "age": Covariate("personal", "continuous"),
            "smoking": Covariate("lifestyle", "nominal"),
        },
        arms={"app": Arm("app", 0, 4, 0), "usual": Arm()},
        entry=Entry("pain", 6),
    )


def test_the_spec_lists_what_the_cohort_has(cohort: Cohort) -> None:
    spec = model_spec(cohort)
    assert spec.outcomes == ("pain", "other")
    assert spec.arms == ("usual", "app")
    assert spec.clusters == ("a", "b")
    assert spec.covariates == ("age", "smoking=now")
    assert spec.has_work


def test_covariates_are_standardised_over_the_observed(cohort: Cohort) -> None:
    found = records(cohort, GRID).covariate
    root = np.sqrt(1.5)
    np.testing.assert_allclose(found[:, 0], [-root, 0, root, np.nan])
    np.testing.assert_allclose(found[:, 1], [-(0.5**0.5), 2**0.5, -(0.5**0.5), np.nan])


def behind(shown: float) -> float:
    """Return the severity that shows so, by bisection of MODEL.md's formula."""
    return float(brentq(lambda y: 0.1 * np.log(1 + np.exp(y / 0.1)) - shown, -3, 3))


def middle_behind(shown: float | tuple[float, float]) -> float:
    ends = shown if isinstance(shown, tuple) else (shown, shown)
    return (behind(ends[0]) + behind(ends[1])) / 2


def test_scores_stand_in_order_with_their_ends_and_padding_last(cohort: Cohort) -> None:
    scores = records(cohort, GRID).scores
    np.testing.assert_array_equal(scores.n_scores, [6, 4, 2, 2])
    np.testing.assert_array_equal(scores.week[0], [0, 0, 6, 8, 9, 9])
    np.testing.assert_array_equal(scores.outcome[0], [0, 1, 1, 0, 0, 1])
    # NRS 9; VAS 40; VAS at its ceiling; NRS at its floor: half a step; NRS ceiling; VAS floor
    # or rather, for a VAS, what it still resolves there
    shown = [(0.85, 0.95), 0.4, 1.0, 0.05, 0.95, 0.005]
    np.testing.assert_allclose(scores.severity[0], [middle_behind(x) for x in shown], rtol=1e-6)
    np.testing.assert_array_equal(scores.end[0], [0, 0, 1, -1, 1, -1])
    width = behind(0.95) - behind(0.85)
    np.testing.assert_allclose(
        scores.rounding_variance[0], [width**2 / 12, 0, 0, 0, 0, 0], rtol=1e-6
    )
    shown = [(0.55, 0.65), 0.305, (0.45, 0.55), 0.2]
    np.testing.assert_allclose(scores.severity[1, :4], [middle_behind(x) for x in shown], rtol=1e-6)
    np.testing.assert_array_equal(scores.severity[1, 4:], 0)
    np.testing.assert_allclose(scores.rounding_variance[1, 4:], 0)


def test_work_is_laid_out_by_occasion_and_cell(cohort: Cohort) -> None:
    work = records(cohort, GRID).work
    assert work is not None
    # p3 is outside the labour force, p4 was out for good when first seen
    np.testing.assert_array_equal(work.worker, [0, 1])
    np.testing.assert_array_equal(work.first_occasion, [0, 3, 4])
    np.testing.assert_array_equal(work.state, [0, 3, 3, 2])
    np.testing.assert_array_equal(work.start_week, [0, 1])
    np.testing.assert_array_equal(work.first_segment, [0, 0, 3, 4, 4])
    np.testing.assert_array_equal(work.segment_cell, [0, 1, 2, 2])
    np.testing.assert_allclose(work.segment_weeks, [2, 4, 2, 1])
    np.testing.assert_array_equal(work.days, -1)
    np.testing.assert_array_equal(work.segment_reported, 0)


def test_days_absent_count_from_the_visit_before_whatever_was_asked_there(cohort: Cohort) -> None:
    told = cohort.visits.assign(days_absent=[np.nan, np.nan, 3.5, np.nan, np.nan, 1.2, 4.0, np.nan])
    spec = model_spec(replace(cohort, visits=told))
    work = records(replace(cohort, visits=told), GRID, partial_loss=0.3).work
    assert spec.has_days
    assert work is not None
    # p1 from week 6, where nothing of work was learnt; p2 from week 0, before the first occasion;
    # p3 is outside the labour force
    np.testing.assert_array_equal(work.days, [-1, 4, -1, 1])
    np.testing.assert_array_equal(work.possible_days, [0, 10, 0, 5])
    np.testing.assert_allclose(work.segment_weeks, [2, 4, 2, 1, 1])
    np.testing.assert_array_equal(work.segment_reported, [0, 0, 1, 0, 1])
    np.testing.assert_array_equal(work.window_segment, [0, 2, 4, 4])
    np.testing.assert_array_equal(work.start_week, [0, 0])
    np.testing.assert_allclose(work.loss, [0, 0.3, 1])


@pytest.mark.parametrize(
    ("rounding", "wanted"), [("nearest", [4, 2]), ("up", [4, 2]), ("down", [3, 1])]
)
def test_fractions_of_days_are_rounded_as_declared(
    cohort: Cohort, rounding: Rounding, wanted: list[int]
) -> None:
    told = cohort.visits.assign(
        days_absent=[np.nan, np.nan, 3.5, np.nan, np.nan, 1.6, np.nan, np.nan]
    )
    meaning = DaysAbsent(rounding=rounding, recall_weeks=1.0)
    work = records(replace(cohort, visits=told, days_absent=meaning), GRID).work
    assert work is not None
    np.testing.assert_array_equal(work.days[[1, 3]], wanted)
    np.testing.assert_array_equal(work.possible_days[[1, 3]], [5, 5])


def test_a_person_with_days_only_has_a_work_process(cohort: Cohort) -> None:
    told = cohort.visits.assign(
        work_status=None,
        days_absent=[np.nan, 2.0, np.nan, 5.0, np.nan, np.nan, np.nan, np.nan],
    )
    spec, work = model_spec(replace(cohort, visits=told)), None
    assert (spec.has_work, spec.has_days) == (True, True)
    work = records(replace(cohort, visits=told), GRID).work
    assert work is not None
    np.testing.assert_array_equal(work.worker, [0])
    np.testing.assert_array_equal(work.state, [-1, -1])
    np.testing.assert_array_equal(work.segment_reported, [1, 1, 0, 1])


def test_people_belong_to_clusters_and_arms_and_an_entry_rule(cohort: Cohort) -> None:
    data = records(cohort, GRID)
    np.testing.assert_array_equal(data.cluster, [1, -1, 0, 1])
    np.testing.assert_array_equal(data.arm, [1, 0, 1, 0])
    np.testing.assert_array_equal(data.dose.delivered, [[0, 0, 0], [1, 0, 0]])
    assert data.entry is not None
    assert data.entry.outcome == 0
    assert data.entry.bound == pytest.approx(behind(0.55))
    everyone = replace(cohort, entry=Entry("pain", 0))
    assert records(everyone, GRID).entry is None


def test_a_cohort_without_work_clusters_or_covariates_has_none(cohort: Cohort) -> None:
    bare = replace(
        cohort,
        patients=cohort.patients.assign(cluster=None),
        visits=cohort.visits.assign(work_status=None),
        covariates={},
        entry=None,
    )
    spec, data = model_spec(bare), records(bare, GRID)
    assert (spec.clusters, spec.covariates, spec.has_work) == ((), (), False)
    assert data.covariate.shape == (4, 0)
    assert (data.cluster == -1).all()
    assert data.work is None


def test_visits_beyond_the_grid_are_refused(cohort: Cohort) -> None:
    with pytest.raises(InputError, match="must not be after week 6") as caught:
        records(cohort, TimeGrid((0, 2, 6)))
    assert len(caught.value.problems) == 2


def test_test_retest_figures_leave_out_the_cohorts_own(cohort: Cohort) -> None:
    (figure,) = retest_figures(cohort)
    assert figure.outcome == 0
    assert figure.sem == pytest.approx(0.086)
    assert figure.lag_weeks == ASSUMED_LAG_WEEKS  # it is not published
    assert retest_figures(replace(cohort, evidence_ids=("ashar2022",))) == ()


def test_the_spec_of_a_synthetic_cohort_is_known_beforehand() -> None:
    settings = SyntheticSettings()
    cohort, _ = synthetic_cohort(settings, seed=1)
    assert model_spec(cohort) == synthetic_spec(settings)
