"""People in blocks: what is computed, stored and found again as one."""

from __future__ import annotations

from collections.abc import Iterator

from twin.simulate.chunk import consecutive

PERSON_DRAWS = 2**18
"""People times posterior draws of a block: seconds of work, and ten times more people than the sums
over them take the space of."""


def blocks(people: int, draws: int) -> Iterator[range]:
    """Return positions of people, block by block.

    They depend on nothing but these numbers, or a block of one run would not be that of another.

    Parameters
    ----------
    people, draws
        How many there are.

    Examples
    --------
    >>> [(len(block), block.start) for block in blocks(700, 1000)]
    [(262, 0), (262, 262), (176, 524)]
    """
    return consecutive(people, max(1, PERSON_DRAWS // draws))
