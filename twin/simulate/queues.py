"""Who gets a place when: the one thing that people of a simulation share.

Everyone goes through the scenario as far as being referred; then each queue is served week by week
of the calendar, in every posterior draw; then everyone is simulated with the places found.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from scenarios import Capacity, Intervention, Scenario
from scenarios.queue import queues
from twin.law.compiling import compiling
from twin.law.grid import Floats, Ints

from .person import refer_person
from .plan import Plan
from .prepared import Prepared

_EXACT = 1e-9
"""So that three thirds of a place are a place."""


def settled(prepared: Prepared, cluster: Ints) -> Prepared:
    """Give everybody a place, or none by the end.

    Parameters
    ----------
    prepared
        No queue settled.
    cluster
        Clinic of each person, -1 where it is not known, shape (person,).

    Notes
    -----
    The queue that people are referred to first is settled first: who begins there may decide who is
    referred to the next.
    """
    for number, plan in enumerate(prepared.plans):
        for one in in_order(plan.scenario):
            ready, left, priority = _referrals(prepared, number, one.name)
            capacity = one.capacity
            assert capacity is not None  # `in_order` gives only those with places
            pool = cluster if capacity.per == "clinic" else np.zeros_like(cluster)
            arrival = plan.arrival[:, None]
            begun = serve(
                ready + arrival,
                left + arrival,
                priority,
                _lots(prepared, one),
                pool,
                capacity,
                _last_week(prepared, plan),
            )
            allotted = {**prepared.plans[number].allotted, one.name: begun - arrival}
            plans = list(prepared.plans)
            plans[number] = replace(plans[number], allotted=allotted)
            prepared = replace(prepared, plans=tuple(plans))
    return prepared


def in_order(scenario: Scenario) -> Iterator[Intervention]:
    """Yield interventions with limited places, in the order in which people are referred to them.

    `scenarios` refuses queues that fill in turns.
    """
    by_name = {one.name: one for one in scenario.interventions}
    yield from (by_name[one.intervention] for one in queues(scenario))


def serve(
    ready: Floats,
    left: Floats,
    priority: Floats,
    lot: Floats,
    pool: Ints,
    capacity: Capacity,
    last_week: int,
) -> Floats:
    """Serve queues, week by week, shape (person, sample).

    Parameters
    ----------
    ready
        Calendar week in which each person could begin, infinite for whoever is not referred, shape
        (person, sample); within a week people wait for the next.
    left
        Calendar week in which whoever has found no place leaves: the week before is the last in
        which they could begin; infinite where they stay, same shape.
    priority
        Whoever has more goes first, same shape.
    lot
        Decides between equals, same shape.
    pool
        Places are shared by people of one number, shape (person,).
    capacity
        How many places there are, and whether priority counts.
    last_week
        Last week of the calendar that is looked at.

    Returns
    -------
    Floats
        Calendar week in which each begins, a whole one; infinite where it does not come to that.
    """
    first = -priority if capacity.priority is not None else np.zeros_like(priority)
    weeks = np.arange(last_week + 1)
    passed = np.floor(np.arange(last_week + 2) * capacity.places_per_week + _EXACT)
    places = np.diff(passed)[: len(weeks)].astype(np.int64)
    begun = np.full(ready.shape, np.inf)
    for number in np.unique(pool):
        people = np.flatnonzero(pool == number)
        order = np.lexsort((lot[people], ready[people], first[people]), axis=0)
        begun[people] = _served(np.ceil(ready[people]), left[people], order, places)
    return begun


@compiling()
def _served(ready: Floats, gone: Floats, order: Ints, places: Ints) -> Floats:
    """Week in which each begins: every week those who wait, in order, while there is room."""
    people, samples = ready.shape
    begun = np.full((people, samples), np.inf)
    for sample in range(samples):
        for week in range(len(places)):
            left = places[week]
            for place in range(people):
                if left == 0:
                    break
                person = order[place, sample]
                waits = ready[person, sample] <= week < gone[person, sample]
                if waits and begun[person, sample] == np.inf:
                    begun[person, sample] = week
                    left -= 1
    return begun


def _referrals(prepared: Prepared, number: int, name: str) -> tuple[Floats, Floats, Floats]:
    """Week since baseline of being ready, that of leaving, and the priority, (person, sample)."""
    people = range(len(prepared.design.patients))
    courses = [refer_person(prepared, person, number).courses[name] for person in people]
    ready, left, priority = (
        np.stack(part)
        for part in zip(*((one.ready, one.left, one.priority) for one in courses), strict=True)
    )
    return ready, left, priority


def _lots(prepared: Prepared, one: Intervention) -> Floats:
    people = range(len(prepared.design.patients))
    return np.stack([prepared.shocks(person).uniform(f"{one.key}:place") for person in people])


def _last_week(prepared: Prepared, plan: Plan) -> int:
    return int(plan.arrival.max() + prepared.design.weeks[-1])
