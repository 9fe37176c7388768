"""What is kept of some people under one scenario once their courses are let go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from .exact_sums import add_counts

type Rows = npt.NDArray[Any]
type Whole = npt.NDArray[np.signedinteger]
"""Whole numbers: of people in 32 bits, of units of scores in 64."""


@dataclass(frozen=True, eq=False)
class Tally:
    """What is kept of consecutive people under one scenario.

    Attributes
    ----------
    first
        Position of the first of them among all people.
    people
        How many they are.
    sums
        What is added up over them, whole numbers, so that the order in which people come changes
        nothing; by name.
    rows
        What is kept of each, person first; by name.
    """

    first: int
    people: int
    sums: Mapping[str, Whole]
    rows: Mapping[str, Rows]


class Joining:
    """Neighbours joined to one, in whatever order they come."""

    def __init__(self) -> None:
        self._sums: dict[str, Whole] = {}
        self._parts: list[tuple[int, int, Mapping[str, Rows]]] = []

    def add(self, part: Tally) -> None:
        """Add people under the same scenario."""
        for name, numbers in part.sums.items():
            # what is counted of workers only is missing where there are none
            if name in self._sums:
                self._sums[name] += numbers
            else:
                self._sums[name] = numbers.copy()
        self._parts.append((part.first, part.people, part.rows))

    def tally(self) -> Tally:
        """Return all of them as one.

        Raises
        ------
        ValueError
            If there is a gap between them, or somebody is in two of them.
        """
        parts = sorted(self._parts, key=lambda part: part[0])
        for (first, people, _), (following, _, _) in pairwise(parts):
            if first + people != following:
                raise ValueError(
                    f"people {first} to {first + people - 1} and those from {following} on do not "
                    "stand side by side"
                )
        every = [rows for _, _, rows in parts]
        return Tally(
            first=parts[0][0],
            people=sum(people for _, people, _ in parts),
            sums=self._sums,
            rows={name: np.concatenate([rows[name] for rows in every]) for name in every[0]},
        )


class Tallying:
    """A tally while people are added to it, one after the other.

    Parameters
    ----------
    first
        Position of the first person among all people.
    """

    def __init__(self, first: int) -> None:
        self._first = first
        self._sums: dict[str, Whole] = {}
        self._rows: dict[str, list[Rows]] = {}

    def total(self, name: str, shape: tuple[int, ...], dtype: type = np.int64) -> Whole:
        """Return what was added up so far under a name, to be added to in place."""
        if name not in self._sums:
            self._sums[name] = np.zeros(shape, dtype)
        return self._sums[name]

    def add(self, name: str, numbers: npt.NDArray[Any]) -> None:
        """Add whole numbers, or truths, of one person to what is added up under a name."""
        if numbers.dtype == np.bool_:
            add_counts(numbers, self.total(name, numbers.shape, np.int32))
        else:
            self.total(name, numbers.shape)[...] += numbers

    def keep(self, name: str, row: npt.ArrayLike) -> None:
        """Keep something of one person under a name."""
        self._rows.setdefault(name, []).append(np.asarray(row))

    def tally(self, people: int) -> Tally:
        """Return what was added of so many people."""
        rows = {name: np.stack(kept) for name, kept in self._rows.items()}
        return Tally(self._first, people, self._sums, rows)
