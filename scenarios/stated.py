"""Every expression that a scenario states, and where."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from .expression import Expression
from .intervention import Intervention
from .scenario import Scenario


class Stated(NamedTuple):
    """An expression of a scenario."""

    key: str
    """Where it stands, by names."""
    expression: Expression
    later: bool
    """Whether it is read after baseline."""


def stated_expressions(scenario: Scenario) -> Iterator[Stated]:
    """Yield every expression, in the order in which they are read."""
    if scenario.strata is not None:
        for name, condition in scenario.strata.groups.items():
            yield Stated(f"strata.groups.{name}", condition, False)
    for one in scenario.interventions:
        yield from _of(one)
    for rule in scenario.rules:
        yield Stated(f"{rule.name}.ask", rule.ask, True)


def _of(one: Intervention) -> Iterator[Stated]:
    if one.eligible_if is not None:
        yield Stated(f"{one.name}.eligible_if", one.eligible_if, False)
    for modifier in one.uptake_by:
        yield Stated(f"{one.name}.uptake_by", modifier.by, False)
    for effect in one.effects:
        for modifier in effect.modified_by:
            yield Stated(f"{one.name}.effects.{effect.target}.modified_by", modifier.by, False)
    if one.capacity is not None and one.capacity.priority is not None:
        yield Stated(f"{one.name}.capacity.priority", one.capacity.priority, False)
