"""Everybody simulated: blocks found in their files or computed, and added up."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from twin.outcomes.measures import Measures
from twin.outcomes.summarise import Summary
from twin.outcomes.tally import Tally
from twin.simulate.prepared import Prepared

from .blocks import blocks
from .job import Job
from .local import AT_ONCE, found_or_computed
from .memory import give_back
from .progress import progress
from .settings import EngineSettings
from .store import Store


def simulated(
    prepared: Prepared,
    measures: Measures,
    *,
    store: Store | None,
    engine: EngineSettings,
    threads: int,
    progress_bar: bool,
    at_once: int = AT_ONCE,
) -> Summary:
    """Simulate everybody; no number depends on where, or on how many at a time.

    Parameters
    ----------
    prepared, measures
        What is simulated, and what is read out of it.
    store
        Where blocks are found and kept; None to compute all of them and keep none.
    engine
        Where it is computed.
    threads
        How many of this program simulate at the same time.
    progress_bar
        Whether to show one, where somebody looks on.
    at_once
        People whose sums are added to those of the others as one; of a cluster its workers decide.

    Raises
    ------
    InputError
        If there is no room to store a block, or a cluster cannot be reached.
    """
    design = prepared.design
    job, summary = Job.of(prepared, measures), Summary(design, measures)
    people = len(design.patients)
    cut = list(blocks(people, design.n_chains * design.n_draws))
    with progress(people, progress_bar) as done:
        for found in _computed(job, cut, store, engine, threads, at_once, done):
            summary.add(found)
            del found
            give_back()
    return summary


def _computed(
    job: Job,
    cut: list[range],
    store: Store | None,
    engine: EngineSettings,
    threads: int,
    at_once: int,
    done: Callable[[int], None],
) -> Iterator[dict[str, Tally]]:
    if engine.kind == "dask":
        from .cluster import on_cluster

        yield from on_cluster(job, cut, store, engine, done)
        return
    for block in cut:
        yield found_or_computed(
            job.block(block), store, threads=threads, at_once=at_once, done=done
        )
