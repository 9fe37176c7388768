"""Whether a cohort can carry a scenario, and a choice of scenarios can be compared."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from priors.near import nearest
from scenarios import Intervention, Scenario
from scenarios.effect import FLARES, FLARES_OF, WORK_TARGETS
from scenarios.expression import problems
from scenarios.stated import stated_expressions
from twin.cohort import Cohort
from twin.errors import InputError, Problem
from twin.instruments import instruments
from twin.law.grid import TimeGrid

from .known import kinds
from .settings import SimulationSettings

_OTHERWISE = "Choose another cohort, or leave the scenario out."


def check_scenarios(
    scenarios: Sequence[Scenario], cohort: Cohort, grid: TimeGrid, settings: SimulationSettings
) -> None:
    """Refuse what cannot be simulated, all of it at once and before anything is sampled.

    Raises
    ------
    InputError
        If the comparator is not among the scenarios, the horizon lies beyond the grid, or an
        intervention needs what the cohort does not have.
    """
    found = [
        *_choice(scenarios, settings),
        *_horizon(grid, settings),
        *_namesakes(scenarios),
        *_people(cohort, settings),
        *(problem for scenario in scenarios for problem in unmet(scenario, cohort)),
        *(problem for scenario in scenarios for problem in _late(scenario, settings)),
    ]
    if found:
        raise InputError(found)


def unmet(scenario: Scenario, cohort: Cohort) -> Iterator[Problem]:
    """Yield what a scenario needs and a cohort does not have."""
    where = f"scenario {scenario.name}"
    yield from _expressions(where, scenario, cohort)
    yield from _clinics(where, scenario, cohort)
    for intervention in scenario.interventions:
        yield from _arm(where, intervention, cohort)
        for effect in intervention.effects:
            work = WORK_TARGETS if cohort.has_work else ()
            known = [*cohort.outcomes, *work]
            wanted = FLARES_OF.get(effect.target, effect.target)
            if wanted not in (*known, "recovery_rate", FLARES):
                silent = "" if cohort.has_work else ", and no work status"
                yield Problem(
                    where,
                    f"is not an outcome of cohort {cohort.name}",
                    column=f"{intervention.name}.target",
                    value=effect.target,
                    remedy=f"It has {', '.join(known)}{silent}. {_OTHERWISE}",
                )
            if effect.instrument is not None and effect.instrument not in instruments():
                yield Problem(
                    where,
                    "is not a known instrument",
                    column=f"{intervention.name}.instrument",
                    value=effect.instrument,
                    remedy=f"Instruments: {', '.join(instruments())}."
                    f"{nearest(effect.instrument, instruments())}",
                )


def _expressions(where: str, scenario: Scenario, cohort: Cohort) -> Iterator[Problem]:
    """Yield what expressions ask for and the cohort's people do not have."""
    groups = scenario.strata.names if scenario.strata is not None else ()
    at_first, later = kinds(cohort), kinds(cohort, later=True, groups=groups)
    for key, expression, is_later in stated_expressions(scenario):
        for value, rule, remedy in problems(expression, later if is_later else at_first):
            yield Problem(where, rule, column=key, value=value, remedy=remedy)


def _clinics(where: str, scenario: Scenario, cohort: Cohort) -> Iterator[Problem]:
    """Yield what is stated of clinics, where the cohort knows of none."""
    if cohort.has_clusters:
        return
    asked = {f"{one.name}.capacity.per": one.capacity for one in scenario.interventions}
    keys = [key for key, capacity in asked.items() if capacity and capacity.per == "clinic"]
    roll_out = scenario.roll_out
    keys += ["roll_out"] if roll_out is not None and roll_out.clinics is None else []
    for key in keys:
        rule = f"needs clinics, and cohort {cohort.name} names none"
        dealt = (
            "Say with clinics how many people are dealt to by lot. " if key == "roll_out" else ""
        )
        yield Problem(where, rule, column=key, remedy=f"{dealt}{_OTHERWISE}")


def _late(scenario: Scenario, settings: SimulationSettings) -> Iterator[Problem]:
    """Yield rules that nobody lives to see."""
    for rule in scenario.rules:
        for week in rule.weeks:
            if week > settings.horizon_weeks:
                yield Problem(
                    f"scenario {scenario.name}",
                    f"must be at most week {settings.horizon_weeks}, where the simulation ends",
                    column=f"{rule.name}.weeks",
                    value=week,
                    remedy="Ask sooner, or raise simulation.horizon_weeks.",
                )


def _arm(where: str, intervention: Intervention, cohort: Cohort) -> Iterator[Problem]:
    if intervention.arm is None:
        return
    given = [arm.intervention for arm in cohort.arms.values() if arm.intervention is not None]
    if intervention.arm not in given:
        listed = f"Its arms received {', '.join(given)}." if given else "It has no such arm."
        yield Problem(
            where,
            f"takes its effect from an arm that cohort {cohort.name} does not have",
            column=f"{intervention.name}.arm",
            value=intervention.arm,
            remedy=f"{listed} {_OTHERWISE}",
        )


def _choice(scenarios: Sequence[Scenario], settings: SimulationSettings) -> Iterator[Problem]:
    names = [scenario.name for scenario in scenarios]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield Problem(
            "configuration",
            "is chosen twice",
            column="scenario",
            value=name,
            remedy="Leave one out; if they are different files, rename one.",
        )
    if settings.comparator not in names:
        yield Problem(
            "configuration",
            "is not among the scenarios that were chosen",
            column="simulation.comparator",
            value=settings.comparator,
            remedy=f"Chosen: {', '.join(names)}. Add it, or compare with one of these."
            f"{nearest(settings.comparator, names)}",
        )


def _namesakes(scenarios: Sequence[Scenario]) -> Iterator[Problem]:
    """Yield interventions that share a name, and so their random numbers, but are not the same."""
    first: dict[str, tuple[str, Intervention]] = {}
    for scenario in scenarios:
        for intervention in scenario.interventions:
            owner, known = first.setdefault(intervention.name, (scenario.name, intervention))
            if known != intervention:
                yield Problem(
                    f"scenario {scenario.name}",
                    f"is another intervention than the one of that name in scenario {owner}",
                    column="interventions.name",
                    value=intervention.name,
                    remedy="Give one of them another name.",
                )


def _people(cohort: Cohort, settings: SimulationSettings) -> Iterator[Problem]:
    known = [str(patient) for patient in cohort.patients.index]
    for patient in settings.full_paths:
        if patient not in known:
            yield Problem(
                "configuration",
                f"is nobody of cohort {cohort.name}",
                column="simulation.full_paths",
                value=patient,
                remedy=f"Its ids go from {known[0]} to {known[-1]}.{nearest(patient, known)}",
            )


def _horizon(grid: TimeGrid, settings: SimulationSettings) -> Iterator[Problem]:
    if settings.horizon_weeks > grid.horizon:
        yield Problem(
            "configuration",
            f"must not be after week {grid.horizon:g}, where the grid of person time ends",
            column="simulation.horizon_weeks",
            value=settings.horizon_weeks,
            remedy="Give model.grid a later last edge; the fit is then sampled anew.",
        )
