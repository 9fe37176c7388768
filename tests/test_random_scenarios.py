"""The exactness of comparisons, for scenarios that nobody thought of."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import xarray as xr
from conftest import known_tree
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scenario_kit import intervention, scenario, sure

from scenarios import Scenario
from twin.cohort import Cohort
from twin.cohort.synthetic import SyntheticSettings, synthetic_cohort
from twin.fit.arrays import model_spec, records
from twin.fit.settings import ModelSettings
from twin.simulate.person import Simulated, simulate_person
from twin.simulate.prepare import prepare
from twin.simulate.prepared import Prepared
from twin.simulate.settings import SimulationSettings

SETTINGS = SimulationSettings(draws=6, horizon_weeks=26, progress_bar=False)
USUAL = scenario(name="usual_care")
PEOPLE = 6


def _people() -> tuple[Cohort, xr.DataTree]:
    cohort, truth = synthetic_cohort(SyntheticSettings(people=PEOPLE, clusters=2), seed=1)
    data = records(cohort, ModelSettings().time_grid)
    return cohort, known_tree(cohort, model_spec(cohort), data, truth, draws=3)


COHORT, FIT = _people()
FEW = {  # what a name may be asked about, with thresholds that cut these people
    "disability": (20, 60),
    "pain": (20, 60),
    "age": (30, 70),
    "depression": (2, 12),
}

names = st.sampled_from(["a", "b", "c"])


@st.composite
def conditions(draw: st.DrawFn, later: bool = False) -> str:
    name = draw(st.sampled_from(sorted(FEW)))
    limit = draw(st.integers(*FEW[name]))
    simple = [f"{name} >= {limit}", f"not {name} < {limit}", f"female or {name} > {limit}"]
    simple += ["work == 'working'", "work in ['restricted', 'sick_listed'] and female"]
    if later:
        simple += ["disability > 0.7 * disability_baseline", "pain < pain_baseline"]
    return draw(st.sampled_from(simple))


@st.composite
def schedules(draw: st.DrawFn) -> dict[str, Any]:
    duration = draw(st.floats(1, 20))
    found: dict[str, Any] = {
        "start_week": draw(st.sampled_from([0, 0, 2, 5.5])),
        "duration_weeks": duration,
        "ramp_weeks": draw(st.sampled_from([0, min(3, duration)])),
    }
    if draw(st.booleans()):
        found["wait_weeks"] = sure("log_normal", 3.0)
        found["wait_weeks"]["distribution"]["log_sd"] = 0.6
    if draw(st.booleans()):
        found["boosters"] = [{"after_weeks": duration + 2, "duration_weeks": 3}]
    if draw(st.booleans()):
        found["stop_week"] = draw(st.floats(6, 20))
    return found


@st.composite
def interventions(draw: st.DrawFn, name: str, acts: bool = True) -> dict[str, Any]:
    size = draw(st.floats(-0.2, 0.2)) if acts else 0.0
    changes: dict[str, Any] = {
        "schedule": draw(schedules()),
        "effects": [
            {"target": "disability", "unit": "severity", "at_week": 13, **sure("normal", size)},
            {"target": "recovery_rate", "unit": "log_rate_ratio", **sure("normal", 2 * size)},
            {"target": "relapse", "unit": "log_hazard_ratio", **sure("normal", 3 * size)},
            {"target": "flare_size", "unit": "log_sd_ratio", **sure("normal", 4 * size)},
        ],
    }
    if draw(st.booleans()):
        changes["uptake"] = sure("beta", 0.6)
        changes["uptake_by"] = [{"by": "(age - 48) / 10", **sure("normal", 0.4)}]
    if draw(st.booleans()):
        changes["eligible_if"] = draw(conditions())
    if draw(st.booleans()):
        changes["adherence_level"] = sure("beta", 0.7)
        changes["adherence_spread"] = sure("half_normal", 0.5)
        changes["adherence_half_life"] = sure("log_normal", 12.0)
    if not acts:
        keep = ("schedule", "uptake", "uptake_by", "eligible_if")
        changes = {key: changes[key] for key in keep if key in changes}
        changes |= {"effects": [], "does_nothing": True}
    return intervention(name, **changes)


@st.composite
def rules(draw: st.DrawFn, name: str, capacity: str | None) -> dict[str, Any]:
    weeks = draw(st.lists(st.integers(0, 24), min_size=1, max_size=3, unique=True))
    branches = {}
    for key in ("then", "otherwise"):
        first, second = draw(st.tuples(names, names))
        stop = [second] if draw(st.booleans()) and second != first else []
        branches[key] = {"start": [first], "stop": stop}
        if draw(st.booleans()) and first not in stop:
            branches[key]["dose"] = {first: draw(st.sampled_from([0, 0.5, 2]))}
    return {
        "name": name,
        "weeks": sorted(weeks),
        "ask": draw(conditions(later=True)),
        "among": draw(st.lists(names, max_size=1)),
        "once": draw(st.booleans()),
        "missing": sure("beta", 0.2),
        "if_missing": draw(st.sampled_from(["then", "otherwise", "nothing"])),
        **branches,
    }


@st.composite
def scenarios_of(
    draw: st.DrawFn, acts: bool = True, queues: bool = False, ruled: bool = True
) -> dict[str, Any]:
    parts = [draw(interventions(name, acts)) for name in ("a", "b", "c")]
    if queues:
        capacity: dict[str, Any] = {"places_per_week": draw(st.floats(0.2, 3))}
        if draw(st.booleans()):
            capacity["patience_weeks"] = sure("log_normal", 4.0)
            capacity["patience_weeks"]["distribution"]["log_sd"] = 0.5
        parts[0]["capacity"] = capacity | {"priority": draw(st.sampled_from([None, "disability"]))}
    n = draw(st.integers(0, 2)) if ruled else 0
    found: dict[str, Any] = {
        "interventions": parts,
        "rules": [draw(rules(f"rule_{i}", None)) for i in range(n)],
        "combine": draw(st.sampled_from([{}, {"rule": "largest"}, {"at_most": 0.1}])),
        "arrive_over_weeks": draw(st.sampled_from([0, 10])),
    }
    if draw(st.booleans()):
        found["roll_out"] = {"begins": [0, 5], "fidelity": sure("beta", 0.8)}
    return found


def made(parts: dict[str, Any], name: str = "tried") -> Scenario:
    return Scenario.model_validate(
        {"name": name, "title": name, "question": "What of it?", "description": "Random."} | parts
    )


def simulated(*tried: Scenario, cohort: Cohort = COHORT, fit: xr.DataTree = FIT) -> Prepared:
    return prepare(cohort, fit, [USUAL, *tried], SETTINGS, seed=3)


def everyone(prepared: Prepared) -> list[Simulated]:
    return [simulate_person(prepared, i) for i in range(len(prepared.design.patients))]


EXAMPLES = int(os.environ.get("BACKTWIN_EXAMPLES", "60"))
"""Scenarios that each law is tried on."""
MANY = settings(
    max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)


@pytest.mark.slow
@MANY
@given(scenarios_of(acts=False, queues=True))
def test_whatever_does_nothing_differs_by_exactly_nothing(parts: dict[str, Any]) -> None:
    for one in everyone(simulated(made(parts))):
        np.testing.assert_array_equal(one.expected[1], one.expected[0])
        np.testing.assert_array_equal(one.recorded[1], one.recorded[0])
        np.testing.assert_array_equal(one.work[1], one.work[0])


@pytest.mark.slow
@MANY
@given(scenarios_of(queues=True))
def test_nothing_differs_before_anybody_begins_anything(parts: dict[str, Any]) -> None:
    prepared = simulated(made(parts))
    for one in everyone(prepared):
        first = one.care.weeks[:, 2].min(axis=0)  # of all interventions, in each sample
        for sample, begins in enumerate(first):
            until = int(min(np.floor(begins), 26)) + 1
            alike = np.s_[:until]
            np.testing.assert_array_equal(
                one.expected[1, sample, alike], one.expected[0, sample, alike]
            )
            np.testing.assert_array_equal(
                one.recorded[1, sample, alike], one.recorded[0, sample, alike]
            )
            np.testing.assert_array_equal(one.work[1, sample, alike], one.work[0, sample, alike])


@pytest.mark.slow
@MANY
@given(scenarios_of(), scenarios_of(), st.one_of(st.none(), st.integers(0, PEOPLE - 1)))
def test_nobody_depends_on_others_or_on_other_scenarios(
    parts: dict[str, Any], others: dict[str, Any], left_out: int | None
) -> None:
    parts = parts | {"roll_out": None}  # which clinics there are decides when each begins
    if left_out is not None:
        # how large a shift of levels is behind a published difference is worked out on the people
        # that there are; ratios are as published
        for one in parts["interventions"]:
            one["effects"] = [e for e in one["effects"] if e["target"] != "disability"]
            one.pop("response_time", None)
    whole = simulated(made(parts))
    few = COHORT.patients.index[::-1]
    few = few if left_out is None else few.delete(left_out)
    part = replace(
        COHORT,
        patients=COHORT.patients.loc[few],
        visits=COHORT.visits[COHORT.visits["patient"].isin(few)],
    )
    twins = FIT["twins"].to_dataset().sel(patient=part.patients.index.to_numpy(dtype=object))
    tree = xr.DataTree.from_dict({"posterior": FIT["posterior"].to_dataset(), "twins": twins})
    tree.attrs = FIT.attrs
    renamed = [one | {"name": f"other_{one['name']}"} for one in others["interventions"]]
    unlike = {"interventions": renamed, "combine": others["combine"]}
    alone = simulated(made(unlike, "unlike"), made(parts), cohort=part, fit=tree)
    assert {*part.patients["arm"]} == {*COHORT.patients["arm"]}
    for position, patient in enumerate(alone.design.patients):
        one = simulate_person(alone, position)
        same = simulate_person(whole, whole.design.patients.index(patient))
        np.testing.assert_array_equal(one.expected[2], same.expected[1])
        np.testing.assert_array_equal(one.recorded[2], same.recorded[1])
        np.testing.assert_array_equal(one.work[2], same.work[1])


@pytest.mark.slow
@MANY
@given(scenarios_of(queues=True, ruled=False))
def test_nobody_is_served_twice_or_lost(parts: dict[str, Any]) -> None:
    prepared = simulated(made(parts))
    places, arrival = prepared.plans[1].interventions[0].capacity, prepared.plans[1].arrival
    assert places is not None
    weeks = np.stack([one.care.weeks[0] for one in everyone(prepared)])  # person, of six, sample
    ready, begun, left = weeks[:, 1], weeks[:, 2], weeks[:, 4]
    assert (begun >= ready).all()  # infinite where nobody is referred
    assert not (np.isfinite(begun) & np.isfinite(left)).any()
    assert np.isfinite(ready[np.isfinite(left)]).all()
    calendar = begun + arrival[:, None]
    for sample in range(calendar.shape[1]):
        served = calendar[:, sample][np.isfinite(calendar[:, sample])].astype(int)
        counts = np.bincount(served, minlength=60).cumsum()
        allowed = np.floor(np.arange(1, len(counts) + 1) * places.places_per_week + 1e-6)
        assert (counts <= allowed).all()
