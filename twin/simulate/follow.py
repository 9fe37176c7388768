"""What a scenario makes of one person: who begins what when, and the course that follows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import expit, logit

from scenarios import Capacity, Intervention, Rule, Uncertain
from twin.law.grid import Floats

from .acting import act
from .decide import Decision, Truths, decide, sort_into
from .exposure import Exposure
from .known import Seen
from .plan import Plan
from .state import Course, Hazards, Person, Setting, value_of


class Followed(NamedTuple):
    """What a scenario makes of one person."""

    levels: Floats
    """Severity at whole weeks, shape (sample, week, outcome)."""
    middles: Floats
    """Severity in the middle of cells, shape (sample, cell, outcome)."""
    hazards: Hazards
    flare_size: Floats | None
    """Factor on flares at whole weeks, shape (sample, week, outcome); None where it is 1."""
    courses: Mapping[str, Course]
    """By intervention."""
    decisions: Mapping[tuple[str, int], npt.NDArray[np.int8]]
    """By rule and week, codes of `decide`, shape (sample,)."""
    groups: npt.NDArray[np.str_] | None
    """Group that the tool says, shape (sample,); None without strata."""


def follow(setting: Setting, plan: Plan, one: Person) -> Followed:
    """Go through a scenario with one person: groups, offers, then rule after rule.

    What is decided at a week reads records up to it, and changes nothing before it. Rules of one
    week are asked in the order of the file. An intervention whose queue is not settled in the plan
    begins for nobody.
    """
    return _Following(setting, plan, one).run()


@dataclass(frozen=True)
class _Following:
    setting: Setting
    plan: Plan
    one: Person

    def run(self) -> Followed:
        scenario, samples = self.plan.scenario, self.one.shocks.samples
        groups = self._groups()
        courses = {name: _nothing(samples) for name in self.plan.names}
        everyone = np.ones(samples, dtype=bool)
        reached = everyone & (
            self.plan.arrival[self.one.position] >= self.plan.clinic_begins[self.one.position]
        )
        for offered in self.plan.interventions:
            if offered.name not in scenario.started_later:
                self._offer(courses, offered.name, reached, 0, None, groups)
        if scenario.strata is not None and groups is not None:
            for group, path in scenario.strata.pathways.items():
                for name in path:
                    self._offer(courses, name, reached & (groups == group), 0, None, groups)
        decisions: dict[tuple[str, int], npt.NDArray[np.int8]] = {}
        settled: dict[str, Truths] = {}
        last = int(self.setting.weeks[-1])
        for week in sorted({week for rule in scenario.rules for week in rule.weeks}):
            if week > last:
                break
            asked = [rule for rule in scenario.rules if week in rule.weeks]
            now = self._see(courses, week, asked)
            for rule in asked:
                whom = reached & ~settled.get(rule.name, ~everyone)
                if rule.among:
                    on = [self._on(courses, name, week) for name in rule.among]
                    whom &= np.logical_or.reduce(on)
                decision = self._decide(rule, week, now, whom, groups)
                decisions[rule.name, week] = decision.code
                if rule.once:
                    settled[rule.name] = settled.get(rule.name, ~everyone) | decision.then
                branches = ((rule.then, decision.then), (rule.otherwise, decision.otherwise))
                for branch, people in branches:
                    for name in branch.stop:
                        courses[name].end(people, week)
                    for name in branch.start:
                        self._offer(courses, name, people, week, now, groups)
                    for name, times in branch.dose.items():
                        courses[name].give(people, week, times)
        acted = act(self.setting, self.plan, self.one, courses)
        return Followed(*acted, courses, decisions, groups)

    def _groups(self) -> npt.NDArray[np.str_] | None:
        strata = self.plan.scenario.strata
        if strata is None:
            return None
        names = {name for condition in strata.groups.values() for name in condition.names}
        values = self.setting.facts.values(self.one.position, names, self.one.baseline)
        errors = {true: dict(row) for true, row in self.plan.tool_errors.items()}
        return sort_into(strata, values, errors, self.one.shocks.uniform("the tool's error"))

    def _offer(
        self,
        courses: Mapping[str, Course],
        name: str,
        whom: Truths,
        week: int,
        now: Seen | None,
        groups: npt.NDArray[np.str_] | None,
    ) -> None:
        """Offer an intervention to those who are eligible and were never offered it."""
        given = next(one for one in self.plan.interventions if one.name == name)
        own, exposure = courses[name], self.setting.exposures[name]
        new = whom & np.isinf(own.referred)
        if given.eligible_if is not None and new.any():
            holds = value_of(given.eligible_if, self.setting, self.one, now, groups)
            new = new & (np.nan_to_num(holds) != 0)
        own.referred = np.where(new, week, own.referred)
        takes = new & self.takes(exposure)
        ready = np.where(takes, self.ready(given, exposure, own.referred), np.inf)
        start, left = ready, np.full(len(ready), np.inf)
        if given.capacity is not None:
            left = self.leaves(given.capacity, exposure, ready)
            places = self.plan.allotted.get(name)
            if given.capacity.priority is not None:
                first = value_of(given.capacity.priority, self.setting, self.one, now, groups)
                own.priority = np.where(new, np.nan_to_num(first), own.priority)
            start = np.full(len(ready), np.inf) if places is None else places[self.one.position]
        served = takes & (start < exposure.stop_week)
        own.ready = np.where(new, ready, own.ready)
        own.start = np.where(new, np.where(served, start, np.inf), own.start)
        own.left = np.where(new, np.where(served, np.inf, left), own.left)
        own.stop = np.where(new, exposure.stop_week, own.stop)

    def takes(self, exposure: Exposure) -> Truths:
        """Whether the person takes up what is offered, shape (sample,)."""
        chance = exposure.taken
        if exposure.uptake_by:
            odds = logit(chance)
            for by, ratio in exposure.uptake_by:
                odds = odds + ratio * np.nan_to_num(value_of(by, self.setting, self.one))
            chance = expit(odds)
        return np.asarray(self.one.shocks.uniform(f"{exposure.key}:taken") < chance)

    def ready(self, given: Intervention, exposure: Exposure, referred: Floats) -> Floats:
        """Week in which it could begin if there were places, shape (sample,)."""
        ready = referred + exposure.start_week
        if given.schedule is None or given.schedule.wait_weeks is None:
            return ready
        return np.ceil(ready + self._own_weeks(given.schedule.wait_weeks, f"{exposure.key}:wait"))

    def leaves(self, places: Capacity, exposure: Exposure, ready: Floats) -> Floats:
        """Week in which patience ends, infinite where it does not, shape (sample,)."""
        if places.patience_weeks is None:
            return np.full(len(ready), np.inf)
        patience = self._own_weeks(places.patience_weeks, f"{exposure.key}:patience")
        return np.ceil(np.ceil(ready) + patience)

    def _own_weeks(self, between: Uncertain, purpose: str) -> Floats:
        """A time of the person's own, out of what there is between people, shape (sample,)."""
        distribution = between.distribution
        assert distribution.family == "log_normal"  # the types of scenarios demand it
        shock = self.one.shocks.normal(purpose)
        return np.asarray(distribution.median * np.exp(distribution.log_sd * shock))

    def _on(self, courses: Mapping[str, Course], name: str, week: int) -> Truths:
        return courses[name].in_force(week, self.setting.exposures[name].spells.last_end)

    def _see(self, courses: Mapping[str, Course], week: int, asked: list[Rule]) -> Seen:
        acted = act(self.setting, self.plan, self.one, courses)
        work = any("work" in rule.ask.names for rule in asked) or any(
            one.eligible_if is not None and "work" in one.eligible_if.names
            for one in self.plan.interventions
        )
        return self.one.see(week, acted, work)

    def _decide(
        self,
        rule: Rule,
        week: int,
        now: Seen,
        whom: Truths,
        groups: npt.NDArray[np.str_] | None,
    ) -> Decision:
        values = self.setting.facts.values(
            self.one.position, rule.ask.names, self.one.baseline, now, groups
        )
        seen = np.ones(len(whom), dtype=bool)
        if rule.missing is not None:
            lot = self.one.shocks.uniform("visit missed", week)
            seen = lot >= self.plan.missing[rule.name]
        return decide(rule, values, whom, seen)


def _nothing(samples: int) -> Course:
    never = np.full(samples, np.inf)
    priority = np.zeros(samples)
    return Course(never, never, never, never, never, priority)
