"""Limited places: nobody is served twice or lost, and waits are those of a second simulation."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pytest
import simpy
from numpy.typing import NDArray

from scenarios import Capacity
from scenarios.expression import parse
from twin.simulate.queues import serve

type Floats = NDArray[np.float64]


def simulated(ready: Floats, rank: list[tuple[float, ...]], places: float, last: int) -> Floats:
    """Return the week in which each begins, by a discrete-event simulation of one queue."""
    env = simpy.Environment()
    waiting = simpy.PriorityStore(env)
    begun = np.full(len(ready), np.inf)

    def person(number: int) -> Iterator[simpy.Event]:
        yield env.timeout(math.ceil(ready[number]))
        yield waiting.put(simpy.PriorityItem((*rank[number], number), number))

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
def test_waits_are_those_of_an_independent_simulation(places: float, by_need: bool) -> None:
    rng = np.random.default_rng(3)
    people, samples, last = 100, 5, 40
    ready = rng.integers(0, 12, (people, samples)).astype(float)
    ready[rng.random((people, samples)) < 0.1] = np.inf
    need, lot = rng.integers(0, 4, (people, samples)).astype(float), rng.random((people, samples))
    pool = np.zeros(people, dtype=np.int64)
    capacity = Capacity(places_per_week=places, priority=parse("disability") if by_need else None)
    found = serve(ready, need, lot, pool, capacity, last)
    for sample in range(samples):
        first = -need[:, sample] if by_need else np.zeros(people)
        rank = list(zip(first, ready[:, sample], lot[:, sample], strict=True))
        np.testing.assert_array_equal(
            found[:, sample], simulated(ready[:, sample], rank, places, last)
        )


def test_a_hundred_referred_at_once_to_ten_places_a_week_are_served_in_ten_weeks() -> None:
    rng = np.random.default_rng(1)
    ready, lot = np.zeros((100, 7)), rng.random((100, 7))
    capacity = Capacity(places_per_week=10)
    begun = serve(ready, np.zeros_like(lot), lot, np.zeros(100, dtype=np.int64), capacity, 52)
    for sample in range(7):
        np.testing.assert_array_equal(np.bincount(begun[:, sample].astype(int)), np.full(10, 10))
        # by lot: whoever drew less goes first
        assert (np.diff(begun[np.argsort(lot[:, sample]), sample]) >= 0).all()


def test_whoever_finds_no_place_by_the_end_never_begins() -> None:
    capacity, pool = Capacity(places_per_week=1), np.zeros(5, dtype=np.int64)
    lot = np.arange(5.0)[:, None]
    begun = serve(np.zeros((5, 1)), np.zeros((5, 1)), lot, pool, capacity, last_week=2)
    np.testing.assert_array_equal(begun[:, 0], [0, 1, 2, np.inf, np.inf])


def test_every_clinic_has_places_of_its_own() -> None:
    capacity, pool = Capacity(places_per_week=1, per="clinic"), np.array([0, 0, 1, 1, -1])
    lot = np.arange(5.0)[:, None]
    begun = serve(np.zeros((5, 1)), np.zeros((5, 1)), lot, pool, capacity, last_week=9)
    np.testing.assert_array_equal(begun[:, 0], [0, 1, 0, 1, 0])
