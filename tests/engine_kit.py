"""A small simulation for tests of where it is computed; run as a program, one that can be killed.

    python tests/engine_kit.py STORE RESULT [ENGINE WORKERS]

stores blocks in the folder STORE, says ``simulating`` when it begins, and writes the hash of all
outcomes to the file RESULT.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from scenarios import Scenario, ScenarioLibrary
from twin.cohort.synthetic import SyntheticSettings, synthetic_cohort
from twin.engine import blocks
from twin.engine.settings import EngineSettings
from twin.engine.simulated import simulated
from twin.engine.store import Store
from twin.fit.arrays import model_spec, records
from twin.fit.settings import ModelSettings
from twin.outcomes.measures import Measures
from twin.outcomes.outcomes import Outcomes
from twin.outcomes.settings import OutcomeSettings
from twin.simulate.prepare import prepare
from twin.simulate.prepared import Prepared
from twin.simulate.settings import SimulationSettings

NAMES = ("usual_care", "app", "digital_self_management", "stepped_care")
SETTINGS = SimulationSettings(draws=40, horizon_weeks=26, progress_bar=False)
DRAWS = 40
LOCAL = EngineSettings()
BLOCK_PEOPLE = 3
"""So that a dozen people are several blocks."""


def scenarios(changes: Mapping[str, Mapping[str, Any]] | None = None) -> list[Scenario]:
    library = ScenarioLibrary(changes=changes or {})
    return [library.load(name) for name in NAMES]


def measures(prepared: Prepared) -> Measures:
    return Measures.of(prepared.design, OutcomeSettings())


def small_blocks() -> None:
    """Cut people into blocks of a few."""
    blocks.PERSON_DRAWS = BLOCK_PEOPLE * DRAWS


def outcomes_of(
    prepared: Prepared,
    folder: Path | None = None,
    *,
    threads: int = 1,
    at_once: int = 8,
    engine: EngineSettings = LOCAL,
) -> Outcomes:
    summary = simulated(
        prepared,
        measures(prepared),
        store=None if folder is None else Store(folder),
        engine=engine,
        threads=threads,
        at_once=at_once,
        progress_bar=False,
    )
    return summary.outcomes()


def digest(found: Outcomes) -> str:
    """Return the hash of every byte of outcomes."""
    told = hashlib.sha256()
    for data in (found.cohort, found.people, found.trajectories):
        for name in sorted(map(str, data.data_vars)):
            told.update(name.encode())
            told.update(np.ascontiguousarray(data[name].to_numpy()).tobytes())
    told.update(found.care.to_csv().encode())
    for key in sorted(found.in_force):
        told.update(found.in_force[key].tobytes())
    for scenario, sums in sorted(found.spread.items()):
        for name in sorted(sums):
            told.update(f"{scenario} {name}".encode() + sums[name].tobytes())
    return told.hexdigest()


def ready(people: int = 12, change: Mapping[str, Mapping[str, Any]] | None = None) -> Prepared:
    from conftest import known_tree

    cohort, truth = synthetic_cohort(SyntheticSettings(people=people, clusters=2), seed=1)
    data = records(cohort, ModelSettings().time_grid)
    fit = known_tree(cohort, model_spec(cohort), data, truth, draws=20)
    return prepare(cohort, fit, scenarios(change), SETTINGS, seed=7)


def main() -> None:
    store, result, *engine = sys.argv[1:]
    small_blocks()
    prepared = ready()
    print("simulating", flush=True)
    told = EngineSettings(kind=engine[0], workers=int(engine[1])) if engine else EngineSettings()
    Path(result).write_text(digest(outcomes_of(prepared, Path(store), engine=told)), "ascii")


if __name__ == "__main__":
    main()
