"""Simulate people, some at a time."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .care import Care
from .chunk import Chunk, consecutive
from .person import simulate_person
from .prepared import Prepared


def simulate(prepared: Prepared, at_once: int = 16) -> Iterator[Chunk]:
    """Yield everybody in the order of the design; how many at a time changes nothing of them.

    Parameters
    ----------
    prepared
        From `prepare`.
    at_once
        Most people of a chunk: memory grows with it.
    """
    for people in consecutive(len(prepared.design.patients), at_once):
        yield simulate_people(prepared, people)


def simulate_people(prepared: Prepared, people: range) -> Chunk:
    """Return consecutive people of the design under every scenario.

    Parameters
    ----------
    prepared
        From `prepare` or `part`.
    people
        Their positions.
    """
    design = prepared.design
    scores = (
        *(len(design.scenarios), design.n_chains * design.n_draws, len(people)),
        *(len(design.weeks), len(design.outcomes)),
    )
    expected, recorded = np.empty(scores, np.float32), np.empty(scores, np.float32)
    work = np.empty(scores[:-1], dtype=np.int8)
    care = []
    for place, person in enumerate(people):
        found = simulate_person(prepared, person)
        expected[:, :, place], recorded[:, :, place] = found.expected, found.recorded
        work[:, :, place] = found.work
        care.append(found.care)
    together = Care(*(np.stack(part, axis=-2) for part in zip(*care, strict=True)))
    return Chunk(people.start, expected, recorded, work, together)
