"""Simulate people, some at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

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
    room = _Room.of(prepared, len(people))
    care = [
        fill(prepared, person, room.expected[place], room.recorded[place], room.work[place])
        for place, person in enumerate(people)
    ]
    return room.chunk(people.start, care)


def one_by_one(prepared: Prepared, people: range) -> Iterator[Chunk]:
    """Yield people alone, each in the memory of the one before.

    A chunk holds until the next is asked for: so the system need not give memory for each of them,
    nor take it back.
    """
    room = _Room.of(prepared, 1)
    for person in people:
        care = fill(prepared, person, room.expected[0], room.recorded[0], room.work[0])
        yield room.chunk(person, [care])


class _Room(NamedTuple):
    """Memory for the courses of some people: those of one stand together."""

    expected: npt.NDArray[np.float32]
    """Shape (person, scenario, sample, week, outcome)."""
    recorded: npt.NDArray[np.float32]
    """Same shape."""
    work: npt.NDArray[np.int8]
    """Shape (person, scenario, sample, week)."""

    @classmethod
    def of(cls, prepared: Prepared, people: int) -> _Room:
        design = prepared.design
        weeks = (design.n_chains * design.n_draws, len(design.weeks))
        courses = (people, len(design.scenarios), *weeks)
        scores = (*courses, len(design.outcomes))
        return cls(
            np.empty(scores, np.float32), np.empty(scores, np.float32), np.empty(courses, np.int8)
        )

    def chunk(self, first: int, care: Sequence[Care]) -> Chunk:
        """Return it as a chunk of people from one position on."""
        return Chunk(
            first,
            expected=np.moveaxis(self.expected, 0, 2),
            recorded=np.moveaxis(self.recorded, 0, 2),
            work=np.moveaxis(self.work, 0, 2),
            care=Care(*(np.stack(part, axis=-2) for part in zip(*care, strict=True))),
        )
