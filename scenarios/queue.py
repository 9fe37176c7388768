"""Queues for limited places, in the order in which they can be settled."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from .rule import Rule
    from .scenario import Scenario


class Queue(NamedTuple):
    """The queue for one intervention."""

    intervention: str
    first: int
    """Week since baseline in which people are first referred to it."""
    last: int
    """Week in which a rule last refers people to it, or takes those off it who wait."""


def queues(scenario: Scenario) -> list[Queue]:
    """Return a scenario's queues in order: the first to fill, of these the first to be complete."""
    limited = [one.name for one in scenario.interventions if one.capacity is not None]
    return sorted((_queue(scenario, name) for name in limited), key=lambda one: one[1:])


def _queue(scenario: Scenario, name: str) -> Queue:
    referring = [week for rule in scenario.rules if name in rule.mentioned for week in rule.weeks]
    by_strata = scenario.strata is not None and name in scenario.strata.started
    if by_strata or not referring:
        referring = [0, *referring]
    leaving = [week for rule in scenario.rules if _takes_off(rule, name) for week in rule.weeks]
    return Queue(name, min(referring), max([*referring, *leaving]))


def _takes_off(rule: Rule, name: str) -> bool:
    """Whether a rule may stop what somebody waits for: not where it asks who has begun it only."""
    return name in rule.stopped and set(rule.among) != {name}
