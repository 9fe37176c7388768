"""A drift of everybody's set points is what its differential equation says, and no effect."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from conftest import known_tree
from scipy.integrate import solve_ivp

from scenarios import load_scenario
from twin.cohort import Cohort
from twin.cohort.synthetic import SyntheticSettings, synthetic_cohort
from twin.fit.arrays import model_spec, records
from twin.instruments import instrument
from twin.law.grid import TimeGrid
from twin.simulate.chunk import Chunk
from twin.simulate.expected_table import read_table
from twin.simulate.prepare import prepare
from twin.simulate.settings import SimulationSettings
from twin.simulate.simulate import simulate
from twin.simulate.trend import SecularTrend, drifted, drifts

GRID = TimeGrid((0, 2, 4, 6, 9, 13, 19, 26, 39, 52))
POINTS = -1.5
WITHOUT = SimulationSettings(draws=40, progress_bar=False)
WITH = WITHOUT.model_copy(update={"secular_trend": {"disability": SecularTrend(mean=POINTS)}})


@pytest.fixture(scope="module")
def given() -> tuple[Cohort, xr.DataTree]:
    cohort, truth = synthetic_cohort(SyntheticSettings(people=6, clusters=2), seed=1)
    return cohort, known_tree(cohort, model_spec(cohort), records(cohort, GRID), truth, draws=20)


def whole(given: tuple[Cohort, xr.DataTree], settings: SimulationSettings, *names: str) -> Chunk:
    scenarios = [load_scenario(name, "same") for name in names]
    (chunk,) = simulate(
        prepare(*given, scenarios, settings, seed=7), at_once=len(given[0].patients)
    )
    return chunk


def test_a_level_goes_towards_a_set_point_that_moves() -> None:
    rate, drift, set_point, start = 0.07, -0.001, 0.3, 0.6
    weeks = np.linspace(0, 52, 14)
    numeric = solve_ivp(
        lambda t, level: rate * (set_point + drift * t - level),
        (0, 52),
        [start],
        t_eval=weeks,
        rtol=1e-10,
        atol=1e-12,
    )
    still = set_point + (start - set_point) * np.exp(-rate * weeks)
    shift = drifted(np.array([[drift]]), np.log([[rate]]), weeks)[0, :, 0]
    np.testing.assert_allclose(still + shift, numeric.y[0], atol=1e-8)


def test_points_of_a_scale_on_which_more_is_better_turn_round() -> None:
    scales = {"disability": instrument("rmdq"), "confidence": instrument("pseq")}
    trends = {name: SecularTrend(mean=6) for name in scales}
    drift = drifts(trends, scales, n=2, seed=1) * 52
    np.testing.assert_allclose(drift, [[6 / 24, -6 / 60]] * 2)


def test_its_uncertainty_is_shared_by_everybody_and_is_as_stated() -> None:
    scales = {"pain": instrument("pain_nrs"), "disability": instrument("rmdq")}
    drift = drifts({"pain": SecularTrend(mean=1, sd=0.5)}, scales, n=20_000, seed=3) * 52
    assert drift[:, 0].mean() == pytest.approx(0.1, abs=0.001)
    assert drift[:, 0].std() == pytest.approx(0.05, rel=0.03)
    assert not drift[:, 1].any()


def test_it_moves_levels_by_the_closed_form_and_pain_not_at_all(
    given: tuple[Cohort, xr.DataTree],
) -> None:
    still, moved = (whole(given, one, "usual_care") for one in (WITHOUT, WITH))
    k = list(given[0].outcomes).index("disability")
    np.testing.assert_array_equal(moved.expected[..., 1 - k], still.expected[..., 1 - k])
    np.testing.assert_array_equal(moved.recorded[..., 0, :], still.recorded[..., 0, :])
    ready = prepare(*given, [load_scenario("usual_care", "same")], WITH, seed=7)
    for person in range(len(given[0].patients)):
        start, set_point, log_rate = (
            ready.twins[name][person] for name in ("start", "set_point", "log_rate")
        )
        rate = np.exp(log_rate)
        level = set_point + (start - set_point) * np.exp(-rate * 52)
        level[:, k] += POINTS / 24 / 52 * (52 + np.expm1(-rate[:, k] * 52) / rate[:, k])
        wanted = 24 * read_table(ready.table, level[:, None])[:, 0, k]
        np.testing.assert_allclose(moved.expected[0, :, person, 52, k], wanted, rtol=1e-5)


def test_it_is_nobodys_effect(given: tuple[Cohort, xr.DataTree]) -> None:
    chunk = whole(given, WITH, "usual_care", "null")
    np.testing.assert_array_equal(chunk.expected[0], chunk.expected[1])
    np.testing.assert_array_equal(chunk.work[0], chunk.work[1])
