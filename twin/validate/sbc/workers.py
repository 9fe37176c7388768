"""Replicates on several processes; how many there are changes no number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context

from twin.fit.reuse import ReusableModel
from twin.fit.settings import SamplerSettings

from .faults import FAULTS
from .replicate import Outcome, compiled_model, run_replicate


def run_replicates(
    seeds: Sequence[int], people: int, sampler: SamplerSettings, fault: str, workers: int
) -> Iterator[Outcome]:
    """Yield outcomes as they come, from worker processes that compile the model once each.

    Parameters
    ----------
    seeds
        Of the replicates.
    people
        In each cohort.
    sampler
        Of each fit.
    fault
        Name of the fault that is planted, of `FAULTS`.
    workers
        Most processes at once.
    """
    if not seeds:
        return
    # not forked: numba and nutpie run threads of their own
    with ProcessPoolExecutor(
        min(workers, len(seeds)),
        mp_context=get_context("spawn"),
        initializer=_compile,
        initargs=(people,),
    ) as pool:
        waiting = [pool.submit(_replicate, seed, people, sampler, fault) for seed in seeds]
        for finished in as_completed(waiting):
            yield finished.result()


_model: ReusableModel | None = None  # of this worker process


def _compile(people: int) -> None:
    global _model  # noqa: PLW0603  (an initialiser has no other way to hand on what it made)
    _model = compiled_model(people)


def _replicate(seed: int, people: int, sampler: SamplerSettings, fault: str) -> Outcome:
    assert _model is not None
    return run_replicate(_model, seed, people, sampler, FAULTS[fault])
