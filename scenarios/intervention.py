"""An intervention: what is offered, when, who takes it up, and what it does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from .effect import Effect
from .text import IS_LIST, Frozen, Name, Text, fixed, number, weeks
from .uncertain import LEVEL, Uncertain, UncertainShare, UncertainTime

_Weeks = Annotated[float, Field(ge=0, allow_inf_nan=False)]
_FROM_THE_FIT = (
    "schedule",
    "uptake",
    "adherence_half_life",
    "response_time",
    "lasting_share",
    "waning_half_life",
)
_LEVEL = f"{100 * LEVEL:.0f} % interval"
_NEEDED = ("schedule", "lasting_share", "waning_half_life")


class Schedule(Frozen):
    """When an intervention is in force.

    Attributes
    ----------
    start_week
        Weeks from a person's baseline to its start.
    duration_weeks
        How long it lasts.
    ramp_weeks
        Weeks at its beginning, part of the duration, over which its dose rises to full.
    """

    start_week: _Weeks
    duration_weeks: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    ramp_weeks: _Weeks = 0.0

    @model_validator(mode="after")
    def _ramp_is_part_of_it(self) -> Self:
        if self.ramp_weeks > self.duration_weeks:
            raise ValueError(
                f"rises over {weeks(self.ramp_weeks)} but lasts {weeks(self.duration_weeks)}: "
                "ramp_weeks must be at most duration_weeks"
            )
        return self

    def __str__(self) -> str:
        """When, in a line."""
        ramp = f", rising to full dose over {weeks(self.ramp_weeks)}" if self.ramp_weeks else ""
        return f"from week {self.start_week:g} for {weeks(self.duration_weeks)}{ramp}"


Resource = Literal[
    "gp_contact",
    "physiotherapy_contact",
    "psychology_contact",
    "occupational_health_contact",
    "triage_contact",
    "group_session",
    "programme_day",
    "app_licence",
]


class ResourceUse(Uncertain):
    """What a person who takes an intervention up uses of one thing, beyond the comparator's care.

    Attributes
    ----------
    kind
        A contact by profession, one person's place in a group session, a day of a residential or
        intensive programme, or a licence of an app. Its distribution, a log-normal, is of their
        number in all.
    """

    kind: Resource

    @model_validator(mode="after")
    def _is_a_number_of_things(self) -> Self:
        if self.distribution.family != "log_normal":
            raise ValueError(
                "is a number above 0: its distribution must be of family log_normal, "
                f"not {self.distribution.family}"
            )
        return self

    def __str__(self) -> str:
        """The resource in a few words."""
        lower, upper = (number(end) for end in self.interval)
        name = self.kind.replace("_", " ")
        return f"{name} {number(self.centre)} ({lower} to {upper}) [{self.label}]"


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
    adherence_half_life
        Weeks in which the dose halves while it is in force, a log-normal. None: the dose stays.
    response_time
        Weeks in which 63 % of a response to full dose is taken up, a log-normal; with effects on
        outcomes only.
    lasting_share
        Share of the dose that never wanes after the end, a beta.
    waning_half_life
        Weeks in which the rest halves after the end, a log-normal.
    resources
        What a person who takes it up uses, at most one entry of a kind.
    """

    name: Name
    title: Text
    description: Text
    eligibility: Text | None = None
    schedule: Schedule | None = None
    arm: Text | None = None
    effects: Annotated[tuple[Effect, ...], IS_LIST] = ()
    does_nothing: bool = False
    uptake: UncertainShare | None = None
    adherence_half_life: UncertainTime | None = None
    response_time: UncertainTime | None = None
    lasting_share: UncertainShare | None = None
    waning_half_life: UncertainTime | None = None
    resources: Annotated[tuple[ResourceUse, ...], IS_LIST] = ()

    @property
    def beliefs(self) -> dict[str, Uncertain]:
        """What is believed of its dose and pace, by field."""
        values = {field: getattr(self, field) for field in _FROM_THE_FIT if field != "schedule"}
        return {field: value for field, value in values.items() if value is not None}

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        by_arm = self.arm is not None
        wrong = list(self._misfits_of_arm() if by_arm else self._misfits_of_stated())
        targets = [effect.target for effect in self.effects]
        wrong += [
            f"has several effects on {target}: state one"
            for target in sorted(set(targets))
            if targets.count(target) > 1
        ]
        kinds = [use.kind for use in self.resources]
        wrong += [
            f"has several resources of kind {kind}: state one"
            for kind in sorted(set(kinds))
            if kinds.count(kind) > 1
        ]
        if wrong:
            raise ValueError("; ".join(wrong))
        return self

    def _misfits_of_arm(self) -> Iterator[str]:
        on_outcomes = [effect.target for effect in self.effects if effect.on_outcome]
        stated = [f"effects on {' and '.join(on_outcomes)}"] if on_outcomes else []
        stated += [field for field in _FROM_THE_FIT if getattr(self, field) is not None]
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
        for effect in on_outcomes:
            start = self.schedule.start_week if self.schedule else 0.0
            if effect.at_week is not None and effect.at_week <= start:
                yield (
                    f"starts in week {start:g}, so its effect on {effect.target} cannot be "
                    f"that at week {effect.at_week:g}: at_week must be later"
                )

    def __str__(self) -> str:
        """What, when, who and with what effect, one statement a line."""
        return "\n".join([f"{self.title} ({self.name}). {self.description}", *self._statements()])

    def _statements(self) -> Iterator[str]:
        if self.eligibility is not None:
            yield f"For: {self.eligibility}"
        if self.arm is not None:
            yield (
                f"Effect on every outcome, and on work where the cohort tells of it: that of its "
                f"arm '{self.arm}', with the schedule, pace and duration it had there [estimated]"
            )
        if self.does_nothing:
            yield "Effect: none whatever"
        yield from (str(effect) for effect in self.effects)
        if self.schedule is not None:
            yield f"When: {self.schedule}{self._fading()}"
            yield f"Who: {self._takers()}"
        if self.response_time is not None:
            yield (
                f"Response: 63 % of it is there after {_weeks(self.response_time)} "
                f"[{self.response_time.label}]"
            )
        if self.lasting_share is not None and self.waning_half_life is not None:
            yield (
                f"Afterwards: {_percent(self.lasting_share)} of it lasts "
                f"[{_known(self.lasting_share)}], the rest halves in "
                f"{_weeks(self.waning_half_life)} [{self.waning_half_life.label}]"
            )
        if self.resources:
            uses = "; ".join(str(use) for use in self.resources)
            yield f"Uses, each who takes it up ({_LEVEL}): {uses}"

    def _fading(self) -> str:
        fades = self.adherence_half_life
        return f"; dose halves in {_weeks(fades)} [{fades.label}]" if fades else ""

    def _takers(self) -> str:
        if self.uptake is None:
            return "everyone offered it, takers or not: effects are those of being offered it"
        return f"{_percent(self.uptake)} of those offered it take it up [{self.uptake.label}]"


def _known(belief: Uncertain) -> str:
    """How something is known, with the source of what does not rest on us alone."""
    return belief.label if belief.label == "assumed" else f"{belief.label}: {belief.source}"


def _weeks(belief: Uncertain) -> str:
    """A time: its centre and interval."""
    lower, upper = belief.interval
    return f"{weeks(belief.centre)} ({_LEVEL} {number(lower)} to {number(upper)})"


def _percent(belief: Uncertain) -> str:
    """A share: its centre and interval."""
    middle, lower, upper = (fixed(100 * x, 0) for x in (belief.centre, *belief.interval))
    return f"{middle} % ({_LEVEL} {lower} to {upper} %)"
