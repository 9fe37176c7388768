"""A scenario: the interventions that everyone is offered, and the question it answers."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from priors.sources import TO_BE_VERIFIED

from .combination import Combination
from .intervention import Intervention
from .rollout import RollOut
from .rule import Rule
from .scenario_check import misfits
from .strata import Strata
from .text import IS_LIST, Frozen, Text
from .uncertain import Uncertain

_WIDTH = 100


@dataclass(frozen=True)
class Statement:
    """Something that a scenario rests on.

    Attributes
    ----------
    what
        Intervention and quantity: ``"selfback: effect on disability"``.
    label
        How it is known; an effect that was learnt from generated people is ``estimated`` here too,
        because a scenario knows no cohort.
    source
        The citation with its evidence row, or the reason for the assumption.
    """

    what: str
    label: Literal["estimated", "borrowed", "assumed"]
    source: str


class Scenario(Frozen):
    """What is done to everyone, beside the care that the comparator stands for.

    Attributes
    ----------
    name
        Of its file, without the ending.
    title, question, description
        A heading, one sentence that a clinician would ask, and what it means in words.
    in_auto
        Whether ``scenario=auto`` simulates it, where the cohort can carry it.
    interventions
        Empty for usual care. Those that strata or rules start are offered by them; the others to
        everyone who is eligible, at baseline.
    strata
        Groups with pathways of their own.
    rules
        What is decided later, on what is seen by then.
    combine
        What several interventions do together.
    roll_out
        When clinics begin with it.
    arrive_over_weeks
        Calendar weeks over which people come, evenly and by lot; 0: all at once. It matters where
        places are limited or clinics begin one after the other.
    """

    name: Text
    title: Text
    question: Text
    description: Text
    in_auto: bool = False
    interventions: Annotated[tuple[Intervention, ...], IS_LIST]
    strata: Strata | None = None
    rules: Annotated[tuple[Rule, ...], IS_LIST] = ()
    combine: Combination = Combination()
    roll_out: RollOut | None = None
    arrive_over_weeks: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        wrong = list(misfits(self))
        if wrong:
            raise ValueError("; ".join(wrong))
        return self

    @property
    def started_later(self) -> frozenset[str]:
        """Interventions that strata or rules start."""
        by_strata = self.strata.started if self.strata is not None else ()
        return frozenset({*by_strata, *(name for rule in self.rules for name in rule.mentioned)})

    @property
    def statements(self) -> tuple[Statement, ...]:
        """Everything that it rests on, effects first."""
        return tuple(
            found
            for intervention in self.interventions
            for found in (
                *_effects(intervention),
                *_pace(intervention),
                *_resources(intervention),
            )
        ) + tuple(_of_plan(self))

    @property
    def labels(self) -> dict[str, str]:
        """How each of its effects is known: estimated, borrowed or assumed; empty without any."""
        return {
            found.what: found.label
            for intervention in self.interventions
            for found in _effects(intervention)
        }

    @property
    def recalled(self) -> tuple[str, ...]:
        """What of it rests on figures that were recalled: not seen on a page, to be verified."""
        return tuple(one.what for one in self.statements if TO_BE_VERIFIED in one.source)

    def __str__(self) -> str:
        """The scenario in words."""
        lines = [f"Scenario '{self.name}': {self.title}"]
        lines += _wrapped(self.question, "  ")
        lines += _wrapped(self.description, "  ")
        for intervention in self.interventions:
            first, *rest = str(intervention).splitlines()
            lines += _wrapped(first, "  ", "- ")
            for line in rest:
                lines += _wrapped(line, "    ")
        for line in self.plan_lines():
            lines += _wrapped(line, "  ")
        return "\n".join(lines)

    def plan_lines(self) -> Iterator[str]:
        """Yield in words what its interventions do not say: groups, rules, clinics, combination."""
        if self.strata is not None:
            yield from self.strata.lines()
        for rule in self.rules:
            yield f"Rule {rule.name}. {' '.join(rule.lines())}"
        if self.roll_out is not None:
            yield from self.roll_out.lines()
        if self.arrive_over_weeks:
            yield f"People come over {self.arrive_over_weeks:g} calendar weeks"
        yield from self.combine.lines()


def _of_plan(scenario: Scenario) -> Iterator[Statement]:
    beliefs: dict[str, Uncertain | None] = {
        f"rule {rule.name}: share not seen": rule.missing for rule in scenario.rules
    }
    beliefs |= {
        f"{' and '.join(one.between)}: interaction": one for one in scenario.combine.interactions
    }
    if scenario.strata is not None:
        beliefs |= {
            f"tool: {true} taken for {said}": belief
            for true, row in scenario.strata.errors.items()
            for said, belief in row.items()
        }
    if scenario.roll_out is not None:
        beliefs["clinics: fidelity"] = scenario.roll_out.fidelity
    for what, belief in beliefs.items():
        if belief is not None:
            yield Statement(what, belief.label, belief.source)


def _effects(intervention: Intervention) -> Iterator[Statement]:
    name = intervention.name
    if intervention.arm is not None:
        source = f"the fit of the cohort's arm '{intervention.arm}'"
        yield Statement(f"{name}: effect on every outcome", "estimated", source)
    for effect in intervention.effects:
        yield Statement(f"{name}: effect on {effect.target}", effect.label, effect.source)


def _pace(intervention: Intervention) -> Iterator[Statement]:
    for field, belief in intervention.beliefs.items():
        what = f"{intervention.name}: {field.replace('_', ' ')}"
        yield Statement(what, belief.label, belief.source)


def _resources(intervention: Intervention) -> Iterator[Statement]:
    for use in intervention.resources:
        what = f"{intervention.name}: number of {use.kind.replace('_', ' ')}"
        yield Statement(what, use.label, use.source)


def _wrapped(text: str, indent: str, mark: str = "") -> list[str]:
    hanging = indent + "  "
    return textwrap.wrap(text, _WIDTH, initial_indent=indent + mark, subsequent_indent=hanging)
