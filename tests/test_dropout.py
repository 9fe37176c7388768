"""What arms do if those who left did worse: a pattern-mixture analysis beside the main result."""

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from tests.conftest import known_tree
from twin.cohort import Cohort
from twin.cohort.synthetic import SyntheticSettings, synthetic_cohort
from twin.diagnose.dropout import dropout_contrasts, left
from twin.fit.arrays import model_spec, records
from twin.fit.estimands import arm_contrasts
from twin.law.grid import TimeGrid

SETTINGS = SyntheticSettings(people=60, clusters=0, missing_shares=(0, 0.2, 0.3, 0.4, 0.5))
GRID = TimeGrid(SETTINGS.grid_edges)
WEEKS = (13.0, 39.0)


@pytest.fixture(scope="module")
def trial() -> tuple[Cohort, xr.DataTree]:
    cohort, truth = synthetic_cohort(SETTINGS, seed=2)
    spec, data = model_spec(cohort), records(cohort, GRID)
    return cohort, known_tree(cohort, spec, data, truth, draws=5)


def found(trial: tuple[Cohort, xr.DataTree], delta: dict[str, float]) -> xr.Dataset:
    cohort, fit = trial
    groups = (fit["posterior"].to_dataset(), fit["twins"].to_dataset())
    spec, data = model_spec(cohort), records(cohort, GRID)
    return dropout_contrasts(cohort, spec, data, *groups, WEEKS, delta)


def test_whoever_is_seen_later_has_not_left(trial: tuple[Cohort, xr.DataTree]) -> None:
    cohort, _ = trial
    visits = cohort.visits
    whole = visits["patient"].value_counts().eq(5)
    person = cohort.patients.index.get_loc(min(whole.index[whole]))
    own = visits["patient"] == cohort.patients.index[person]
    moved = visits.assign(week=visits["week"].mask(own & visits["week"].eq(26), 23.5))
    kept = replace(cohort, visits=moved[~own | moved["week"].isin([0, 23.5])])
    gone = left(kept, GRID, (6.0, 13.0, 26.0, 39.0))
    np.testing.assert_array_equal(gone[person], [[0, 0, 0, 1]] * 2)


def test_without_a_shift_every_pattern_is_the_main_result(
    trial: tuple[Cohort, xr.DataTree],
) -> None:
    cohort, fit = trial
    groups = (fit["posterior"].to_dataset(), fit["twins"].to_dataset())
    main = arm_contrasts(model_spec(cohort), records(cohort, GRID), *groups, cohort.outcomes, WEEKS)
    for pattern in found(trial, {})["arm_contrast"]:
        np.testing.assert_array_equal(pattern, main["arm_contrast"])


def test_the_shift_is_that_of_those_who_left_as_far_as_the_scale_shows_it(
    trial: tuple[Cohort, xr.DataTree],
) -> None:
    worse = found(trial, {"disability": 0.5})
    contrast = worse["arm_contrast"].sel(outcome="disability").mean(["chain", "draw"]).squeeze()
    gone = worse["left"].sel(outcome="disability")
    assert (gone.sel(week=39.0) > 0.4).all()
    moved = contrast - contrast.sel(pattern="ignorable")
    active, reference = (0.5 * gone.sel(arm=arm, drop=True) for arm in ("app", "usual_care"))
    # a scale hides part of a shift near its best end, and never adds to it
    for pattern, whole in (("active arms", active), ("reference arm", -reference)):
        share = (moved.sel(pattern=pattern) / whole).sel(week=39.0).to_numpy()
        assert ((share > 0.5) & (share < 1)).all()
    both = moved.sel(pattern="active arms") + moved.sel(pattern="reference arm")
    np.testing.assert_allclose(moved.sel(pattern="all arms"), both, atol=1e-12)
    pain = worse["arm_contrast"].sel(outcome="pain")
    np.testing.assert_array_equal(pain.sel(pattern="all arms"), pain.sel(pattern="ignorable"))
