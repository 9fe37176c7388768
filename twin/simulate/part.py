"""Some people under some scenarios: all that their simulation reads, and nothing else.

Simulating people is a pure function of what `part` returns. That is why it can be computed anywhere
and in any order, and why the hash of it names the result.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from twin.law.covariates import CovariateGaps
from twin.law.grid import Floats, Ints

from .baseline import Baseline
from .known import Facts
from .plan import Plan
from .prepared import Prepared
from .responses import ArmResponses


class _Scheduled(NamedTuple):
    """What belongs to people in a `Plan`."""

    arrival: Floats
    clinic_begins: Floats
    fidelity: Floats | None
    allotted: Mapping[str, Floats]


class People(NamedTuple):
    """What belongs to people in a `Prepared`, person first."""

    patients: tuple[str, ...]
    worker: npt.NDArray[np.bool_]
    twins: Mapping[str, Floats]
    gaps: CovariateGaps
    missing: Floats
    cluster: Ints
    arm: Ints
    facts: Mapping[str, npt.NDArray[np.generic]]
    scheduled: tuple[_Scheduled, ...]
    baseline: Baseline
    paired: Ints | None


def part(prepared: Prepared, first: int, last: int) -> Prepared:
    """Return consecutive people, cut out of a whole simulation.

    Whoever is simulated from it gets the same numbers as from the whole: of the others nothing
    matters but the places in queues that are settled already, and these come along.

    Parameters
    ----------
    prepared
        The whole, its queues settled.
    first, last
        Position of the first person, and of the first who is no more in it.
    """
    return with_people(prepared, people_of(prepared, first, last))


def under(prepared: Prepared, scenarios: Collection[str]) -> Prepared:
    """Return the same people under some of the scenarios, among them the comparator."""
    design = prepared.design
    plans = tuple(plan for plan in prepared.plans if plan.scenario.name in scenarios)
    used = {name for plan in plans for name in plan.names}
    setting = prepared.setting
    return replace(
        prepared,
        design=replace(
            design,
            scenarios=tuple(name for name in design.scenarios if name in scenarios),
            given=tuple(one for one in design.given if one.scenario in scenarios),
            asked=tuple(one for one in design.asked if one.scenario in scenarios),
            groups={name: of for name, of in design.groups.items() if name in scenarios},
        ),
        setting=replace(
            setting,
            exposures={name: one for name, one in setting.exposures.items() if name in used},
            standard={name: one for name, one in setting.standard.items() if name in used},
        ),
        plans=plans,
    )


def people_of(prepared: Prepared, first: int, last: int) -> People:
    """Return what belongs to consecutive people; see `part`."""
    people = slice(first, last)
    start = prepared.baseline
    gaps, missing = _gaps(prepared.responses, people)
    return People(
        patients=prepared.design.patients[people],
        worker=prepared.design.worker[people],
        twins=_rows(prepared.twins, people),
        gaps=gaps,
        missing=missing,
        cluster=prepared.responses.cluster[people],
        arm=prepared.arm[people],
        facts=_rows(prepared.setting.facts.columns, people),
        scheduled=tuple(_scheduled(plan, people) for plan in prepared.plans),
        baseline=Baseline(
            score=start.score[people],
            severity=start.severity[people],
            rounding_variance=start.rounding_variance[people],
            worker=start.worker[people],
            work_state=start.work_state[people],
        ),
        paired=None if prepared.paired is None else prepared.paired[people],
    )


def with_people(prepared: Prepared, people: People) -> Prepared:
    """Return a simulation of other people, who share all else with those that it had."""
    return replace(
        prepared,
        design=replace(prepared.design, patients=people.patients, worker=people.worker),
        twins=people.twins,
        responses=replace(
            prepared.responses, gaps=people.gaps, missing=people.missing, cluster=people.cluster
        ),
        arm=people.arm,
        setting=replace(
            prepared.setting, facts=Facts(people.facts, prepared.setting.facts.outcomes)
        ),
        plans=tuple(
            replace(plan, **own._asdict())
            for plan, own in zip(prepared.plans, people.scheduled, strict=True)
        ),
        baseline=people.baseline,
        paired=people.paired,
    )


def _rows[Array: npt.NDArray[np.generic]](
    by_name: Mapping[str, Array], people: slice
) -> dict[str, Array]:
    return {name: values[people] for name, values in by_name.items()}  # type: ignore[misc]


def _scheduled(plan: Plan, people: slice) -> _Scheduled:
    return _Scheduled(
        arrival=plan.arrival[people],
        clinic_begins=plan.clinic_begins[people],
        fidelity=None if plan.fidelity is None else plan.fidelity[people],
        allotted=_rows(plan.allotted, people),
    )


def _gaps(responses: ArmResponses, people: slice) -> tuple[CovariateGaps, Floats]:
    """Return people's missing covariates, which are numbered anew, and their values."""
    gaps = responses.gaps
    own = gaps.place[people]
    # gaps go by person, so that those of consecutive people are consecutive
    numbers = own[own > 0] - 1
    kept = slice(int(numbers.min()), int(numbers.max()) + 1) if numbers.size else slice(0, 0)
    found = CovariateGaps(
        observed=gaps.observed[people],
        place=_renumbered(own, kept),
        mean=gaps.mean[kept],
        partner=_renumbered(gaps.partner[kept], kept),
        weight=gaps.weight[kept],
    )
    return found, responses.missing[:, kept]


def _renumbered(numbers: Ints, kept: slice) -> Ints:
    """1 + the number of a gap, counted from the first that is kept; 0 stays."""
    return np.where(numbers > 0, numbers - kept.start, 0)
