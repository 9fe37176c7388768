"""Limited places: nobody is served twice or lost, and waits are those of a second simulation."""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterator

import numpy as np
import pytest
import simpy
import xarray as xr
from numpy.typing import NDArray
from pydantic import ValidationError
from scenario_kit import intervention, ready, scenario, sure
from scipy.stats import norm

from scenarios import Capacity
from scenarios.expression import parse
from twin.cohort import Cohort
from twin.outcomes.settings import OutcomeSettings
from twin.outcomes.summarise import summarise
from twin.simulate.person import simulate_person
from twin.simulate.prepared import Prepared
from twin.simulate.queues import serve
from twin.simulate.simulate import simulate

type Floats = NDArray[np.float64]

NOW, FOR_GOOD = np.zeros((5, 1)), np.full((5, 1), np.inf)


def simulated(
    ready: Floats, left: Floats, rank: list[tuple[float, ...]], places: float, last: int
) -> Floats:
    """Return the week in which each begins, by a discrete-event simulation of one queue."""
    env = simpy.Environment()
    waiting = simpy.PriorityStore(env)
    begun = np.full(len(ready), np.inf)

    def person(number: int) -> Iterator[simpy.Event]:
        comes = math.ceil(ready[number])
        if left[number] <= comes:
            return
        yield env.timeout(comes)
        ticket = simpy.PriorityItem((*rank[number], number), number)
        yield waiting.put(ticket)
        if np.isfinite(left[number]):
            yield env.timeout(left[number] - comes)
            if ticket in waiting.items:
                waiting.items.remove(ticket)
                heapq.heapify(waiting.items)

    def service() -> Iterator[simpy.Event]:
        open_places = 0.0
        for week in range(last + 1):
            yield env.timeout(week + 0.5 - env.now)  # after whoever comes at the week's beginning
            before, open_places = math.floor(open_places + 1e-9), open_places + places
            for _ in range(math.floor(open_places + 1e-9) - before):
                if waiting.items:
                    served = yield waiting.get()
                    begun[served.item] = week

    for number in np.flatnonzero(np.isfinite(ready)):
        env.process(person(int(number)))
    env.process(service())
    env.run()
    return begun


@pytest.mark.parametrize("places", [10, 3, 0.4, 1 / 3, 1000])
@pytest.mark.parametrize("by_need", [False, True], ids=["first come", "priority"])
@pytest.mark.parametrize("leave", [False, True], ids=["all stay", "some leave"])
def test_waits_are_those_of_an_independent_simulation(
    places: float, by_need: bool, leave: bool
) -> None:
    rng = np.random.default_rng(3)
    people, samples, last = 100, 5, 40
    ready = rng.integers(0, 12, (people, samples)).astype(float)
    ready[rng.random((people, samples)) < 0.1] = np.inf
    need, lot = rng.integers(0, 4, (people, samples)).astype(float), rng.random((people, samples))
    pool = np.zeros(people, dtype=np.int64)
    capacity = Capacity(places_per_week=places, priority=parse("disability") if by_need else None)
    left = ready + rng.integers(0, 10, (people, samples)) if leave else np.full_like(ready, np.inf)
    found = serve(ready, left, need, lot, pool, capacity, last)
    assert not leave or (found < left)[np.isfinite(ready) & np.isfinite(found)].all()
    for sample in range(samples):
        first = -need[:, sample] if by_need else np.zeros(people)
        rank = list(zip(first, ready[:, sample], lot[:, sample], strict=True))
        np.testing.assert_array_equal(
            found[:, sample],
            simulated(ready[:, sample], left[:, sample], rank, places, last),
        )


def test_a_hundred_referred_at_once_to_ten_places_a_week_are_served_in_ten_weeks() -> None:
    rng = np.random.default_rng(1)
    ready, lot = np.zeros((100, 7)), rng.random((100, 7))
    capacity = Capacity(places_per_week=10)
    pool = np.zeros(100, dtype=np.int64)
    begun = serve(ready, np.full_like(lot, np.inf), np.zeros_like(lot), lot, pool, capacity, 52)
    for sample in range(7):
        np.testing.assert_array_equal(np.bincount(begun[:, sample].astype(int)), np.full(10, 10))
        # by lot: whoever drew less goes first
        assert (np.diff(begun[np.argsort(lot[:, sample]), sample]) >= 0).all()


