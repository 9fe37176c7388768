"""What is decided later, on what a clinician sees by then."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from .expression import Condition
from .text import IS_LIST, Frozen, Name, Names, number
from .uncertain import UncertainShare, said_share

_Multiple = Annotated[float, Field(ge=0, allow_inf_nan=False)]


def _is_by_name(given: Any) -> Any:
    if not isinstance(given, Mapping):
        raise ValueError("must be a mapping of interventions to multiples, such as {app: 0.5}")
    return given


class Branch(Frozen):
    """What one answer leads to.

    Attributes
    ----------
    start
        Interventions that are offered from now on; to whoever has had one already, nothing happens.
    stop
        Interventions that end now, where they have begun; whoever still waits for one leaves and
        does not come back.
    dose
        By intervention, its dose from now on as a multiple of the one planned, of whoever has been
        offered it by now: 0.5 is half of it, 0 a pause, 1 what was planned. What of it has ended
        and lasts stays as it is; what people use of it goes with the dose.
    """

    start: Names = ()
    stop: Names = ()
    dose: Annotated[dict[Name, _Multiple], BeforeValidator(_is_by_name)] = Field(
        default_factory=dict
    )

    def __str__(self) -> str:
        """What is done."""
        return self.said(" and ")

    def said(self, between: str, titles: Mapping[str, str] | None = None) -> str:
        """What is done, with something between its parts and titles in the place of names."""
        shown = {} if titles is None else titles
        colon = "" if titles is None else ":"
        parts = [f"offer{colon} {shown.get(name, name)}" for name in self.start]
        parts += [f"stop{colon} {shown.get(name, name)}" for name in self.stop]
        parts += [
            f"give {number(times)} times the planned dose of{colon} {shown.get(name, name)}"
            for name, times in self.dose.items()
        ]
        return between.join(parts) or "go on as before"


_WholeWeek = Annotated[int, Field(ge=0)]
Answer = Literal["then", "otherwise", "nothing"]


def _comes_late_enough(given: tuple[int, ...]) -> tuple[int, ...]:
    if not given:
        raise ValueError("must name at least one week")
    if list(given) != sorted(set(given)):
        raise ValueError("must be in order, each week once")
    return given


class Rule(Frozen):
    """At given weeks, a condition on what is seen; each answer leads to something.

    Attributes
    ----------
    name
        For programs and the tree in the report.
    weeks
        Whole weeks since baseline at which it is asked, in order.
    ask
        The condition. Scores are those recorded at that week, with their error (``disability`` and
        ``pain``, % of the scale; an instrument's name for its points), and so is ``work``; the same
        names ending in ``_baseline`` are those of week 0. Covariates and, where there are strata,
        ``stratum`` are known too.
    among
        Only those are asked who have begun one of these interventions and not ended it; empty for
        everyone.
    once
        Whether whoever has been answered with ``then`` is not asked again.
    then, otherwise
        What follows where the condition holds, and where it does not.
    missing
        Share of people who are not seen at such a week, a beta; None: everyone is seen. Whoever is
        not seen, or of whom the answer is not known, gets `if_missing`.
    if_missing
        Which of the two follows then; ``nothing``: people go on as before.
    """

    name: Name
    weeks: Annotated[tuple[_WholeWeek, ...], IS_LIST, AfterValidator(_comes_late_enough)]
    ask: Condition
    among: Names = ()
    once: bool = True
    then: Branch
    otherwise: Branch = Branch()
    missing: UncertainShare | None = None
    if_missing: Answer = "nothing"

    @model_validator(mode="after")
    def _does_something(self) -> Self:
        if not (self.mentioned or self.stopped or self.changed):
            raise ValueError(
                f"'{self.name}' starts and stops nothing: give then start or stop, or a dose"
            )
        for branch in (self.then, self.otherwise):
            both = sorted(set(branch.start) & set(branch.stop))
            if both:
                raise ValueError(f"'{self.name}' starts and stops {', '.join(both)} at once")
            ended = sorted(set(branch.stop) & set(branch.dose))
            if ended:
                raise ValueError(
                    f"'{self.name}' stops {', '.join(ended)} and sets its dose at once: "
                    "leave out one; a dose of 0 is a pause"
                )
        return self

    @property
    def mentioned(self) -> tuple[str, ...]:
        """Interventions that it may start."""
        return tuple(dict.fromkeys((*self.then.start, *self.otherwise.start)))

    @property
    def stopped(self) -> tuple[str, ...]:
        """Interventions that it may stop."""
        return tuple(dict.fromkeys((*self.then.stop, *self.otherwise.stop)))

    @property
    def changed(self) -> tuple[str, ...]:
        """Interventions of which it may change the dose."""
        return tuple(dict.fromkeys((*self.then.dose, *self.otherwise.dose)))

    def lines(self) -> Iterator[str]:
        """Yield it in words, a question and what follows from each answer."""
        listed = ", ".join(map(str, self.weeks))
        whom = f" of those on {' or '.join(self.among)}" if self.among else ""
        yield f"Week {listed}{whom}: {self.ask}?"
        yield f"If so: {self.then}."
        yield f"If not: {self.otherwise}."
        if self.missing is not None:
            follows = {
                "then": "go on as if so",
                "otherwise": "go on as if not",
                "nothing": "go on as before",
            }
            share = f"{said_share(self.missing)} are not seen [{self.missing.label}]"
            yield f"Of those asked, {share}; they {follows[self.if_missing]}."
