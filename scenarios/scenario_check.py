"""Whether the parts of a scenario fit together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

from priors.near import nearest

from .queue import queues

if TYPE_CHECKING:
    from .scenario import Scenario


def misfits(scenario: Scenario) -> Iterator[str]:
    """Yield what is wrong, each as the rest of a sentence about the scenario."""
    names = [one.name for one in scenario.interventions]
    twice = sorted(name for name, times in Counter(names).items() if times > 1)
    if twice:
        yield f"has several interventions called {', '.join(twice)}: rename them"
    rules = Counter(rule.name for rule in scenario.rules)
    again = sorted(name for name, times in rules.items() if times > 1)
    if again:
        yield f"has several rules called {', '.join(again)}: rename them"
    for where, name in _named(scenario):
        if name not in names:
            listed = ", ".join(names) or "none"
            yield (
                f"names '{name}' in {where}, which is none of its interventions: {listed}."
                f"{nearest(name, names)}"
            )
    yield from _expressions(scenario)
    yield from _queues(scenario)


def _named(scenario: Scenario) -> Iterator[tuple[str, str]]:
    """Where an intervention is named, and how."""
    for rule in scenario.rules:
        for name in (*rule.mentioned, *rule.stopped, *rule.changed, *rule.among):
            yield f"rule {rule.name}", name
    if scenario.strata is not None:
        for name in scenario.strata.started:
            yield "strata", name
    for one in scenario.combine.interactions:
        for name in one.between:
            yield "combine", name


def _expressions(scenario: Scenario) -> Iterator[str]:
    if scenario.strata is None:
        for rule in scenario.rules:
            if "stratum" in rule.ask.names:
                yield f"asks for stratum in rule {rule.name}, but has no strata"


def _queues(scenario: Scenario) -> Iterator[str]:
    """Referrals to limited places must not depend on each other in a circle.

    Who begins one may decide who is referred to the other and who leaves it, so that one queue has
    to be settled before the next begins to fill.
    """
    for one, other in pairwise(queues(scenario)):
        if one.last > other.first:
            yield (
                f"refers people to {one.intervention}, or takes them off its queue, until week "
                f"{one.last} and refers to {other.intervention} from week {other.first}, both "
                "with limited places: the one queue must be settled before the other begins"
            )
