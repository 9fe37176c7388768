"""From a checked configuration to a folder of results."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import xarray as xr

from twin.cohort import Cohort, read_cohort
from twin.cohort.synthetic import SyntheticSettings, synthetic_cohort
from twin.config import RunConfig
from twin.diagnose.dropout_settings import dropout_deltas
from twin.engine.local import processors
from twin.engine.memory import MB, Memory, Size, half_of_free, held_now
from twin.engine.store import space
from twin.errors import check_names
from twin.fit.arrays import model_spec, records
from twin.fit.plan import FitPlan
from twin.outcomes.precision import check_precision
from twin.outcomes.thresholds import harm_changes, important_changes

from .announcement import announcement, draws_of_twins
from .chosen import chosen_scenarios
from .chosen_priors import chosen_priors
from .run_folder import REPORT, run_folder

if TYPE_CHECKING:
    from .unseen import Unseen


def run(config: RunConfig) -> Path:
    """Run a configuration and return the path of its report.

    Parameters
    ----------
    config
        The checked configuration; its paths start from the current directory.

    Raises
    ------
    InputError
        If the cohort, a scenario or an earlier fit cannot be used.
    ConvergenceError
        If the fit did not converge and the configuration does not accept that.
    """
    timings: dict[str, float] = {}
    with _timed("cohort", timings):
        cohort, truth = _cohort(config)
    plan = FitPlan(
        cohort=cohort,
        model=config.model,
        priors=chosen_priors(config.priors, cohort),
        sampler=config.sampler,
        fit=config.fit,
        seed=config.seed,
        folder=Path(config.output.fits),
    )
    # refuses what the model cannot carry: visits beyond its grid, modifiers that are not there
    records(cohort, config.model.time_grid)
    model_spec(cohort, config.model)
    dropout_deltas(cohort, config.dropout)
    unseen = _unseen(config, plan)
    people = cohort if unseen is None else unseen.cohort
    scenarios = chosen_scenarios(config, people)
    important_changes(people.outcomes, config.report)  # refuse thresholds of unknown outcomes
    harm_changes(people.outcomes, config.report)
    check_names("simulation.secular_trend", config.simulation.secular_trend, people.outcomes)
    folder = run_folder(config, people)
    reused = config.population is None and plan.path.exists()
    check_precision(config.simulation.precision, people.outcomes, people.has_work)
    memory = _memory(config, people, len(scenarios), draws_of_twins(config, unseen))
    given = memory.room(memory.size.draws)
    print(announcement(config, plan, people, scenarios, folder, given, unseen), flush=True)

    # Whatever is wrong with the input has been said by now: PyMC takes seconds to load.
    from twin.simulate.paths import full_paths
    from twin.twins import TwinEnsemble

    from .headlines import headlines
    from .outputs import RunFacts, write_outputs
    from .people import diagnosed, known_people
    from .simulation import simulation

    with _timed("fit", timings):
        fit, told, stored = known_people(plan, config, unseen)
        outlook = {} if unseen is None else unseen.outlook(fit)
    news = "" if unseen is None else unseen.news(fit, outlook)
    blocks = [told, *([news] if news else []), str(TwinEnsemble(fit))]
    print("\n" + "\n\n".join(blocks) + "\n", flush=True)
    with _timed("simulation", timings):
        prepared, outcomes, history, precision = simulation(people, fit, scenarios, config, memory)
        named = config.simulation.full_paths
        paths = full_paths(prepared, named) if named else None
    if precision:
        print(f"{precision}\n", flush=True)
    with _timed("diagnostics", timings):
        diagnostics = diagnosed(plan, fit, outcomes, config, history)
    facts = RunFacts(
        config=config,
        plan=plan,
        cohort=people,
        scenarios=scenarios,
        fit=fit,
        stored=stored,
        truth=truth if unseen is None else None,
        reused=reused,
        paths=paths,
        diagnostics=diagnostics,
        unseen=unseen,
        outlook=outlook,
        news=news,
        precision=precision,
    )
    with space(folder):
        contrasts = write_outputs(folder, facts, prepared.design, outcomes, timings)
    recalled = [what for scenario in scenarios for what in scenario.recalled]
    print(headlines(contrasts, prepared.design, outcomes.level, recalled), flush=True)
    return folder / REPORT


def _cohort(config: RunConfig) -> tuple[Cohort, xr.Dataset | None]:
    """Draw, generate or read the people; only those of a generated trial have a truth."""
    if config.population is not None:
        from priors import load_evidence
        from twin.instruments import instruments
        from twin.population.cohort import evidence_cohort

        evidence = load_evidence(instruments=instruments())
        return evidence_cohort(config.population, evidence, config.seed), None
    if isinstance(config.cohort, SyntheticSettings):
        return synthetic_cohort(config.cohort, config.seed)
    assert config.cohort is not None  # the configuration has one or the other
    return read_cohort(config.cohort, Path()), None


def _memory(config: RunConfig, people: Cohort, scenarios: int, drawn: int) -> Memory:
    """What the simulation of a run may take."""
    told = config.simulation
    size = Size(
        people=people.n,
        draws=min(told.draws, drawn),
        weeks=told.horizon_weeks + 1,
        outcomes=len(people.outcomes),
        scenarios=scenarios,
        drawn=drawn,
        from_evidence=config.population is not None and config.twins is None,
    )
    limit = half_of_free() if told.memory_mb is None else told.memory_mb * MB
    return Memory(size, held_now(), limit, config.engine.workers or processors())


def _unseen(config: RunConfig, plan: FitPlan) -> Unseen | None:
    """Read people whom the fit never saw, where there are any."""
    if config.twins is None:
        return None
    from .unseen import unseen_people

    return unseen_people(config, plan)


@contextmanager
def _timed(stage: str, timings: dict[str, float]) -> Iterator[None]:
    since = time.perf_counter()
    yield
    timings[stage] = round(time.perf_counter() - since, 3)
