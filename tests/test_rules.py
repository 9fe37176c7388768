"""Rules: they read what is recorded, never what is latent; groups are sorted as the tool errs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import xarray as xr
from numpy.typing import NDArray
from pydantic import ValidationError
from scenario_kit import intervention, ready, scenario, shown, sure

from scenarios import Rule, load_scenario
from twin.cohort import Cohort
from twin.simulate.decide import NOT_ASKED, NOT_SEEN, OTHERWISE, THEN, decide
from twin.simulate.follow import follow
from twin.simulate.known import Seen
from twin.simulate.person import _AtStart, refer_person, simulate_person
from twin.simulate.prepared import Prepared

STEP_UP = {
    "name": "no_response",
    "weeks": [6],
    "ask": "rmdq > 0.7 * rmdq_baseline",
    "among": ["app"],
    "then": {"start": ["physio"], "stop": ["app"]},
}


def stepped(**changes: Any) -> Any:
    app = intervention("app", schedule={"start_week": 0, "duration_weeks": 39})
    physio = intervention("physio", schedule={"start_week": 0, "duration_weeks": 8})
    return scenario(app, physio, name="stepped", rules=[STEP_UP | changes])


def test_a_rule_does_what_the_recorded_scores_say(trial: tuple[Cohort, xr.DataTree]) -> None:
    prepared = ready(trial, stepped())
    for person in range(16):
        found = simulate_person(prepared, person)
        scores = found.recorded[1, :, :, 1].astype(float)
        wanted = scores[:, 6] > 0.7 * scores[:, 0]
        app, physio = found.care.weeks
        np.testing.assert_array_equal(found.care.decision[0], wanted.astype(int))
        np.testing.assert_array_equal(app[3], np.where(wanted, 6, 39))  # its end
        np.testing.assert_array_equal(physio[2], np.where(wanted, 6, np.inf))  # its start


def test_nothing_changes_before_a_rule_and_nothing_where_it_changes_nothing(
    trial: tuple[Cohort, xr.DataTree],
) -> None:
    app = intervention("app", schedule={"start_week": 0, "duration_weeks": 39})
    prepared = ready(trial, scenario(app, name="app_alone"), stepped())
    for person in range(16):
        found = simulate_person(prepared, person)
        np.testing.assert_array_equal(found.recorded[1, :, :7], found.recorded[2, :, :7])
        np.testing.assert_array_equal(found.work[1, :, :7], found.work[2, :, :7])
        stayed = found.care.decision[0] != THEN
        np.testing.assert_array_equal(found.recorded[1][stayed], found.recorded[2][stayed])
        np.testing.assert_array_equal(found.work[1][stayed], found.work[2][stayed])


class _Shifted(_AtStart):
    """A person whose latent levels are elsewhere while every record stays what it was."""

    by = 2.0**-4

    def _natural(self, week: NDArray[np.float64]) -> NDArray[np.float64]:
        return super()._natural(week) + self.by

    def _residuals(self) -> NDArray[np.float64]:
        return super()._residuals() - self.by


def test_a_rule_never_reads_a_latent_value(
    trial: tuple[Cohort, xr.DataTree], monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = [STEP_UP, STEP_UP | {"name": "later", "weeks": [12, 20], "then": {"stop": ["physio"]}}]
    tried = scenario(intervention("app"), intervention("physio"), rules=rules)
    prepared = ready(trial, tried)
    plain = [refer_person(prepared, person, 1) for person in range(16)]
    monkeypatch.setattr("twin.simulate.person._AtStart", _Shifted)
    shifted = [refer_person(prepared, person, 1) for person in range(16)]
    for one, other in zip(plain, shifted, strict=True):
        np.testing.assert_allclose(other.levels - one.levels, _Shifted.by, atol=1e-12)
        for key, code in one.decisions.items():
            np.testing.assert_array_equal(code, other.decisions[key])
        # the natural course a decision could have read is another in every sample
        assert (one.levels != other.levels).all()


def test_what_is_seen_is_what_is_reported(trial: tuple[Cohort, xr.DataTree]) -> None:
    prepared = ready(trial, stepped())
    seen: dict[int, Seen] = {}
    person = _AtStart(prepared, 3)
    original = person.person.see

    def watch(week: int, acted: Any, work: bool) -> Seen:
        seen[week] = original(week, acted, work)
        return seen[week]

    follow(prepared.setting, prepared.plans[1], replace(person.person, see=watch))
    reported = simulate_person(prepared, 3).recorded[1, :, 6]
    np.testing.assert_allclose(seen[6].severity * [10, 24], reported, atol=1e-5)


VALUES = {"x": np.array([1.0, 0.0, np.nan, 1.0, 1.0])}
ASKED = np.array([True, True, True, False, True])
COMES = np.array([True, True, True, True, False])


@pytest.mark.parametrize(
    ("if_missing", "then", "otherwise"),
    [
        ("nothing", [1, 0, 0, 0, 0], [0, 1, 0, 0, 0]),
        ("then", [1, 0, 1, 0, 1], [0, 1, 0, 0, 0]),
        ("otherwise", [1, 0, 0, 0, 0], [0, 1, 1, 0, 1]),
    ],
)
def test_whoever_is_not_seen_gets_what_is_stated_for_that(
    if_missing: str, then: list[int], otherwise: list[int]
) -> None:
    rule = Rule.model_validate(
        {"name": "r", "weeks": [3], "ask": "x", "then": {"start": ["a"]}, "if_missing": if_missing}
    )
    found = decide(rule, VALUES, ASKED, COMES)
    np.testing.assert_array_equal(found.code, [THEN, OTHERWISE, NOT_SEEN, NOT_ASKED, NOT_SEEN])
    np.testing.assert_array_equal(found.then, np.array(then, dtype=bool))
    np.testing.assert_array_equal(found.otherwise, np.array(otherwise, dtype=bool))


def test_so_many_are_not_seen_as_stated(trial: tuple[Cohort, xr.DataTree]) -> None:
    prepared = ready(trial, stepped(missing=sure("beta", 0.3)))
    codes = np.stack([simulate_person(prepared, person).care.decision[0] for person in range(16)])
    assert (codes == NOT_SEEN).mean() == pytest.approx(0.3, abs=4 * 0.46 / np.sqrt(codes.size))


def test_a_rule_reads_work_as_it_is_reported(trial: tuple[Cohort, xr.DataTree]) -> None:
    rule = {"ask": "work == 'sick_listed'", "then": {"start": ["physio"]}}
    prepared = ready(trial, stepped(**rule))
    worker = prepared.baseline.worker
    for person in range(16):
        found = simulate_person(prepared, person)
        wanted = np.where(found.work[1, :, 6] == 2, THEN, OTHERWISE)
        if not worker[person]:
            wanted[:] = NOT_SEEN
        np.testing.assert_array_equal(found.care.decision[0], wanted)


def test_a_rule_that_is_asked_again_reaches_those_it_did_not_reach(
    trial: tuple[Cohort, xr.DataTree],
) -> None:
    prepared = ready(trial, stepped(weeks=[6, 12], among=[]))
    for person in range(16):
        first, second = simulate_person(prepared, person).care.decision
        np.testing.assert_array_equal(second == NOT_ASKED, first == THEN)


# Groups

STRATA = {
    "groups": {"low": "rmdq < 10", "medium": "rmdq < 15"},
    "otherwise": "high",
    "errors": {"low": {"high": sure("beta", 0.25)}, "high": {"low": sure("beta", 0.1)}},
    "pathways": {"medium": ["physio"], "high": ["physio", "psychology"]},
}


def stratified(prepared_for: tuple[Cohort, xr.DataTree]) -> Prepared:
    parts = (intervention("physio"), intervention("psychology"))
    return ready(prepared_for, scenario(*parts, strata=STRATA))


def test_the_tool_sorts_people_with_its_errors(trial: tuple[Cohort, xr.DataTree]) -> None:
    prepared = stratified(trial)
    scores = prepared.baseline.score[:, 1]
    said = np.stack([simulate_person(prepared, person).care.group[1] for person in range(16)])
    low, medium, high = scores < 10, (scores >= 10) & (scores < 15), scores >= 15
    assert low.any()
    assert high.any()
    assert (said[medium] == 1).all()
    for true, wanted in ((low, (0.75, 0, 0.25)), (high, (0.1, 0, 0.9))):
        shares = np.bincount(said[true].ravel(), minlength=3) / said[true].size
        np.testing.assert_allclose(shares, wanted, atol=4 * 0.45 / np.sqrt(said[true].size))


def test_each_group_goes_its_own_way(trial: tuple[Cohort, xr.DataTree]) -> None:
    prepared = stratified(trial)
    gained = shown(prepared)
    for person in range(16):
        care = simulate_person(prepared, person).care
        physio, psychology = (np.isfinite(weeks[2]) for weeks in care.weeks)
        np.testing.assert_array_equal(physio, care.group[1] >= 1)
        np.testing.assert_array_equal(psychology, care.group[1] == 2)
        assert (gained[person][care.group[1] == 0] == 0).all()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"then": {"start": ["phyiso"]}}, "Did you mean 'physio'?"),
        ({"among": ["apps"]}, "names 'apps' in rule no_response"),
        ({"then": {}}, "starts and stops nothing"),
        ({"then": {"start": ["app"], "stop": ["app"]}}, "starts and stops app at once"),
        ({"weeks": [6, 6]}, "each week once"),
        ({"weeks": []}, "at least one week"),
        ({"weeks": [6.5]}, "valid integer"),
        ({"ask": "stratum == 'low'"}, "but has no strata"),
        ({"ask": "rmdq - 3"}, "neither true nor false"),
        ({"ask": "__import__('os')"}, "not allowed"),
    ],
)
def test_a_rule_that_cannot_be_meant_is_refused(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        stepped(**changes)


def test_an_estimated_intervention_can_be_stopped(trial: tuple[Cohort, xr.DataTree]) -> None:
    app = load_scenario("app")
    stop = {"name": "stop", "weeks": [6], "ask": "female", "then": {"stop": ["app"]}}
    stopped = scenario(*(one.model_dump() for one in app.interventions), rules=[stop])
    prepared = ready(trial, app, stopped)
    women = trial[0].patients["female"].to_numpy() == 1
    assert 0 < women.sum() < 16
    for person in range(16):
        found = simulate_person(prepared, person)
        np.testing.assert_array_equal(found.expected[2, :, :7], found.expected[1, :, :7])
        np.testing.assert_array_equal(found.work[2, :, :7], found.work[1, :, :7])
        apart = np.abs(found.expected[2, :, 8:] - found.expected[1, :, 8:]).max()
        assert (apart > 1e-3) == women[person]
        if not women[person]:
            np.testing.assert_array_equal(found.recorded[2], found.recorded[1])
            np.testing.assert_array_equal(found.work[2], found.work[1])
