"""What the interventions that a person has begun do to the person's course."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from scipy.special import expit, logit

from scenarios.effect import FLARES, WORK_TARGETS
from twin.law import course
from twin.law.backends import NUMPY
from twin.law.grid import Floats, TimeGrid
from twin.law.work import WORK_MOVES

from .combine import Part, plus_product, shifted
from .decide import Truths
from .delivery import dose_over_time
from .exposure import Exposure
from .plan import Plan
from .state import Acted, Course, Hazards, Person, Setting, value_of


class Acting(NamedTuple):
    """What one intervention does to one person over time."""

    dose: Floats
    """Shape (sample, cell)."""
    at_weeks: Part
    """Shift of levels at whole weeks."""
    at_middles: Part
    """The same at the middles of cells."""


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


@dataclass(frozen=True)
class _Acting:
    setting: Setting
    plan: Plan
    one: Person

    def everything(self, courses: Mapping[str, Course]) -> Acted:
        begun = {name: own for name, own in courses.items() if np.isfinite(own.start).any()}
        acting = {name: self._acting(name, own) for name, own in begun.items()}
        combination, interactions = self.plan.scenario.combine, self.plan.interactions
        weeks = self.setting.weeks.astype(float)
        paces = [self._quicker(name, one.dose) for name, one in acting.items()]
        at_weeks = {name: one.at_weeks for name, one in acting.items()}
        at_middles = {name: one.at_middles for name, one in acting.items()}
        passed = [pace for pace in paces if pace is not None]
        natural, middles = self.one.natural, self.one.in_middles
        if passed:
            more = np.sum(passed, axis=0)
            edges, half = _added(self.setting.cells.grid, more)
            own = self.setting.cells.grid.middles[None]
            gained = edges[:, self.setting.cells.at_week[: len(weeks)]]
            after = self.one.natural_after
            natural = natural + (after(weeks + gained) - after(weeks[None]))
            # the fit reads the natural course once for several of these cells; what is added to it
            # begins with the week in which it does
            middles = middles + (after(own + half) - after(own))
        levels = shifted(natural, combination, at_weeks, interactions)
        flare_size = self._flare_size(acting)
        if not self.one.works:
            return Acted(levels, middles, _nothing(*middles.shape[:2]), flare_size)
        return Acted(
            levels,
            shifted(middles, combination, at_middles, interactions),
            self._hazards(acting),
            flare_size,
        )

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
            when = (own.start, own.stop, own.doses)
            dose = dose_over_time(exposure.spells, exposure.pace, cells.grid, *when)
            dose = dose * self._adherence(exposure)[:, None]
            as_planned = self._as_planned(exposure, own)
            dose = np.where(as_planned, exposure.dose, dose)
            edges, middles = course.uptake_by_steps(NUMPY, cells.grid, dose, exposure.response_rate)
            middles = np.where(as_planned, self.setting.standard[name][1], middles)
            at_weeks = np.take(edges, cells.at_week[: len(self.setting.weeks)], axis=1)
        else:
            dose = exposure.dose * begun[:, None]
            at_weeks, middles = self.setting.standard[name]
        response = np.where(begun[:, None], self._response(exposure), 0.0)
        return Acting(dose, Part(at_weeks, response), Part(middles, response))

    def _as_planned(self, exposure: Exposure, own: Course) -> Truths:
        """Where an estimated intervention goes on as in its trial, and is read as the fit reads it.

        Shape (sample, cell); nowhere for one that states its own effects, which is read in weeks.
        """
        middles = self.setting.cells.grid.middles
        if exposure.arm is None or self.plan.fidelity is not None:
            return np.zeros((len(own.start), len(middles)), dtype=bool)
        begun, until = own.start == exposure.start_week, own.stop
        for week, times in reversed(own.doses):
            until = np.where(times != 1, np.minimum(own.stop, week), until)
        return np.asarray(begun[:, None] & (middles < until[:, None]))

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
            shock = self.one.shocks.normal(f"{exposure.key}:adherence")
            level = expit(logit(level) + exposure.adherence_spread * shock)
        share = exposure.intensity * level
        if self.plan.fidelity is not None:
            share = share * self.plan.fidelity[self.one.position]
        return share

    def _hazards(self, acting: Mapping[str, Acting]) -> Hazards:
        """Log hazard ratios of all interventions together: they add."""
        shape = (self.one.shocks.samples, self.setting.cells.grid.n_cells)
        none = _nothing(*shape)
        moves = none.by_move
        for name, one in acting.items():
            exposure = self.setting.exposures[name]
            if exposure.log_hazard.any():
                dose = np.ascontiguousarray(one.dose)
                moves = plus_product(moves, dose, exposure.log_hazard)
        ratios = (self._log_ratio(acting, target) for target in WORK_TARGETS)
        return Hazards(moves, *(none.exit if one is None else one for one in ratios))

    def _log_ratio(self, acting: Mapping[str, Acting], target: str) -> Floats | None:
        """Sum of stated log ratios in force, shape (sample, cell); None where there is none."""
        total = None
        for name, one in acting.items():
            exposure = self.setting.exposures[name]
            ratio = exposure.log_ratio[target]
            if ratio.any():
                own = (ratio * self._modified(exposure, target))[:, None] * one.dose
                total = own if total is None else total + own
        return total

    def _flare_size(self, acting: Mapping[str, Acting]) -> Floats | None:
        """Factor on flares at whole weeks, by the dose in the cell that ends there."""
        everywhere = self._log_ratio(acting, FLARES)
        outcomes = self.setting.facts.outcomes
        apart = [self._log_ratio(acting, f"{name}_{FLARES}") for name in outcomes]
        stated = [one for one in (everywhere, *apart) if one is not None]
        if not stated:
            return None
        none = np.zeros_like(stated[0])
        whole = none if everywhere is None else everywhere
        by_cell = np.stack([whole + (none if one is None else one) for one in apart], axis=-1)
        before = np.pad(by_cell, ((0, 0), (1, 0), (0, 0)))  # nothing has begun before baseline
        at_week = self.setting.cells.at_week[: len(self.setting.weeks)]
        return np.exp(np.take(before, at_week, axis=1))


@lru_cache(maxsize=1)
def _nothing(samples: int, cells: int) -> Hazards:
    """Log hazard ratios of nobody: one array for all people, to be read only."""
    none = np.zeros((samples, cells))
    return Hazards(np.zeros((samples, cells, len(WORK_MOVES))), none, none, none)


def _added(grid: TimeGrid, rate: Floats) -> tuple[Floats, Floats]:
    """Integral of something constant in cells, at their edges and middles, (sample, time)."""
    length = grid.ends - grid.starts
    by_cell = rate * length
    edges = np.concatenate([np.zeros((len(rate), 1)), np.cumsum(by_cell, axis=1)], axis=1)
    return edges, edges[:, :-1] + by_cell / 2
