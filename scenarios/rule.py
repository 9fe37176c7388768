"""What is decided later, on what a clinician sees by then."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from .expression import Condition
from .text import IS_LIST, Frozen, Name, Names
from .uncertain import UncertainShare, said_share


class Branch(Frozen):
    """What one answer leads to.

    Attributes
    ----------
    start
        Interventions that are offered from now on; to whoever has had one already, nothing happens.
    stop
        Interventions that end now, where they have begun.
    """

    start: Names = ()
    stop: Names = ()

    def __str__(self) -> str:
        """What is done."""
        said = [f"offer {name}" for name in self.start] + [f"stop {name}" for name in self.stop]
        return " and ".join(said) or "go on as before"


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
        if not (self.mentioned or self.stopped):
            raise ValueError(f"'{self.name}' starts and stops nothing: give then start or stop")
        for branch in (self.then, self.otherwise):
            both = sorted(set(branch.start) & set(branch.stop))
            if both:
                raise ValueError(f"'{self.name}' starts and stops {', '.join(both)} at once")
        return self

    @property
    def mentioned(self) -> tuple[str, ...]:
        """Interventions that it may start."""
        return tuple(dict.fromkeys((*self.then.start, *self.otherwise.start)))

    @property
    def stopped(self) -> tuple[str, ...]:
        """Interventions that it may stop."""
        return tuple(dict.fromkeys((*self.then.stop, *self.otherwise.stop)))

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
