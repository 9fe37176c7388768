"""A run's people simulated: where, with how much memory, and what is kept of them."""

from __future__ import annotations

from pathlib import Path

from priors import load_evidence
from twin.cohort import Cohort
from twin.config import RunConfig
from twin.elicit.classes import CLASSES
from twin.engine.memory import Room
from twin.engine.simulated import simulated
from twin.engine.store import Store
from twin.instruments import instrument
from twin.outcomes.measures import Measures
from twin.outcomes.natural_history import HistoryOf, Responders
from twin.outcomes.summarise import Summary
from twin.population.published import ENTRY, RESPONSE_POINTS
from twin.simulate.prepared import Prepared

CHUNKS = "chunks"
"""Folder, beside the fits, of what is kept of people who were simulated."""
_GB = 2**30


def simulation(prepared: Prepared, people: Cohort, config: RunConfig, room: Room) -> Summary:
    """Simulate a run's people, and sweep what was kept of those of long ago.

    Parameters
    ----------
    prepared
        What is simulated.
    people
        Who they are.
    config
        The checked configuration.
    room
        How many people are held in memory at once.
    """
    measures = Measures.of(prepared.design, config.report, _history(people, config))
    store = Store(Path(config.output.fits) / CHUNKS) if config.simulation.resume else None
    summary = simulated(
        prepared,
        measures,
        store=store,
        engine=config.engine,
        threads=room.threads,
        at_once=room.at_once,
        progress_bar=config.simulation.progress_bar,
    )
    if store is not None:
        store.sweep(int(config.output.chunks_gb * _GB))
    return summary


def _history(cohort: Cohort, config: RunConfig) -> HistoryOf | None:
    """Whose natural history is followed: that of people drawn from evidence, not of a cohort."""
    if config.population is None or config.twins is not None:
        return None
    entry = load_evidence()[ENTRY].estimate
    assert entry is not None  # a threshold has a number
    scale = instrument("rmdq")
    responders = Responders("disability", entry / scale.range, RESPONSE_POINTS / scale.range)
    kinds = tuple(str(kind) for kind in cohort.patients["episode_class"])
    return HistoryOf(kinds, CLASSES, responders)
