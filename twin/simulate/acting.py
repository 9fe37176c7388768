"""What the interventions that a person has begun do to the person's course."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import expit, logit

from scenarios.expression import Expression
from twin.law import course
from twin.law.backends import NUMPY
from twin.law.grid import Floats, Ints, TimeGrid
from twin.law.work import WORK_MOVES

from .combine import together
from .decide import Truths
from .delivery import dose_over_time
from .exposure import RATIOS, Exposure
from .known import Facts, Seen
from .plan import Plan
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
    priority
        What decides who goes first where places are limited, shape (sample,).
    """

    referred: Floats
    ready: Floats
    start: Floats
    stop: Floats
    priority: Floats

    def in_force(self, week: float, lasts: float) -> Truths:
        """Whether it has begun and not ended by a week."""
        return (self.start <= week) & (week < np.minimum(self.start + lasts, self.stop))


class Acting(NamedTuple):
    """What one intervention does to one person over time."""

    dose: Floats
    """Shape (sample, cell)."""
    at_weeks: Floats
    """Shift of levels at whole weeks, severity, shape (sample, week, outcome)."""
    at_middles: Floats
    """The same at the middles of cells, shape (sample, cell, outcome)."""


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
        The same after other times, weeks, shape (sample, time).
    in_middles
        Natural course in the middle of cells as the fit reads it, shape (sample, cell, outcome).
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


class Acted(NamedTuple):
    """A person's levels with all that has begun, and the hazard ratios in force."""

    levels: Floats
    """Severity at whole weeks, shape (sample, week, outcome)."""
    middles: Floats
    """Severity in the middle of cells, shape (sample, cell, outcome)."""
    hazards: Hazards


def act(setting: Setting, plan: Plan, one: Person, courses: Mapping[str, Course]) -> Acted:
    """Let what a person has begun take its course.

    Parameters
    ----------
    setting
        What people share.
    plan
        The scenario made ready.
    one
        The person.
    courses
        What becomes of each intervention of the scenario.
    """
    return _Acting(setting, plan, one).everything(courses)


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


@dataclass(frozen=True)
class _Acting:
    setting: Setting
    plan: Plan
    one: Person

    def everything(self, courses: Mapping[str, Course]) -> Acted:
        acting = {name: self._acting(name, own) for name, own in courses.items()}
        scenario, interactions = self.plan.scenario, self.plan.interactions
        weeks = self.setting.weeks.astype(float)
        paces = [self._quicker(name, one.dose) for name, one in acting.items()]
        at_middles = together(
            scenario.combine, {n: one.at_middles for n, one in acting.items()}, interactions
        )
        at_weeks = together(
            scenario.combine, {n: one.at_weeks for n, one in acting.items()}, interactions
        )
        passed = [pace for pace in paces if pace is not None]
        natural, middles = self.one.natural, self.one.in_middles
        if passed:
            more = np.sum(passed, axis=0)
            edges, half = _added(self.setting.cells.grid, more)
            own = self.setting.cells.grid.middles[None]
            natural = self.one.natural_after(
                weeks + edges[:, self.setting.cells.at_week[: len(weeks)]]
            )
            # the fit reads the natural course once for several of these cells; what is added to it
            # begins with the week in which it does
            middles = middles + (self.one.natural_after(own + half) - self.one.natural_after(own))
        return Acted(natural + at_weeks, middles + at_middles, self._hazards(acting))

    def _quicker(self, name: str, dose: Floats) -> Floats | None:
        """Weeks of natural course gained a week in each cell; None where nothing is."""
        exposure = self.setting.exposures[name]
        ratio = exposure.log_ratio["recovery_rate"]
        if not ratio.any():
            return None
        own = ratio * self._modified(exposure, "recovery_rate")
        return np.expm1(own[:, None] * dose)

    def _modified(self, exposure: Exposure, target: str) -> Floats:
        """Factor by which a person's effect differs from the one stated, shape (sample,)."""
        factor = np.ones(self.one.shocks.samples)
        for by, change in exposure.modified_by.get(target, ()):
            factor = factor + change * np.nan_to_num(value_of(by, self.setting, self.one))
        return factor

    def _acting(self, name: str, own: Course) -> Acting:
        """What an intervention does to a person who begins it so."""
        exposure, cells = self.setting.exposures[name], self.setting.cells
        begun = np.isfinite(own.start)
        if name in self.plan.personal:
            dose = dose_over_time(exposure.spells, exposure.pace, cells.grid, own.start, own.stop)
            dose = dose * self._adherence(exposure)[:, None]
            edges, middles = course.uptake_by_steps(NUMPY, cells.grid, dose, exposure.response_rate)
            at_weeks = edges[:, cells.at_week[: len(self.setting.weeks)]]
        else:
            dose = exposure.dose * begun[:, None]
            at_weeks, middles = self.setting.standard[name]
        response = np.where(begun[:, None], self._response(exposure), 0.0)[:, None, :]
        return Acting(dose, at_weeks[:, :, None] * response, middles[:, :, None] * response)

    def _response(self, exposure: Exposure) -> Floats:
        response = self.one.response(exposure)
        if not any(exposure.modified_by.values()):
            return response
        outcomes = self.setting.facts.outcomes
        factors = [self._modified(exposure, outcome) for outcome in outcomes]
        return response * np.stack(factors, axis=1)

    def _adherence(self, exposure: Exposure) -> Floats:
        """Share of the full dose that this person gets at first, shape (sample,)."""
        level = exposure.adherence_level
        if exposure.adherence_spread.any():
            shock = self.one.shocks.normal(f"{exposure.key}:adherence", len(level))
            level = expit(logit(level) + exposure.adherence_spread * shock)
        share = exposure.intensity * level
        if self.plan.fidelity is not None:
            share = share * self.plan.fidelity[self.one.position]
        return share

    def _hazards(self, acting: Mapping[str, Acting]) -> Hazards:
        """Log hazard ratios of all interventions together: they add."""
        shape = (self.one.shocks.samples, self.setting.cells.grid.n_cells)
        moves = np.zeros((*shape, len(WORK_MOVES)))
        ratios = {target: np.zeros(shape) for target in RATIOS}
        for name, one in acting.items():
            exposure = self.setting.exposures[name]
            if exposure.log_hazard.any():
                moves = moves + exposure.log_hazard[:, None, :] * one.dose[:, :, None]
            for target in RATIOS:
                ratio = exposure.log_ratio[target]
                if ratio.any():
                    own = ratio * self._modified(exposure, target)
                    ratios[target] = ratios[target] + own[:, None] * one.dose
        return Hazards(moves, ratios["first_return"], ratios["relapse"], ratios["exit"])


def _added(grid: TimeGrid, rate: Floats) -> tuple[Floats, Floats]:
    """Integral of something constant in cells, at their edges and middles, (sample, time)."""
    length = grid.ends - grid.starts
    by_cell = rate * length
    edges = np.concatenate([np.zeros((len(rate), 1)), np.cumsum(by_cell, axis=1)], axis=1)
    return edges, edges[:, :-1] + by_cell / 2
