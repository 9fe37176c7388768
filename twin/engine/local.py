"""What is kept of a block, found in its files or computed by threads of this program."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

from twin.outcomes.tally import Tally

from .job import Job, joined
from .store import Store

AT_ONCE = 16
"""People whose sums are kept together: a third of a second of work, and many enough that adding
these sums to those of the others takes little of it."""


def processors() -> int:
    """Return how many processors this program may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def found_or_computed(
    job: Job,
    store: Store | None,
    *,
    threads: int,
    done: Callable[[int], None],
    at_once: int = AT_ONCE,
) -> dict[str, Tally]:
    """Return what is kept of a block, by scenario; what was not stored yet is afterwards.

    Parameters
    ----------
    job
        The block.
    store
        Where it may be found, and is kept; None to compute it and keep nothing.
    threads
        How many simulate at the same time.
    done
        Told how many people more are done.
    at_once
        People whose sums are added to those of the others as one.

    Raises
    ------
    InputError
        If there is no room to store it.
    """
    design = job.prepared.design
    keys = job.keys() if store is not None else {}
    found = {}
    for name, key in keys.items():
        tally = store.load(key, job.first) if store is not None else None
        if tally is not None:
            found[name] = tally
    missing = [name for name in design.scenarios if name not in found]
    if not missing:
        done(len(design.patients))
        return found
    # differences from the comparator are of pairs: it is simulated beside whatever is missing
    own = job.under({*missing, design.comparator})
    computed = joined(_told(threaded(own, threads, at_once), done))
    for name in missing:
        if store is not None:
            store.save(keys[name], computed[name])
        found[name] = computed[name]
    return found


def threaded(job: Job, threads: int, at_once: int) -> Iterator[dict[str, Tally]]:
    """Yield what is kept of everybody in a job, some people at a time."""
    if threads == 1:
        yield from map(job.tallied, job.chunks(at_once))
        return
    with ThreadPoolExecutor(threads) as pool:
        # one more than there are threads, so that none waits; not all, or they would pile up
        running: deque[Future[dict[str, Tally]]] = deque()
        for people in job.chunks(at_once):
            if len(running) > threads:
                yield running.popleft().result()
            running.append(pool.submit(job.tallied, people))
        while running:
            yield running.popleft().result()


def _told(
    computed: Iterator[dict[str, Tally]], done: Callable[[int], None]
) -> Iterator[dict[str, Tally]]:
    for found in computed:
        yield found
        done(next(iter(found.values())).people)
