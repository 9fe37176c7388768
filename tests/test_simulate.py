"""What the simulator keeps: the law it was fitted with, and the exactness of its comparisons."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import xarray as xr
from conftest import known_tree
from numpy.typing import NDArray

from scenarios import Scenario, load_scenario
from twin.cohort import Cohort
from twin.cohort.synthetic import SyntheticSettings, synthetic_cohort
from twin.errors import InputError
from twin.fit.arrays import model_spec, records
from twin.fit.draws import populations
from twin.law import forward
from twin.law.backends import NUMPY
from twin.law.expected import expected_severity
from twin.law.grid import TimeGrid
from twin.law.likelihood import dose_of_arms
from twin.law.measurement import Scale
from twin.law.population import People
from twin.law.work import hazards_in_force
from twin.simulate.check import check_scenarios
from twin.simulate.chunk import Chunk
from twin.simulate.expected_table import expected_table, read_table
from twin.simulate.paths import full_paths
from twin.simulate.person import simulate_person
from twin.simulate.prepare import prepare, shift_behind
from twin.simulate.prepared import Prepared
from twin.simulate.settings import SimulationSettings
from twin.simulate.simulate import simulate

GRID = TimeGrid((0, 2, 4, 6, 9, 13, 19, 26, 39, 52))
FEW = SimulationSettings(draws=40, horizon_weeks=30, progress_bar=False)


@pytest.fixture(scope="module")
def cohort_and_fit() -> tuple[Cohort, xr.DataTree]:
    cohort, truth = synthetic_cohort(SyntheticSettings(people=10, clusters=2), seed=1)
    return cohort, known_tree(cohort, model_spec(cohort), records(cohort, GRID), truth, draws=20)


def prepared(
    given: tuple[Cohort, xr.DataTree],
    names: Sequence[str | Scenario],
    settings: SimulationSettings = FEW,
) -> Prepared:
    scenarios = [load_scenario(name, "same") if isinstance(name, str) else name for name in names]
    return prepare(*given, scenarios, settings, seed=7)


def whole(
    given: tuple[Cohort, xr.DataTree],
    names: Sequence[str | Scenario],
    settings: SimulationSettings = FEW,
) -> Chunk:
    """Return everyone in one chunk."""
    chunks = list(simulate(prepared(given, names, settings)))
    return Chunk(
        first=0,
        expected=np.concatenate([chunk.expected for chunk in chunks], axis=2),
        recorded=np.concatenate([chunk.recorded for chunk in chunks], axis=2),
        work=np.concatenate([chunk.work for chunk in chunks], axis=2),
    )


def same(one: Chunk, other: Chunk) -> None:
    np.testing.assert_array_equal(one.expected, other.expected)
    np.testing.assert_array_equal(one.recorded, other.recorded)
    np.testing.assert_array_equal(one.work, other.work)


def under(chunk: Chunk, scenario: int, weeks: int | None = None) -> Chunk:
    part = np.s_[scenario : scenario + 1, :, :, :weeks]
    return Chunk(
        first=0, expected=chunk.expected[part], recorded=chunk.recorded[part], work=chunk.work[part]
    )


# Laws 2 to 5 of the design


def test_a_scenario_that_does_nothing_differs_by_exactly_nothing(
    cohort_and_fit: tuple[Cohort, xr.DataTree],
) -> None:
    found = whole(cohort_and_fit, ["usual_care", "null"])
    same(under(found, 0), under(found, 1))


def test_scenarios_agree_until_they_differ(cohort_and_fit: tuple[Cohort, xr.DataTree]) -> None:
    late = later(load_scenario("selfback"), weeks=13)
    found = whole(cohort_and_fit, ["usual_care", late])
    same(under(found, 0, 14), under(found, 1, 14))  # weeks 0 to 13
    assert (found.expected[0, :, :, 14:] != found.expected[1, :, :, 14:]).any()


def later(scenario: Scenario, weeks: int) -> Scenario:
    """Return a scenario whose first intervention starts so many weeks later."""
    told = scenario.model_dump()
    told["interventions"][0]["schedule"]["start_week"] += weeks
    return Scenario.model_validate(told | {"name": "later"})


def test_a_twin_depends_on_nobody_else_and_on_no_other_scenario(
    cohort_and_fit: tuple[Cohort, xr.DataTree],
) -> None:
    cohort, fit = cohort_and_fit
    everyone = whole(cohort_and_fit, ["usual_care", "app", "null", "workplace"])
    rows = [1, 2, 4, 7]  # of both arms and clinics, to which parameters belong
    few = cohort.patients.index[rows]
    part = replace(
        cohort,
        patients=cohort.patients.loc[few[::-1]],
        visits=cohort.visits[cohort.visits["patient"].isin(few)],
    )
    assert model_spec(part).clusters == model_spec(cohort).clusters
    assert set(part.patients["arm"]) == set(cohort.patients["arm"])
    twins = fit["twins"].to_dataset().sel(patient=part.patients.index.to_numpy(dtype=object))
    tree = xr.DataTree.from_dict({"posterior": fit["posterior"].to_dataset(), "twins": twins})
    tree.attrs = dict(fit.attrs)
    alone = whole((part, tree), ["workplace", "usual_care", "app"], FEW_OTHER)
    for own, theirs in ((0, 3), (1, 0), (2, 1)):
        np.testing.assert_array_equal(alone.expected[own], everyone.expected[theirs][:, rows])
        np.testing.assert_array_equal(alone.recorded[own], everyone.recorded[theirs][:, rows])
        np.testing.assert_array_equal(alone.work[own], everyone.work[theirs][:, rows])


FEW_OTHER = FEW.model_copy(update={"comparator": "workplace"})


@pytest.mark.parametrize("size", [1, 7])
def test_chunks_change_nothing(cohort_and_fit: tuple[Cohort, xr.DataTree], size: int) -> None:
    names = ["usual_care", "app", "selfback"]
    (one,) = simulate(prepared(cohort_and_fit, names), at_once=10)
    many = list(simulate(prepared(cohort_and_fit, names), at_once=size))
    assert len(many) == -(-10 // size)
    for chunk in many:
        people = np.s_[:, :, chunk.first : chunk.first + chunk.expected.shape[2]]
        np.testing.assert_array_equal(chunk.expected, one.expected[people])
        np.testing.assert_array_equal(chunk.recorded, one.recorded[people])
        np.testing.assert_array_equal(chunk.work, one.work[people])


def test_a_longer_horizon_leaves_earlier_weeks_alone(
    cohort_and_fit: tuple[Cohort, xr.DataTree],
) -> None:
    names = ["usual_care", "app", "workplace"]
    short = whole(cohort_and_fit, names)
    long = whole(cohort_and_fit, names, FEW.model_copy(update={"horizon_weeks": 52}))
    for scenario in range(3):
        same(under(short, scenario), under(long, scenario, 31))


def test_neither_order_nor_threads_change_a_person(
    cohort_and_fit: tuple[Cohort, xr.DataTree],
) -> None:
    ready = prepared(cohort_and_fit, ["usual_care", "app", "selfback", "workplace", "stepped_care"])
    people = range(len(ready.design.patients))
    alone = [simulate_person(ready, person) for person in people]
    with ThreadPoolExecutor(2) as pool:
        together = list(pool.map(partial(simulate_person, ready), reversed(people)))[::-1]
    for one, other in zip(alone, together, strict=True):
        for mine, theirs in zip((*one[:3], *one.care), (*other[:3], *other.care), strict=True):
            assert mine.tobytes() == theirs.tobytes()


def test_how_many_draws_are_used_changes_none_of_them(
    cohort_and_fit: tuple[Cohort, xr.DataTree],
) -> None:
    every, few = (
        whole(cohort_and_fit, ["usual_care"], FEW.model_copy(update={"draws": draws}))
        for draws in (40, 10)
    )
    rows = np.concatenate([np.arange(0, 20, 4), np.arange(20, 40, 4)])  # of two chains
    np.testing.assert_array_equal(few.recorded, every.recorded[:, rows])
    np.testing.assert_array_equal(few.work, every.work[:, rows])


# Law 1: one law


def test_levels_are_those_of_the_fit(cohort_and_fit: tuple[Cohort, xr.DataTree]) -> None:
    cohort, fit = cohort_and_fit
    ready = prepared(cohort_and_fit, ["usual_care", "app"])
    found = whole(cohort_and_fit, ["usual_care", "app"])
    data, twins = records(cohort, GRID), fit["twins"].to_dataset()
    treated = np.flatnonzero(data.arm == 1)
    draw, week = 5, np.tile(ready.design.weeks.astype(float), (cohort.n, 1))
    # the population of a known fit is the same in every draw
    _, _, population = next(populations(model_spec(cohort), fit["posterior"].to_dataset()))
    at = twins.isel(chain=0, draw=draw)
    people = People(
        *(at[name].to_numpy() for name in ("log_rate", "work_frailty", "start")),
        at["set_point"].to_numpy(),
        at["response"].to_numpy(),
    )
    level = forward.levels(population, people, GRID, data.dose, data.arm, week)
    for k, scale in enumerate(cohort.outcomes.values()):
        wanted = scale.from_severity(
            expected_severity(level[:, :, k], population.spread[k] ** 2, Scale.of(scale))
        )
        # under the arm they had, treated people follow their own response; under usual care,
        # the untreated
        np.testing.assert_allclose(
            found.expected[1, draw, treated, :, k], wanted[treated], atol=2e-3, rtol=0
        )
        others = np.flatnonzero(data.arm == 0)
        np.testing.assert_allclose(
            found.expected[0, draw, others, :, k], wanted[others], atol=2e-3, rtol=0
        )


def test_the_table_of_expected_scores_is_as_fine_as_it_says() -> None:
    spread, scale = np.array([[0.03], [0.11]]), Scale(0.1)
    level = np.random.default_rng(1).uniform(-1, 1.8, size=(2, 400, 1))
    found = read_table(expected_table(spread, [scale]), level)
    wanted = expected_severity(level[:, :, 0], spread**2, scale)
    np.testing.assert_allclose(found[:, :, 0], wanted, atol=3e-4)


def test_an_arm_acts_on_work_as_in_the_fit(cohort_and_fit: tuple[Cohort, xr.DataTree]) -> None:
    cohort, fit = cohort_and_fit
    posterior = fit["posterior"].to_dataset()
    hazard = np.array([2.5, -1.5])
    acting = posterior.assign(arm_log_hazard=0 * posterior["arm_log_hazard"] + hazard)
    twins = fit["twins"].to_dataset()
    tree = xr.DataTree.from_dict({"posterior": acting, "twins": twins})
    tree.attrs = dict(fit.attrs)
    ready = prepared((cohort, tree), ["usual_care", "app"])
    data = records(cohort, GRID)
    assert data.work is not None
    _, _, population = next(populations(model_spec(cohort), acting))
    exposure = ready.exposures["app"]
    np.testing.assert_allclose(exposure.log_hazard[0], hazard)
    # what the likelihood has in force in each cell for people of the arm
    assert population.work is not None
    by_arm = dose_of_arms(NUMPY, population, data)
    in_force = hazards_in_force(population.work, np.array([1]), by_arm[1:])[0]
    by_cell = exposure.log_hazard[0] * exposure.dose[0][:, None]
    np.testing.assert_allclose(by_cell, in_force[ready.setting.cells.coarse])
    # and it reaches the states: they differ from those of the fit without it
    same = prepared(cohort_and_fit, ["usual_care", "app"])
    moved, still = (
        [simulate_person(one, person).work for person in range(cohort.n)] for one in (ready, same)
    )
    assert any((a[1] != b[1]).any() for a, b in zip(moved, still, strict=True))
    assert all((a[0] == b[0]).all() for a, b in zip(moved, still, strict=True))


def test_an_effect_on_work_that_is_stated_takes_the_place_of_the_arms_own(
    cohort_and_fit: tuple[Cohort, xr.DataTree],
) -> None:
    cohort, fit = cohort_and_fit
    posterior = fit["posterior"].to_dataset()
    acting = posterior.assign(arm_log_hazard=posterior["arm_log_hazard"] + 0.4)
    told = load_scenario("app").model_dump()
    (effect, *_) = load_scenario("workplace").model_dump()["interventions"][0]["effects"]
    assert effect["target"] == "first_return"
    interventions = [told["interventions"][0] | {"effects": [effect]}]
    stated = Scenario.model_validate(told | {"name": "stated", "interventions": interventions})
    tree = xr.DataTree.from_dict({"posterior": acting, "twins": fit["twins"].to_dataset()})
    tree.attrs = dict(fit.attrs)
    exposure = prepared((cohort, tree), ["usual_care", stated]).exposures["app"]
    np.testing.assert_allclose(exposure.log_hazard, np.tile([0.0, 0.4], (40, 1)))
    assert (exposure.log_ratio["first_return"] != 0).all()


STATES = ("working", "restricted", "sick_listed", "permanently_out")


# Baseline


def test_everyone_starts_from_what_was_recorded(
    cohort_and_fit: tuple[Cohort, xr.DataTree],
) -> None:
    cohort, _ = cohort_and_fit
    found = whole(cohort_and_fit, ["usual_care", "app"])
    first = cohort.visits[cohort.visits["week"] == 0].set_index("patient")
    for k, outcome in enumerate(cohort.outcomes):
        wanted = first.loc[cohort.patients.index, outcome].to_numpy()
        np.testing.assert_array_equal(
            found.recorded[:, :, :, 0, k], np.broadcast_to(wanted, (2, 40, 10))
        )
    seen = first.loc[cohort.patients.index, "work_status"]
    for person, status in enumerate(seen):
        if cohort.patients["labour_force"].iloc[person]:
            assert (found.work[:, :, person, 0] == STATES.index(status)).all()
        else:
            assert (found.work[:, :, person] == -1).all()


def test_recorded_scores_average_to_the_expected(
    cohort_and_fit: tuple[Cohort, xr.DataTree],
) -> None:
    found = whole(cohort_and_fit, ["usual_care"])
    off = (found.recorded - found.expected)[0][:, :, 12:].astype(float)  # flares have come round
    error = off.std(axis=(0, 1, 2)) / np.sqrt(off[..., 0].size / 6)  # persistence of three weeks
    assert (np.abs(off.mean(axis=(0, 1, 2))) < 5 * error).all()


def test_twins_in_single_precision_hardly_differ(
    cohort_and_fit: tuple[Cohort, xr.DataTree],
) -> None:
    ready = prepared(cohort_and_fit, ["usual_care", "app"])
    twins = {name: values.astype(np.float32) for name, values in ready.twins.items()}
    (one,), (other,) = simulate(ready), simulate(replace(ready, twins=twins))
    assert np.abs(one.expected - other.expected).max() < 1e-4  # points
    # who is within rounding of the next score, or of a move at work, may get there
    assert (one.recorded != other.recorded).mean() < 1e-4
    assert (one.work != other.work).mean() < 1e-4


def test_full_paths_are_those_of_the_simulation(
    cohort_and_fit: tuple[Cohort, xr.DataTree],
) -> None:
    names = ["usual_care", "app"]
    everyone, ready = whole(cohort_and_fit, names), prepared(cohort_and_fit, names)
    found = full_paths(ready, ["p007", "p002"])
    assert found.sizes["chain"] * found.sizes["draw"] == 40
    flat = found.stack(sample=("chain", "draw")).transpose("scenario", "sample", "patient", ...)
    np.testing.assert_array_equal(flat["expected_score"], everyone.expected[:, :, [6, 1]])
    np.testing.assert_array_equal(flat["work_state"], everyone.work[:, :, [6, 1]])


# Effects


def test_a_published_difference_comes_back(cohort_and_fit: tuple[Cohort, xr.DataTree]) -> None:
    settings = SimulationSettings(draws=400, horizon_weeks=13, progress_bar=False)
    cohort, truth = synthetic_cohort(SyntheticSettings(people=40, clusters=2), seed=2)
    fit = known_tree(cohort, model_spec(cohort), records(cohort, GRID), truth, draws=200)
    found = whole((cohort, fit), ["usual_care", "selfback"], settings)
    gained = (found.expected[1] - found.expected[0])[:, :, 13, 1].mean()
    assert gained == pytest.approx(-0.79, abs=0.1)  # evidence 1.2, RMDQ at 3 months


def people_at(level: float, n: int = 50) -> dict[str, NDArray[np.float64]]:
    """Return people, in two draws, who stay where they are."""
    still = np.full((n, 2, 1), level)
    return {"log_rate": np.zeros((n, 2, 1)), "start": still, "set_point": still}


def test_the_shift_behind_a_difference_is_larger_near_the_best_end() -> None:
    scale = Scale(1 / 24)
    table = expected_table(np.full((2, 1), 0.1), [scale])
    wanted = np.array([-0.1, 0.0, 0.05])
    # in the middle of the scale an instrument shows all, up to what it hides 1 % of
    np.testing.assert_allclose(
        shift_behind(people_at(0.6), table, 0, 13.0, wanted), wanted, rtol=0.01
    )
    near = shift_behind(people_at(0.15), table, 0, 13.0, wanted)
    assert near[0] < 1.4 * wanted[0]
    # and what comes back is the difference that was asked for
    shown = [float(expected_severity(np.array(0.15 + x), np.array(0.01), scale)) for x in near]
    none = float(expected_severity(np.array(0.15), np.array(0.01), scale))
    np.testing.assert_allclose(np.array(shown) - none, wanted, atol=0.001)


def test_people_who_cannot_show_a_difference_are_shifted_by_the_whole_scale() -> None:
    table = expected_table(np.full((2, 1), 0.1), [Scale(1 / 24)])
    shift = shift_behind(people_at(0.15), table, 0, 13.0, np.array([-0.5]))
    np.testing.assert_array_equal(shift, [-1.0])


def test_a_large_published_difference_comes_back(
    cohort_and_fit: tuple[Cohort, xr.DataTree],
) -> None:
    settings = SimulationSettings(draws=400, horizon_weeks=13, progress_bar=False)
    cohort, truth = synthetic_cohort(SyntheticSettings(people=40, clusters=2), seed=2)
    fit = known_tree(cohort, model_spec(cohort), records(cohort, GRID), truth, draws=200)
    told = load_scenario("selfback", "same").model_dump()
    (one,) = told["interventions"]
    one["effects"][0]["distribution"] = {"family": "normal", "mean": -2.0, "sd": 1e-6}
    scenario = Scenario.model_validate(told | {"name": "large"})
    found = whole((cohort, fit), ["usual_care", scenario], settings)
    gained = (found.expected[1] - found.expected[0])[:, :, 13, 1].mean()
    assert gained == pytest.approx(-2.0, abs=0.05)


def expect_refusal(
    cohort: Cohort, names: list[str], message: str, settings: SimulationSettings = FEW
) -> None:
    with pytest.raises(InputError, match=message):
        check_scenarios([load_scenario(name) for name in names], cohort, GRID, settings)


def test_what_a_cohort_cannot_carry_is_refused(
    cohort_and_fit: tuple[Cohort, xr.DataTree],
) -> None:
    cohort, _ = cohort_and_fit
    without = replace(cohort, visits=cohort.visits.assign(work_status=None))
    expect_refusal(cohort, ["usual_care", "pain_reprocessing"], "an arm that cohort synthetic")
    expect_refusal(without, ["usual_care", "workplace"], "not an outcome of cohort synthetic")
    expect_refusal(cohort, ["app"], "not among the scenarios")
    expect_refusal(cohort, ["usual_care", "usual_care"], "chosen twice")
    nobody = FEW.model_copy(update={"full_paths": ("p0O1",)})
    expect_refusal(cohort, ["usual_care"], "nobody of cohort synthetic", nobody)
    far = FEW.model_copy(update={"horizon_weeks": 60})
    expect_refusal(cohort, ["usual_care"], "must not be after week 52", far)


def test_a_design_lists_who_works(cohort_and_fit: tuple[Cohort, xr.DataTree]) -> None:
    cohort, _ = cohort_and_fit
    worker: NDArray[np.bool_] = prepared(cohort_and_fit, ["usual_care"]).design.worker
    np.testing.assert_array_equal(worker, cohort.patients["labour_force"])