def test_whoever_finds_no_place_by_the_end_never_begins() -> None:
    capacity, pool = Capacity(places_per_week=1), np.zeros(5, dtype=np.int64)
    lot = np.arange(5.0)[:, None]
    begun = serve(NOW, FOR_GOOD, NOW, lot, pool, capacity, last_week=2)
    np.testing.assert_array_equal(begun[:, 0], [0, 1, 2, np.inf, np.inf])


def test_every_clinic_has_places_of_its_own() -> None:
    capacity, pool = Capacity(places_per_week=1, per="clinic"), np.array([0, 0, 1, 1, -1])
    lot = np.arange(5.0)[:, None]
    begun = serve(NOW, FOR_GOOD, NOW, lot, pool, capacity, last_week=9)
    np.testing.assert_array_equal(begun[:, 0], [0, 1, 0, 1, 0])


def test_whoever_leaves_makes_room_for_the_next() -> None:
    capacity, pool = Capacity(places_per_week=1), np.zeros(5, dtype=np.int64)
    lot, left = np.arange(5.0)[:, None], np.array([9.0, 1, 2, 9, 3])[:, None]
    begun = serve(NOW, left, NOW, lot, pool, capacity, last_week=9)
    # the second leaves before week 1, when the third begins; the fifth before week 3
    np.testing.assert_array_equal(begun[:, 0], [0, np.inf, 1, 2, np.inf])


# Leaving, in a whole simulation

type Trial = tuple[Cohort, xr.DataTree]

PATIENCE = sure("log_normal", 6.0) | {
    "distribution": {"family": "log_normal", "median": 6.0, "log_sd": 0.5}
}
FEW = {"places_per_week": 0.5, "patience_weeks": PATIENCE}


def of_care(prepared: Prepared, number: int = 1) -> tuple[Floats, ...]:
    """Weeks of being ready, beginning and leaving, shape (person, sample) each."""
    row = [one.scenario for one in prepared.design.given].index(prepared.design.scenarios[number])
    every = [simulate_person(prepared, person).care.weeks[row] for person in range(16)]
    ready, begun, left = (np.stack([one[place] for one in every]) for place in (1, 2, 4))
    return ready, begun, left


def test_everyone_who_waits_is_served_or_leaves_or_waits_on(trial: Trial) -> None:
    prepared = ready(trial, scenario(intervention("care", capacity=FEW)))
    comes, begun, left = of_care(prepared)
    assert (comes == 0).all()
    served, gone = np.isfinite(begun), np.isfinite(left)
    assert not (served & gone).any()
    care = summarise(prepared.design, simulate(prepared), OutcomeSettings()).care
    shares = care.set_index("detail")["mean"]
    assert shares["begun"] == pytest.approx((begun <= 40).mean())
    assert shares["left"] == pytest.approx((left <= 40).mean())
    assert shares["begun"] + shares["left"] + shares["waiting"] == pytest.approx(1)
    assert 0 < shares["left"] < 1
    # places that were free went to somebody as long as anybody waited
    for sample in range(begun.shape[1]):
        for week in range(1, 40, 2):  # half a place a week is one in every other
            waits = (begun[:, sample] >= week) & (left[:, sample] > week)
            assert (begun[:, sample] == week).sum() == min(1, waits.sum())


def test_patience_is_spread_between_people_as_stated(trial: Trial) -> None:
    nobody = {"places_per_week": 0.001, "patience_weeks": PATIENCE}
    _, begun, left = of_care(ready(trial, scenario(intervention("care", capacity=nobody))))
    assert np.isinf(begun).all()
    for week in (3, 6, 12):
        wanted = norm.cdf(np.log(week / 6.0) / 0.5)
        error = np.sqrt(wanted * (1 - wanted) / left.size)
        assert (left <= week).mean() == pytest.approx(wanted, abs=5 * error)


