"""Simulate people, some at a time."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .care import Care
from .chunk import Chunk, consecutive
from .person import fill
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
        *(len(people), len(design.scenarios), design.n_chains * design.n_draws),
        *(len(design.weeks), len(design.outcomes)),
    )
    # in memory a person's courses stand together, whatever the order of the axes
    expected, recorded = np.empty(scores, np.float32), np.empty(scores, np.float32)
    work = np.empty(scores[:-1], dtype=np.int8)
    care = [
        fill(prepared, person, expected[place], recorded[place], work[place])
        for place, person in enumerate(people)
    ]
    together = Care(*(np.stack(part, axis=-2) for part in zip(*care, strict=True)))
    return Chunk(
        people.start,
        expected=np.moveaxis(expected, 0, 2),
        recorded=np.moveaxis(recorded, 0, 2),
        work=np.moveaxis(work, 0, 2),
        care=together,
    )
