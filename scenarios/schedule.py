"""When an intervention is in force: start, wait, duration, ramp, boosters, stop."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Annotated, Self

from pydantic import Field, model_validator

from .text import IS_LIST, Frozen, weeks
from .uncertain import UncertainTime, said_weeks

Weeks = Annotated[float, Field(ge=0, allow_inf_nan=False)]
PositiveWeeks = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class Booster(Frozen):
    """A later spell at full dose, adherence as at the beginning.

    Attributes
    ----------
    after_weeks
        Weeks from a person's start to the booster.
    duration_weeks
        How long it lasts.
    """

    after_weeks: PositiveWeeks
    duration_weeks: PositiveWeeks


class Schedule(Frozen):
    """When an intervention is in force.

    Attributes
    ----------
    start_week
        Weeks from a person's baseline, or from the rule that starts it, to its start.
    wait_weeks
        What is believed of a person's wait beyond that, a log-normal: each person has a wait of the
        own, rounded up with the start to whole weeks. None: nobody waits.
    duration_weeks
        How long it lasts.
    ramp_weeks
        Weeks at its beginning, part of the duration, over which its dose rises to full.
    boosters
        Later spells, in order, each after the one before has ended.
    stop_week
        Week since baseline from which nobody gets it any more, or None.
    """

    start_week: Weeks
    wait_weeks: UncertainTime | None = None
    duration_weeks: PositiveWeeks
    ramp_weeks: Weeks = 0.0
    boosters: Annotated[tuple[Booster, ...], IS_LIST] = ()
    stop_week: PositiveWeeks | None = None

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        wrong = list(self._misfits())
        if wrong:
            raise ValueError("; ".join(wrong))
        return self

    def _misfits(self) -> Iterator[str]:
        if self.ramp_weeks > self.duration_weeks:
            yield (
                f"rises over {weeks(self.ramp_weeks)} but lasts {weeks(self.duration_weeks)}: "
                "ramp_weeks must be at most duration_weeks"
            )
        if self.stop_week is not None and self.stop_week <= self.start_week:
            yield (
                f"starts in week {self.start_week:g} but stops in week {self.stop_week:g}: "
                "stop_week must be later than start_week"
            )
        spells = [(0.0, self.duration_weeks)]
        spells += [(one.after_weeks, one.after_weeks + one.duration_weeks) for one in self.boosters]
        for (_, ended), (begins, _) in pairwise(spells):
            if begins < ended:
                yield (
                    f"has a booster {weeks(begins)} after its start, while it is in force until "
                    f"{weeks(ended)} after it: after_weeks must be at least {ended:g}"
                )

    def __str__(self) -> str:
        """When, in a line."""
        wait = self.wait_weeks
        waited = f", after a wait of {said_weeks(wait)} [{wait.label}]," if wait else ""
        ramp = f", rising to full dose over {weeks(self.ramp_weeks)}" if self.ramp_weeks else ""
        again = "".join(
            f", again {weeks(one.after_weeks)} after its start for {weeks(one.duration_weeks)}"
            for one in self.boosters
        )
        stop = f", for nobody from week {self.stop_week:g} on" if self.stop_week else ""
        start = f"from week {self.start_week:g}{waited} for {weeks(self.duration_weeks)}"
        return f"{start}{ramp}{again}{stop}"
