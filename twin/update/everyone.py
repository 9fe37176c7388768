"""Everyone's posterior, some people at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import batched
from typing import NamedTuple

import numpy as np
from rich.progress import track

from twin.law.grid import Floats
from twin.law.records import Records

from .stack import Stack
from .update import Known, update

CANDIDATES = 4
"""For each person and draw of the population, where the weights of all draws count together: of
1,000 draws four thousand candidates, of which the median person leaves three quarters in force."""
OWN_CANDIDATES = 16
"""The same where each draw keeps its own: the likeliest of 16 seldom takes half of the chance."""

_AT_ONCE = 32  # people handed to a thread pool before the first of them is waited for


class Run(NamedTuple):
    """How people go through; none of it changes a number but the seed."""

    seed: int
    workers: int = 1
    """Threads."""
    progress: str = ""
    """What the progress bar says; none where empty."""


def update_everyone(
    stack: Stack,
    records: Records,
    patients: Sequence[str],
    week_now: Floats,
    run: Run,
    *,
    reweigh: bool,
) -> Iterator[Known]:
    """Yield everyone's posterior, in the order of the records; see `update.update`.

    Parameters
    ----------
    stack
        Draws of the population.
    records
        Of everyone.
    patients, week_now
        Id and last visit of each.
    run
        Seed, threads and progress.
    reweigh
        Whether people's data tell of the population too.
    """
    one = partial(
        update,
        stack,
        records,
        seed=run.seed,
        candidates=CANDIDATES if reweigh else OWN_CANDIDATES,
        reweigh=reweigh,
    )
    rows = range(len(patients))
    bar = track(rows, run.progress, disable=not run.progress, transient=True)
    with ThreadPoolExecutor(run.workers) as pool:
        for some in batched(bar, _AT_ONCE * run.workers):
            names = [patients[row] for row in some]
            yield from pool.map(one, some, names, [float(week_now[row]) for row in some])


class Found(NamedTuple):
    """Everyone's draws as arrays."""

    parameters: dict[str, Floats]
    """Person parameters by name, shape (place, person) or (place, person, outcome)."""
    missing: Floats
    """Missing covariates, shape (place, gap); gaps by person, then covariate."""
    draw: np.ndarray
    """Draw of the population that each is paired with, shape (place, person)."""
    pareto_k: Floats
    """This and the rest as of `Known`, shape (person,)."""
    ess: Floats
    log_evidence: Floats
    method: list[str]


_OF_PEOPLE = ("log_rate", "start", "set_point", "response")


def gather(everyone: Iterator[Known], people: int, stack: Stack) -> Found:
    """Put people's draws side by side."""
    places, k = stack.n, stack.n_outcomes
    names = (*_OF_PEOPLE, "level_now", "flare_now")
    parameters = {name: np.empty((places, people, k)) for name in names}
    parameters["work_frailty"] = np.empty((places, people))
    draw = np.empty((places, people), dtype=np.int64)
    missing, told, method = [np.empty((places, 0))], [], []
    for row, known in enumerate(everyone):
        for name in _OF_PEOPLE:
            parameters[name][:, row] = getattr(known.people, name)
        parameters["work_frailty"][:, row] = known.people.frailty
        parameters["level_now"][:, row] = known.level_now
        parameters["flare_now"][:, row] = known.flare_now
        draw[:, row] = known.draw
        missing.append(known.missing)
        told.append((known.pareto_k, known.ess, known.log_evidence))
        method.append(known.method)
    pareto_k, ess, log_evidence = np.array(told).reshape(-1, 3).T
    gaps = np.concatenate(missing, axis=1)
    return Found(parameters, gaps, draw, pareto_k, ess, log_evidence, method)
