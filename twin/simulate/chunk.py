"""Everything simulated of some of the people."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .care import Care


@dataclass(frozen=True, eq=False)
class Chunk:
    """Everything simulated of consecutive people of a `Design`.

    Attributes
    ----------
    first
        Position of the first of them in `Design.patients`.
    expected
        Expected recorded score, flare and error integrated out, score units, float32, shape
        (scenario, sample, person, week, outcome).
    recorded
        One simulated recorded score, score units, same shape. Week 0 is the baseline score: the
        same under all scenarios and, where the cohort recorded it, in all samples.
    work
        Code of `WORK_STATES` at each week's end, -1 for people without a work process, shape
        (scenario, sample, person, week).
    care
        What the people get, as `care.Care` with a person axis before the sample axis; None where
        nobody asks for it.
    """

    first: int
    expected: npt.NDArray[np.float32]
    recorded: npt.NDArray[np.float32]
    work: npt.NDArray[np.int8]
    care: Care | None = None

    @property
    def people(self) -> int:
        """How many they are."""
        return int(self.expected.shape[2])


def consecutive(people: int, at_once: int) -> Iterator[range]:
    """Yield positions of people, so many at a time.

    Examples
    --------
    >>> list(consecutive(5, 2))
    [range(0, 2), range(2, 4), range(4, 5)]
    """
    for first in range(0, people, at_once):
        yield range(first, min(first + at_once, people))
