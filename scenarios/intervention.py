"""An intervention: what is offered, to whom, when, who takes it up, and what it does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Annotated, Self

from pydantic import Field, model_validator

from .capacity import Capacity
from .effect import FLARES, FLARES_OF, Effect
from .expression import Condition
from .intervention_words import statements
from .modifier import Modifier
from .resource import ResourceUse
from .schedule import Schedule
from .text import IS_LIST, Frozen, Name, Text
from .uncertain import Uncertain, UncertainShare, UncertainSpread, UncertainTime

_BELIEFS = (
    "uptake",
    "adherence_level",
    "adherence_spread",
    "adherence_half_life",
    "response_time",
    "lasting_share",
    "waning_half_life",
)
FROM_THE_FIT = ("schedule", *_BELIEFS, "uptake_by", "studied", "dose")
"""What an intervention that has its effects from an arm of the cohort may not state."""
_NEEDED = ("schedule", "lasting_share", "waning_half_life")


class Studied(Frozen):
    """Uptake and adherence in the studies that the effects come from, where they differ from here.

    Attributes
    ----------
    uptake, adherence_level, adherence_half_life
        As of `Intervention`; None: as here.
    """

    uptake: UncertainShare | None = None
    adherence_level: UncertainShare | None = None
    adherence_half_life: UncertainTime | None = None


class Intervention(Frozen):
    """What is offered to people beyond the comparator's care.

    Its effects are those of an arm of the cohort (`arm`), or are stated (`effects`), or are none
    (`does_nothing`).

    Attributes
    ----------
    name, title, description
        For programs, for headings, and in words.
    eligibility
        Who it is for, in words that a clinician would use.
    eligible_if
        The same as a condition on what is known of people when it is offered: covariates, scores
        (``disability`` and ``pain``, % of the scale, more being worse; an instrument's name for its
        points), ``work``, ``labour_force``, ``clinic``. Somebody of whom it is not known is not
        eligible. None: everyone is.
    schedule
        When it is in force.
    arm
        What the arm of the cohort received whose estimated effects are used
        (`twin.cohort.Arm.intervention`). Schedule, dose and pace then come from the cohort and
        stand nowhere else; an effect on work that is stated beside it takes the place of the arm's
        own.
    effects
        At most one for each target.
    does_nothing
        True for an intervention without any effect, which serves to check the engine.
    uptake
        Share of the people offered it who take it up, a beta. None: the effects are those of being
        offered it, and nobody is told apart.
    uptake_by
        What the odds of taking it up depend on: log odds ratios per unit of something about people.
    adherence_level
        Share of the full dose that takers get at first, a beta. None: all of it.
    adherence_spread
        SD between people of the log odds of that share, a half-normal. None: all have the same.
    adherence_half_life
        Weeks in which the dose halves while it is in force, a log-normal. None: the dose stays.
    studied
        Uptake and adherence behind the published effects. Where fewer take it up here, less comes
        of it.
    dose
        Its intensity as a multiple of that of the studies its effects come from.
    response_time
        Weeks in which 63 % of a response to full dose is taken up, a log-normal; with effects on
        outcomes only.
    lasting_share
        Share of the dose that never wanes after the end, a beta.
    waning_half_life
        Weeks in which the rest halves after the end, a log-normal.
    resources
        What a person who takes it up uses, at most one entry of a kind.
    capacity
        How many can begin it a week; None: as many as like.
    drawn_as
        Name of another intervention whose random numbers it shares, so that two forms of one
        intervention have the same effect, and the same people take them up. None: its own.
    """

    name: Name
    title: Text
    description: Text
    eligibility: Text | None = None
    eligible_if: Condition | None = None
    schedule: Schedule | None = None
    arm: Text | None = None
    effects: Annotated[tuple[Effect, ...], IS_LIST] = ()
    does_nothing: bool = False
    uptake: UncertainShare | None = None
    uptake_by: Annotated[tuple[Modifier, ...], IS_LIST] = ()
    adherence_level: UncertainShare | None = None
    adherence_spread: UncertainSpread | None = None
    adherence_half_life: UncertainTime | None = None
    response_time: UncertainTime | None = None
    lasting_share: UncertainShare | None = None
    waning_half_life: UncertainTime | None = None
    studied: Studied = Studied()
    dose: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1.0
    resources: Annotated[tuple[ResourceUse, ...], IS_LIST] = ()
    capacity: Capacity | None = None
    drawn_as: Name | None = None

    @property
    def key(self) -> str:
        """Name under which its random numbers are drawn."""
        return self.drawn_as or self.name

    @property
    def beliefs(self) -> dict[str, Uncertain]:
        """What is believed of its dose and pace, by what it is about."""
        found = {field: getattr(self, field) for field in _BELIEFS}
        if self.schedule is not None:
            found["wait"] = self.schedule.wait_weeks
        if self.capacity is not None:
            found["patience"] = self.capacity.patience_weeks
        found |= {f"{field} in the studies": belief for field, belief in self.studied}
        found |= {f"uptake by {one.by}": one for one in self.uptake_by}
        found |= {
            f"effect on {effect.target} by {one.by}": one
            for effect in self.effects
            for one in effect.modified_by
        }
        return {field: value for field, value in found.items() if value is not None}

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        by_arm = self.arm is not None
        wrong = list(self._misfits_of_arm() if by_arm else self._misfits_of_stated())
        targets: list[str] = [effect.target for effect in self.effects]
        wrong += _several("effects on", targets)
        of_one = sorted(set(FLARES_OF) & set(targets))
        if FLARES in targets and of_one:
            wrong += [f"has effects on {FLARES}, of every outcome, and {of_one[0]}: state one"]
        wrong += _several("resources of kind", [use.kind for use in self.resources])
        if wrong:
            raise ValueError("; ".join(wrong))
        return self

    def _misfits_of_arm(self) -> Iterator[str]:
        on_outcomes = [effect.target for effect in self.effects if effect.on_outcome]
        stated = [f"effects on {' and '.join(on_outcomes)}"] if on_outcomes else []
        usual = {"studied": Studied(), "dose": 1.0, "uptake_by": ()}
        stated += [field for field in FROM_THE_FIT if getattr(self, field) != usual.get(field)]
        stated += ["does_nothing"] if self.does_nothing else []
        if stated:
            yield (
                f"has its effects, dose and pace from the cohort's arm '{self.arm}': "
                f"leave out {', '.join(stated)}; or leave out arm"
            )

    def _misfits_of_stated(self) -> Iterator[str]:
        if not self.effects and not self.does_nothing:
            yield "has no effects: give effects, the arm that has them, or does_nothing: true"
        if self.effects and self.does_nothing:
            yield "has effects: leave out does_nothing"
        on_outcomes = [effect for effect in self.effects if effect.on_outcome]
        needed = _NEEDED[:1] if self.does_nothing else _NEEDED
        if on_outcomes:
            needed = (*needed, "response_time")
        elif self.effects and self.response_time is not None:
            yield "acts on no outcome: leave out response_time"
        missing = [field for field in needed if getattr(self, field) is None]
        if missing:
            yield f"lacks {', '.join(missing)}"
        if self.adherence_spread is not None and self.adherence_level is None:
            yield "has adherence_spread, which is about a level: give adherence_level too"
        if self.uptake_by and self.uptake is None:
            yield "has uptake_by, which changes an uptake: give uptake too"

    def __str__(self) -> str:
        """What, when, who and with what effect, one statement a line."""
        return "\n".join([f"{self.title} ({self.name}). {self.description}", *statements(self)])


def _several(what: str, given: list[str]) -> list[str]:
    twice = sorted(name for name, times in Counter(given).items() if times > 1)
    return [f"has several {what} {name}: state one" for name in twice]
