"""Care that clinics begin with by lot, for whoever comes in time, with a fidelity of their own."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import xarray as xr
from conftest import known_tree
from numpy.typing import NDArray
from scenario_kit import intervention, ready, scenario, shown, sure

from scenarios import Scenario
from twin.cohort import Cohort
from twin.cohort.synthetic import SyntheticSettings, synthetic_cohort
from twin.fit.arrays import model_spec, records
from twin.fit.settings import ModelSettings
from twin.simulate.person import simulate_person
from twin.simulate.plan import Plan
from twin.simulate.prepared import Prepared

type Trial = tuple[Cohort, xr.DataTree]

DESIGNS: dict[str, list[float | None]] = {
    "parallel": [0, None],
    "stepped": [0, 8, 16],
    "dog-leg": [0, 13, None],
}


@pytest.fixture(scope="module")
def clinics() -> Trial:
    """Return a trial of 24 people in 6 clinics."""
    cohort, truth = synthetic_cohort(SyntheticSettings(people=24, clusters=6), seed=1)
    data = records(cohort, ModelSettings().time_grid)
    return cohort, known_tree(cohort, model_spec(cohort), data, truth, draws=20)


def rolled_out(begins: list[float | None], **changes: Any) -> Scenario:
    over = changes.pop("arrive_over_weeks", 0)
    roll_out = {"begins": begins, **changes}
    return scenario(intervention(), roll_out=roll_out, arrive_over_weeks=over)


def by_clinic(trial: Trial, values: NDArray[Any]) -> dict[str, set[float]]:
    clinic = trial[0].patients["cluster"].astype(str).to_numpy()
    return {name: set(values[clinic == name].tolist()) for name in sorted(set(clinic))}


@pytest.mark.parametrize("design", DESIGNS)
def test_as_many_clinics_begin_in_each_week_as_the_design_says(clinics: Trial, design: str) -> None:
    begins = DESIGNS[design]
    plan = Plan.of(rolled_out(begins), clinics[0], samples=2, seed=5)
    found = by_clinic(clinics, plan.clinic_begins)
    assert all(len(weeks) == 1 for weeks in found.values())  # a clinic begins for all its people
    times = Counter(week for weeks in found.values() for week in weeks)
    wanted = [np.inf if week is None else week for week in begins]
    assert times == dict.fromkeys(wanted, 6 // len(wanted))
    orders = {
        tuple(Plan.of(rolled_out(begins), clinics[0], 2, seed).clinic_begins) for seed in range(9)
    }
    assert len(orders) > 1  # by lot


@pytest.mark.parametrize("design", DESIGNS)
def test_whoever_comes_before_the_own_clinic_begins_goes_without(
    clinics: Trial, design: str
) -> None:
    tried = rolled_out(DESIGNS[design], arrive_over_weeks=26)
    prepared = ready(clinics, tried)
    plan, reached = prepared.plans[1], []
    assert plan.arrival.max() <= 26
    for person in range(24):
        found = simulate_person(prepared, person)
        in_time = plan.arrival[person] >= plan.clinic_begins[person]
        reached.append(in_time)
        assert np.isfinite(found.care.weeks[0, 2]).all() == in_time
        if not in_time:
            np.testing.assert_array_equal(found.expected[1], found.expected[0])
            np.testing.assert_array_equal(found.recorded[1], found.recorded[0])
            np.testing.assert_array_equal(found.work[1], found.work[0])
    assert 0 < sum(reached) < 24


def test_people_come_evenly_so_that_a_step_reaches_the_part_that_comes_after_it() -> None:
    cohort, _ = synthetic_cohort(SyntheticSettings(people=3000, clusters=6), seed=1)
    plan = Plan.of(rolled_out([13.0], arrive_over_weeks=26), cohort, samples=1, seed=5)
    reached = (plan.arrival >= plan.clinic_begins).mean()
    assert reached == pytest.approx(0.5, abs=5 * 0.5 / np.sqrt(3000))


def test_each_clinic_delivers_a_share_of_its_own(clinics: Trial) -> None:
    few = sure("beta", 0.5) | {"distribution": {"family": "beta", "a": 6, "b": 2}}
    plain, shared = (
        shown(prepared)
        for prepared in (
            ready(clinics, rolled_out([0])),
            ready(clinics, rolled_out([0], fidelity=few)),
        )
    )
    share = (shared / np.where(plain == 0, 1, plain))[:, :, 30]
    np.testing.assert_allclose(  # of the whole course, from its first week to its last
        shared[:, :, 1:], share[:, :, None] * plain[:, :, 1:], rtol=1e-6, atol=1e-12
    )
    clinic = clinics[0].patients["cluster"].astype(str).to_numpy()
    of_clinics = []
    for name in sorted(set(clinic)):
        own = share[clinic == name]
        np.testing.assert_allclose(own, np.broadcast_to(own[0], own.shape), rtol=1e-6)
        of_clinics.append(own[0])
    drawn = np.concatenate(of_clinics)
    sd = np.sqrt(0.75 * 0.25 / 9)
    assert drawn.mean() == pytest.approx(0.75, abs=5 * sd / np.sqrt(drawn.size))
    assert drawn.std() == pytest.approx(sd, rel=5 / np.sqrt(2 * drawn.size))


def test_a_cohort_without_clinics_is_dealt_to_as_many_as_are_stated(clinics: Trial) -> None:
    cohort, fit = clinics
    nameless: Prepared = ready((_without_clinics(cohort), fit), rolled_out([0, 9], clinics=4))
    begins = nameless.plans[1].clinic_begins
    assert set(begins.tolist()) == {0.0, 9.0}


def _without_clinics(cohort: Cohort) -> Cohort:
    return replace(cohort, patients=cohort.patients.assign(cluster=None))
