"""A run's people simulated: where, with how much memory, and what is kept of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import xarray as xr

from priors import load_evidence
from scenarios import Scenario
from twin.cohort import Cohort
from twin.config import RunConfig
from twin.elicit.classes import CLASSES
from twin.engine.memory import Memory, Room, give_back
from twin.engine.simulated import simulated
from twin.engine.store import Store
from twin.errors import InputError
from twin.instruments import instrument
from twin.outcomes.measures import Measures
from twin.outcomes.natural_history import HistoryOf, NaturalHistory, Responders
from twin.outcomes.outcomes import Outcomes
from twin.outcomes.precision import in_words, more_draws, reached
from twin.outcomes.summarise import Summary
from twin.outcomes.table import contrasts
from twin.population.published import ENTRY, RESPONSE_POINTS
from twin.simulate.prepare import prepare
from twin.simulate.prepared import Prepared

CHUNKS = "chunks"
"""Folder, beside the fits, of what is kept of people who were simulated."""
_GB = 2**30


class Simulated(NamedTuple):
    """A run's people, simulated."""

    prepared: Prepared
    outcomes: Outcomes
    history: NaturalHistory | None
    """How people drawn from evidence fare; None for a cohort."""
    precision: str
    """How precisely differences are told; empty where nothing was asked."""


def simulation(
    people: Cohort,
    fit: xr.DataTree,
    scenarios: Sequence[Scenario],
    config: RunConfig,
    memory: Memory,
) -> Simulated:
    """Simulate a run's people, with more draws until differences are as precise as was asked.

    Parameters
    ----------
    people
        Who they are.
    fit
        What their twins are made of.
    scenarios
        What is simulated.
    config
        The checked configuration.
    memory
        What may be held in memory.
    """
    settings, asked = config.simulation, config.simulation.precision
    draws, limits = memory.size.draws, ""
    while True:
        settings = settings.model_copy(update={"draws": draws})
        prepared = prepare(people, fit, scenarios, settings, config.seed)
        give_back()
        summary = _simulated(prepared, people, config, memory.room(draws))
        outcomes = summary.outcomes()
        if not asked:
            return Simulated(prepared, outcomes, summary.history(), "")
        found = reached(contrasts(outcomes, {}), asked)
        more = more_draws(found, draws, memory.size.drawn)
        if more > draws:
            try:
                memory.room(more)
            except InputError:
                more, limits = draws, " More draws do not fit into memory."
        if more == draws:
            design = prepared.design
            told = in_words(found, design.n_chains * design.n_draws)
            return Simulated(prepared, outcomes, summary.history(), f"Precision: {told}{limits}")
        draws = more


def _simulated(prepared: Prepared, people: Cohort, config: RunConfig, given: Room) -> Summary:
    """Simulate people with so many draws, and sweep what was kept of those of long ago."""
    measures = Measures.of(prepared.design, config.report, _history(people, config))
    store = Store(Path(config.output.fits) / CHUNKS) if config.simulation.resume else None
    summary = simulated(
        prepared,
        measures,
        store=store,
        engine=config.engine,
        threads=given.threads,
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
