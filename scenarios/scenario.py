"""A scenario: the interventions that everyone is offered, and the question it answers."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal, Self

from pydantic import model_validator

from .intervention import Intervention
from .text import IS_LIST, Frozen, Text

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
        Empty for usual care.
    """

    name: Text
    title: Text
    question: Text
    description: Text
    in_auto: bool = False
    interventions: Annotated[tuple[Intervention, ...], IS_LIST]

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        names = [intervention.name for intervention in self.interventions]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"has several interventions called {', '.join(twice)}: rename them")
        return self

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
        )

    @property
    def labels(self) -> dict[str, str]:
        """How each of its effects is known: estimated, borrowed or assumed; empty without any."""
        return {
            found.what: found.label
            for intervention in self.interventions
            for found in _effects(intervention)
        }

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
        return "\n".join(lines)


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
