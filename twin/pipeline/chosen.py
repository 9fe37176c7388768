"""Which scenarios a run simulates."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from pydantic import ValidationError

from scenarios import Intervention, Scenario, ScenarioLibrary
from scenarios.intervention import FROM_THE_FIT
from twin.cohort import Cohort
from twin.config import AUTO, RunConfig
from twin.errors import InputError, Problem, from_validation
from twin.simulate.check import check_scenarios, unmet


def chosen_scenarios(config: RunConfig, cohort: Cohort) -> tuple[Scenario, ...]:
    """Read the scenarios of a run and check them against its cohort, the comparator first.

    Raises
    ------
    InputError
        If a file cannot be read, says something impossible, or asks of the cohort what it does
        not have.
    """
    library = ScenarioLibrary(
        setting=config.simulation.setting,
        without=cohort.own_evidence,
        folder=None if config.scenario_folder is None else Path(config.scenario_folder),
        changes=config.scenarios,
    )
    if config.scenario == AUTO:
        every = _read(library.names, library)
        meant = [scenario for scenario in every if scenario.in_auto]
        chosen = [scenario for scenario in meant if not any(unmet(scenario, cohort))]
    else:
        chosen = _read(config.scenario, library)
    check_scenarios(chosen, cohort, config.model.time_grid, config.simulation)
    chosen = [with_estimates(scenario, cohort) for scenario in chosen]
    comparator = config.simulation.comparator
    return tuple(sorted(chosen, key=lambda scenario: scenario.name != comparator))


def _read(names: Iterable[str], library: ScenarioLibrary) -> list[Scenario]:
    """Read scenarios, or say at once what is wrong with each of them."""
    scenarios: list[Scenario] = []
    problems: list[Problem] = []
    for name in names:
        try:
            scenarios.append(library.load(name))
        except ValidationError as error:
            file = library.shown(name)
            problems += from_validation(error, file, Scenario).problems
        except (OSError, ValueError) as error:
            problems.append(Problem("configuration", str(error).removesuffix(".")))
    if problems:
        raise InputError(problems)
    return scenarios


def with_estimates(scenario: Scenario, cohort: Cohort) -> Scenario:
    """Let an intervention that an arm of the cohort received have the effect estimated there."""
    received = {arm.intervention for arm in cohort.arms.values()}
    interventions = tuple(
        Intervention.model_validate(
            one.model_dump(exclude=set(FROM_THE_FIT))
            | {
                "arm": one.name,
                "effects": [effect.model_dump() for effect in one.effects if not effect.on_outcome],
            }
        )
        if one.arm is None and one.name in received
        else one
        for one in scenario.interventions
    )
    return scenario.model_copy(update={"interventions": interventions})