def test_patience_that_never_ends_changes_no_bit(trial: Trial) -> None:
    for_ever = {"places_per_week": 0.5, "patience_weeks": sure("log_normal", 1e6)}
    plain = scenario(intervention("a", capacity={"places_per_week": 0.5}), name="plain")
    other = intervention("b", capacity=for_ever, drawn_as="a")
    prepared = ready(trial, plain, scenario(other, name="patient"))
    for person in range(16):
        found = simulate_person(prepared, person)
        np.testing.assert_array_equal(found.recorded[2], found.recorded[1])
        np.testing.assert_array_equal(found.expected[2], found.expected[1])
        np.testing.assert_array_equal(found.work[2], found.work[1])


def test_a_rule_takes_people_off_the_queue_on_what_is_seen_and_others_get_their_places(
    trial: Trial,
) -> None:
    places = {"places_per_week": 0.5}
    better = {
        "name": "better",
        "weeks": [8, 16],
        "ask": "rmdq < 0.6 * rmdq_baseline",
        "then": {"stop": ["care"]},
    }
    prepared = ready(trial, scenario(intervention("care", capacity=places), rules=[better]))
    comes, begun, left = of_care(prepared)
    # a second, naive account: scores of whoever has not begun are those under usual care
    scores = np.stack([simulate_person(prepared, i).recorded[0, :, :, 1] for i in range(16)])
    better_at = [scores[:, :, week] < 0.6 * scores[:, :, 0] for week in (8, 16)]
    wanted = np.where(better_at[0], 8, np.where(better_at[1], 16, np.inf))
    lot = np.stack([prepared.shocks(person).uniform("care:place") for person in range(16)])
    for sample in range(0, begun.shape[1], 7):
        rank = list(zip(np.zeros(16), comes[:, sample], lot[:, sample], strict=True))
        served = simulated(comes[:, sample], wanted[:, sample], rank, 0.5, 40)
        np.testing.assert_array_equal(begun[:, sample], served)
        still = np.isinf(served)
        np.testing.assert_array_equal(left[still, sample], wanted[still, sample])
        assert np.isinf(left[~still, sample]).all()
    assert np.isfinite(left).any()


def test_whoever_waits_for_a_course_without_a_queue_leaves_too(trial: Trial) -> None:
    schedule = {"start_week": 0, "duration_weeks": 9, "wait_weeks": sure("log_normal", 9.5)}
    rule = {"name": "r", "weeks": [4], "ask": "female", "then": {"stop": ["care"]}}
    prepared = ready(trial, scenario(intervention("care", schedule=schedule), rules=[rule]))
    _, begun, left = of_care(prepared)
    women = trial[0].patients["female"].to_numpy() == 1
    assert (begun[~women] == 10).all()
    assert (left[women] == 4).all()
    for person in np.flatnonzero(women):
        found = simulate_person(prepared, int(person))
        np.testing.assert_array_equal(found.recorded[1], found.recorded[0])


def test_a_queue_that_is_left_after_the_next_has_begun_to_fill_is_refused() -> None:
    places = {"places_per_week": 1}
    parts = (intervention("a", capacity=places), intervention("b", capacity=places))
    to_b = {"name": "to_b", "weeks": [6], "ask": "female", "then": {"start": ["b"]}}
    off_a = {"name": "off_a", "weeks": [9], "ask": "rmdq < 5", "then": {"stop": ["a"]}}
    with pytest.raises(ValidationError, match="or takes them off its queue, until week 9"):
        scenario(*parts, rules=[to_b, off_a])
    # whoever is asked only after beginning it waits no more
    assert scenario(*parts, rules=[to_b, off_a | {"among": ["a"]}])
    assert scenario(*parts, rules=[to_b, off_a | {"weeks": [6]}])


def test_patience_is_said(trial: Trial) -> None:
    said = " ".join(str(scenario(intervention("care", capacity=FEW))).split())
    wanted = "others wait, and leave after 6 weeks (90 % interval 2.6 to 14) [assumed]"
    assert wanted in said
    statements = scenario(intervention("care", capacity=FEW)).statements
    assert "care: patience" in [one.what for one in statements]
