"""Blocks computed by the workers of a Dask cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from twin.errors import InputError, Problem
from twin.outcomes.tally import Tally
from twin.simulate.part import People, people_of

from .job import Job, joined
from .local import found_or_computed, processors
from .settings import EngineSettings
from .store import Store

if TYPE_CHECKING:
    from distributed import Client

_JOINED = 8
"""Results that are joined to one, level by level of a tree."""
_AHEAD = 4
"""Blocks for each thread of the cluster that are sent before one is done, so that none waits."""
_PATIENCE = "20s"


def on_cluster(
    job: Job,
    cut: list[range],
    store: Store | None,
    engine: EngineSettings,
    done: Callable[[int], None],
) -> Iterator[dict[str, Tally]]:
    """Yield what is kept of everybody.

    What all people share goes to every worker once, what belongs to people with their block, and
    what is kept of them comes back joined as a tree. A worker that dies is replaced by others: its
    blocks are computed again, or found where they were stored.

    Parameters
    ----------
    job
        What is computed.
    cut
        Positions of people, block by block.
    store
        A folder that the workers can write to; one that they do not share serves each alone.
    engine
        Which cluster.
    done
        Told how many people more are done.

    Raises
    ------
    InputError
        If Dask is not installed, or there is no cluster at the address.
    """
    with _client(engine) as client:
        from distributed import as_completed

        shared = client.scatter(job.shared(), broadcast=True, hash=False)

        def sent(block: range) -> Any:
            people = people_of(job.prepared, block.start, block.stop)
            return client.submit(_block, shared, block, people, store, pure=False)

        ahead = _AHEAD * max(sum(client.nthreads().values()), 1)
        waiting = iter(cut)
        size = {sent(block): block for _, block in zip(range(ahead), waiting, strict=False)}
        finished: list[Any] = []
        running = as_completed(list(size))
        for future in running:
            future.result()  # raises what the worker raised
            finished.append(future)
            done(len(size[future]))
            for block in waiting:
                following = sent(block)
                size[following] = block
                running.add(following)
                break
        # neighbours are joined, so that each level is of people who stand side by side
        level = sorted(finished, key=lambda future: size[future].start)
        size.clear()
        finished.clear()
        while len(level) > 1:
            groups = [level[at : at + _JOINED] for at in range(0, len(level), _JOINED)]
            level = [client.submit(joined, group, pure=False) for group in groups]
        yield level[0].result()


def _block(shared: Job, block: range, people: People, store: Store | None) -> dict[str, Tally]:
    """Compute one block, on a worker."""
    job = shared.with_people(block, people)
    return found_or_computed(job, store, threads=1, done=lambda _: None)


@contextmanager
def _client(engine: EngineSettings) -> Iterator[Client]:
    """Reach a cluster, or start one on this machine for as long as it is needed."""
    try:
        from distributed import Client, LocalCluster
    except ModuleNotFoundError as error:
        rule = "needs Dask, which is not installed"
        remedy = "Install it: pip install 'backtwin[dask]', or choose engine=local."
        raise InputError(
            [Problem("configuration", rule, None, "engine", "dask", remedy)]
        ) from error
    if engine.scheduler is None:
        workers = engine.workers or processors()
        with (
            LocalCluster(
                n_workers=workers, threads_per_worker=1, dashboard_address=None
            ) as cluster,
            Client(cluster) as client,
        ):
            yield client
        return
    try:
        client = Client(engine.scheduler, timeout=_PATIENCE)
    except (OSError, TimeoutError, ValueError) as error:
        rule = f"cannot be reached ({' '.join(str(error).split()) or type(error).__name__})"
        remedy = "Start one there: dask scheduler, and workers with dask worker ADDRESS."
        raise InputError(
            [Problem("configuration", rule, None, "engine.scheduler", engine.scheduler, remedy)]
        ) from error
    with client:
        yield client
