"""Simulate everyone, some people at a time."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from rich.progress import track

from .care import Care
from .chunk import Chunk
from .design import Design
from .person import simulate_person
from .prepared import Prepared
from .settings import SimulationSettings

_FLOAT, _DOUBLE = 4, 8
_COPIES = 6
"""Arrays of one person's courses in double precision that are alive at once, but for scenarios."""


def simulate(prepared: Prepared, settings: SimulationSettings) -> Iterator[Chunk]:
    """Yield people in the order of the design; how many at a time changes nothing of them.

    Parameters
    ----------
    prepared
        From `prepare`.
    settings
        Memory and progress.
    """
    people = range(len(prepared.design.patients))
    size = chunk_people(prepared.design, settings.memory_mb)
    bar = track(people, "Simulating", disable=not settings.progress_bar, transient=True)
    waiting = []
    for person in bar:
        waiting.append(simulate_person(prepared, person))
        if len(waiting) == size or person == people[-1]:
            *arrays, care = zip(*waiting, strict=True)
            expected, recorded, work = (np.stack(part, axis=2) for part in arrays)
            yield Chunk(
                first=person + 1 - len(waiting),
                expected=expected,
                recorded=recorded,
                work=work,
                care=Care(*(np.stack(part, axis=-2) for part in zip(*care, strict=True))),
            )
            waiting = []


def chunk_people(design: Design, memory_mb: int) -> int:
    """Return how many people fit into so many mebibytes; at least one."""
    courses = design.n_chains * design.n_draws * len(design.weeks) * len(design.outcomes)
    scenarios = len(design.scenarios)
    working = courses * _DOUBLE * (_COPIES + 2 * scenarios)
    kept = 2 * courses * _FLOAT * scenarios
    # while a chunk is put together its people are held twice
    return max(1, int((memory_mb * 2**20 - working) // (2 * kept)))
