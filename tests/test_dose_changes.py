"""Rules that change a dose: closed forms, a naive account, and nothing where nothing changes."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import xarray as xr
from numpy.typing import NDArray
from pydantic import ValidationError
from scenario_kit import RESPONSE_WEEKS, full_shift, intervention, ready, scenario, shown, sure

from scenarios import load_scenario
from twin.cohort import Cohort
from twin.law.grid import TimeGrid
from twin.outcomes.settings import OutcomeSettings
from twin.outcomes.summarise import summarise
from twin.report.care import care_shown
from twin.simulate.delivery import Pace, Spells, dose_over_time
from twin.simulate.person import simulate_person
from twin.simulate.simulate import simulate

type Floats = NDArray[np.float64]
type Trial = tuple[Cohort, xr.DataTree]

EVERYONE = "rmdq >= 0"


def at_week(week: int, times: float, ask: str = EVERYONE) -> dict[str, Any]:
    return {
        "name": f"week_{week}",
        "weeks": [week],
        "ask": ask,
        "then": {"dose": {"care": times}},
    }


def test_a_response_goes_to_what_the_new_dose_gives(trial: Trial) -> None:
    tried = scenario(intervention(), rules=[at_week(6, 0.5), at_week(20, 1.5)])
    prepared = ready(trial, tried)
    week, taken = np.arange(41.0), np.zeros(41)
    for first, dose in ((0, 1.0), (6, 0.5), (20, 1.5)):
        later = week >= first
        left = np.exp(-(week[later] - first) / RESPONSE_WEEKS)
        taken[later] = dose + (taken[first] - dose) * left
    wanted = taken * full_shift(prepared)[:, None]
    for found in shown(prepared):
        np.testing.assert_allclose(found, wanted, rtol=1e-6, atol=1e-9)


def naive_dose(
    middle: float, start: float, spells: Spells, changes: list[tuple[int, float]]
) -> float:
    """Dose at a time, from the words of the language alone: lasting 0.4, halving in 5 weeks."""
    dose = 0.0
    for begin, end in zip(spells.begins, spells.ends, strict=True):
        if middle < start + begin:
            break
        until = min(middle, start + end)
        times = 1.0
        for week, to in changes:
            times = to if week < until else times
        faded = 0.5 ** ((until - start - begin) / 20)
        over = max(0.0, middle - start - end)
        dose = times * faded * (0.4 + 0.6 * 0.5 ** (over / 5))
    return dose


@pytest.mark.parametrize("changes", [[], [(4, 0.5)], [(4, 0.5), (9, 2.0), (15, 0.0)], [(11, 3.0)]])
def test_the_dose_is_that_of_a_naive_account(changes: list[tuple[int, float]]) -> None:
    grid = TimeGrid(tuple(range(41)))
    spells = Spells((0.0, 12.0), (10.0, 16.0))
    pace = Pace(np.full(2, 0.4), np.full(2, 5.0), np.full(2, 20.0))
    start, never = np.array([1.0, 3.0]), np.full(2, np.inf)
    doses = tuple((week, np.full(2, to)) for week, to in changes)
    found = dose_over_time(spells, pace, grid, start, never, doses)
    for sample in range(2):
        wanted = [naive_dose(m, start[sample], spells, changes) for m in grid.middles]
        np.testing.assert_allclose(found[sample], wanted, rtol=0, atol=1e-10)


def test_what_lasts_of_a_course_that_is_over_stays_as_it_is(trial: Trial) -> None:
    care = intervention(schedule={"start_week": 0, "duration_weeks": 8})
    later = ready(
        trial,
        scenario(care, name="plain"),
        scenario(care, rules=[at_week(8, 0.2), at_week(15, 3.0)]),
    )
    np.testing.assert_array_equal(shown(later, 2), shown(later, 1))


def test_the_planned_dose_changes_no_bit_and_nothing_changes_before_the_rule(
    trial: Trial,
) -> None:
    care = intervention()
    as_before = scenario(care, name="as_before", rules=[at_week(6, 1.0)])
    fewer = scenario(care, name="fewer", rules=[at_week(6, 0.5, "female")])
    prepared = ready(trial, scenario(care, name="plain"), as_before, fewer)
    women = trial[0].patients["female"].to_numpy() == 1
    for person in range(16):
        found = simulate_person(prepared, person)
        for part in (found.expected, found.recorded, found.work):
            np.testing.assert_array_equal(part[2], part[1])
            np.testing.assert_array_equal(part[3, :, :7], part[1, :, :7])
            if not women[person]:
                np.testing.assert_array_equal(part[3], part[1])
        assert (found.expected[3, :, 8:] != found.expected[1, :, 8:]).any() == women[person]


def test_a_pause_is_a_dose_of_nothing_until_it_is_taken_up_again(trial: Trial) -> None:
    paused = ready(trial, scenario(intervention(), rules=[at_week(6, 0), at_week(12, 1)]))
    week = np.arange(41.0)
    gone = shown(paused)[0, :, 12] / shown(paused)[0, :, 6]
    np.testing.assert_allclose(gone, np.exp(-6 / RESPONSE_WEEKS), rtol=1e-6)
    taken = 1 - np.exp(-week / RESPONSE_WEEKS)
    at_6 = taken[6]
    back = 1 + (at_6 * np.exp(-6 / RESPONSE_WEEKS) - 1) * np.exp(-(week[12:] - 12) / RESPONSE_WEEKS)
    np.testing.assert_allclose(
        shown(paused)[0, :, 12:], back * full_shift(paused)[:, None], rtol=1e-6
    )


def test_whoever_was_not_offered_it_by_then_gets_the_planned_dose(trial: Trial) -> None:
    first = {"name": "offer", "weeks": [9], "ask": "female", "then": {"start": ["care"]}}
    both = ready(
        trial,
        scenario(intervention(), name="plain", rules=[first]),
        scenario(intervention(), rules=[at_week(6, 0.5), first]),
    )
    np.testing.assert_array_equal(shown(both, 2), shown(both, 1))
    at_once = {**first, "then": {"start": ["care"], "dose": {"care": 0.5}}}
    half = ready(trial, scenario(intervention(), rules=[at_once]))
    np.testing.assert_allclose(shown(half), 0.5 * shown(both, 1), rtol=1e-6, atol=1e-12)


def test_the_dose_of_an_estimated_intervention_can_be_changed(trial: Trial) -> None:
    app = load_scenario("app")
    parts = [one.model_dump() for one in app.interventions]
    (name,) = [one.name for one in app.interventions]
    rule = at_week(6, 0.5, "female") | {"then": {"dose": {name: 0.5}}}
    none = at_week(6, 1, "female") | {"then": {"dose": {name: 1}}}
    prepared = ready(
        trial,
        app,
        scenario(*parts, rules=[rule], name="fewer"),
        scenario(*parts, rules=[none], name="same"),
    )
    women = trial[0].patients["female"].to_numpy() == 1
    for person in range(16):
        found = simulate_person(prepared, person)
        for part in (found.expected, found.recorded, found.work):
            np.testing.assert_array_equal(part[2, :, :7], part[1, :, :7])
            np.testing.assert_array_equal(part[3], part[1])
            if not women[person]:
                np.testing.assert_array_equal(part[2], part[1])
        apart = np.abs(found.expected[2, :, 8:] - found.expected[1, :, 8:]).max()
        assert (apart > 1e-3) == women[person]


def test_contacts_go_with_the_dose_and_the_tree_says_what_is_done(trial: Trial) -> None:
    visits = [{"kind": "physiotherapy_contact", **sure("log_normal", 6.0)}]
    schedule = {"start_week": 0, "duration_weeks": 12}
    care = intervention(schedule=schedule, resources=visits)
    tried = scenario(care, rules=[at_week(3, 0.5, "female"), at_week(9, 2, "female")])
    prepared = ready(trial, tried)
    outcomes = summarise(prepared.design, simulate(prepared), OutcomeSettings())
    details = outcomes.care.set_index("detail")["mean"]
    women = trial[0].patients["female"].mean()
    passed = (3 + 0.5 * 6 + 2 * 3) / 12
    assert details["physiotherapy_contact"] == pytest.approx(
        6 * (women * passed + 1 - women), rel=1e-4
    )
    content: Any = SimpleNamespace(outcomes=outcomes)
    first, second = care_shown(content, tried).forks
    assert (first.ways[0].said, first.ways[0].follows) == (
        "yes",
        "give 0.5 times the planned dose of: care",
    )
    assert first.ways[0].share == second.ways[0].share
    assert "If so: give 0.5 times the planned dose of care." in " ".join(str(tried).split())


@pytest.mark.parametrize(
    ("then", "says"),
    [
        ({"dose": {"caer": 0.5}}, "Did you mean 'care'?"),
        ({"dose": {"care": -1}}, "greater than or equal to 0"),
        ({"dose": {"care": float("inf")}}, "finite number"),
        ({"dose": {"care": 2}, "stop": ["care"]}, "stops care and sets its dose at once"),
        ({"dose": 0.5}, "must be a mapping of interventions to multiples"),
        ({"dose": {}}, "starts and stops nothing"),
    ],
)
def test_a_dose_that_cannot_be_meant_is_refused(then: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        scenario(intervention(), rules=[at_week(6, 1) | {"then": then}])
