"""What is known of one person while a scenario is gone through."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from scenarios.expression import Expression
from twin.law.grid import Floats, Ints

from .decide import Truths
from .delivery import Doses
from .exposure import Exposure
from .known import Facts, Seen
from .shocks import Shocks
from .weekly import WeeklyCells


@dataclass
class Course:
    """What becomes of one intervention for one person, in every sample; changed by rules.

    Attributes
    ----------
    referred
        Week in which it is offered, infinite where it is not, shape (sample,).
    ready
        Week in which it could begin if there were places, infinite where the person does not take
        it up, shape (sample,).
    start
        Week in which it begins, infinite where it does not, shape (sample,).
    stop
        Week from which there is no more of it, infinite where it goes on, shape (sample,).
    left
        Week in which the person leaves before it begins, infinite where that does not happen,
        shape (sample,). Where a queue is not settled it is the week in which whoever has found no
        place leaves.
    priority
        What decides who goes first where places are limited, shape (sample,).
    doses
        From which week on the dose is which multiple of the planned one, shape (sample,) each; in
        order.
    """

    referred: Floats
    ready: Floats
    start: Floats
    stop: Floats
    left: Floats
    priority: Floats
    doses: Doses = ()

    def in_force(self, week: float, lasts: float) -> Truths:
        """Whether it has begun and not ended by a week."""
        return (self.start <= week) & (week < np.minimum(self.start + lasts, self.stop))

    def end(self, whom: Truths, week: int) -> None:
        """Stop it where it has begun; whoever still waits leaves."""
        begun = whom & (self.start <= week)
        waits = whom & np.isfinite(self.ready) & ~begun & (self.left > week)
        self.stop = np.where(begun, np.minimum(self.stop, week), self.stop)
        self.start = np.where(waits, np.inf, self.start)
        self.left = np.where(waits, week, self.left)

    def give(self, whom: Truths, week: int, times: float) -> None:
        """Change its dose from a week on to a multiple of the planned one, where it was offered."""
        before = self.doses[-1][1] if self.doses else np.ones(len(whom))
        changed = np.where(whom & np.isfinite(self.referred), times, before)
        self.doses = (*self.doses, (week, changed))

    def weeks_of_full_dose(self, lasts: float, until: float) -> Floats:
        """Weeks in force by a week, each times the factor on its dose, shape (sample,)."""
        ends = np.minimum(np.minimum(self.start + lasts, self.stop), until)
        begun = np.where(self.start <= until, self.start, ends)
        weeks = [week for week, _ in self.doses]
        total = np.zeros(len(ends))
        pieces = zip(
            [0.0, *weeks], [*weeks, np.inf], [1.0, *(x for _, x in self.doses)], strict=True
        )
        for first, last, times in pieces:
            passed = np.minimum(ends, last) - np.maximum(begun, first)
            total += times * np.clip(passed, 0, None)
        return total


class Hazards(NamedTuple):
    """Log hazard ratios in force, in every cell."""

    by_move: Floats
    """Of each of `work.WORK_MOVES`, shape (sample, cell, work move)."""
    first_return: Floats
    """Until the first return, shape (sample, cell)."""
    relapse: Floats
    """After it, same shape."""
    exit: Floats
    """Of leaving for good, same shape."""


class Acted(NamedTuple):
    """A person's levels with all that has begun, and the hazard ratios in force."""

    levels: Floats
    """Severity at whole weeks, shape (sample, week, outcome)."""
    middles: Floats
    """Severity in the middle of cells, shape (sample, cell, outcome)."""
    hazards: Hazards
    flare_size: Floats | None
    """Factor on flares at whole weeks, shape (sample, week, outcome); None where it is 1."""


@dataclass(frozen=True)
class Person:
    """One person before any scenario.

    Attributes
    ----------
    position
        Among the people of the design.
    shocks
        The own random numbers.
    natural
        Natural course at whole weeks, severity, shape (sample, week, outcome).
    natural_after
        The same after other times, weeks, shape (sample, time), without a secular trend.
    in_middles
        Natural course in the middle of cells as the fit reads it, shape (sample, cell, outcome).
    works
        Whether the person has a work process: nothing else reads what is in force in cells.
    baseline
        What is recorded at week 0.
    see
        Records at a week under given levels, work included where the flag says so.
    response
        Response to full dose of an intervention, severity, shape (sample, outcome).
    """

    position: int
    shocks: Shocks
    natural: Floats
    natural_after: Callable[[Floats], Floats]
    in_middles: Floats
    works: bool
    baseline: Seen
    see: Callable[[int, Acted, bool], Seen]
    response: Callable[[Exposure], Floats]


@dataclass(frozen=True)
class Setting:
    """What people of a simulation share when they are followed.

    Attributes
    ----------
    cells
        Cells that people are simulated in.
    weeks
        Whole weeks since baseline, shape (week,).
    exposures
        Interventions, by name.
    standard
        Uptake of a response by whoever begins as planned, at the weeks and at the middles of the
        cells, by name, each of shape (sample, time).
    facts
        What stands in the table of people.
    """

    cells: WeeklyCells
    weeks: Ints
    exposures: Mapping[str, Exposure]
    standard: Mapping[str, tuple[Floats, Floats]]
    facts: Facts

    def at(self, samples: Ints) -> Setting:
        """Return the same with what the fit says of arms at other samples."""
        arms = {name for name, one in self.exposures.items() if one.arm is not None}
        return replace(
            self,
            exposures={
                name: one.at(samples) if name in arms else one
                for name, one in self.exposures.items()
            },
            standard={
                name: (weeks[samples], middles[samples]) if name in arms else (weeks, middles)
                for name, (weeks, middles) in self.standard.items()
            },
        )


def value_of(
    expression: Expression,
    setting: Setting,
    one: Person,
    now: Seen | None = None,
    groups: npt.NDArray[np.str_] | None = None,
) -> Floats:
    """Value of an expression about a person, NaN where it is not known, shape (sample,)."""
    values = setting.facts.values(one.position, expression.names, one.baseline, now, groups)
    found = np.asarray(expression.evaluate(values), dtype=float)
    return np.broadcast_to(found, (one.shocks.samples,))
