"""The random numbers of one person: they depend on nobody else and on no scenario.

Every number has an address. The key is a hash of seed, purpose and person; the counter is a number
(of the shock or the event), a week (or what stands in its place), and the posterior draw. So
neither the horizon, nor who else is simulated, nor in which order, nor how many draws are used,
changes any of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.keyed import key
from twin.law.grid import Floats

from .kernel import kernel
from .philox import Word, philox
from .variates import normal_pair, uniform

type Words = NDArray[np.uint64]
type Where = tuple[Word, Word, Word, Word]
"""Key, chain and draw: what the numbers of one person, purpose and sample have in common."""

PER_BLOCK = 4
"""Words, and so normal numbers, of one counter."""


class Address(NamedTuple):
    """What is common to the numbers of one person and purpose."""

    k0: Word
    k1: Word
    """The key."""
    chain: Words
    draw: Words
    """The posterior draw of each sample, shape (sample,)."""


@dataclass(frozen=True)
class Shocks:
    """Random numbers of one person, each with a purpose.

    Attributes
    ----------
    seed
        Of the run.
    patient
        Id of the person.
    chain, draw
        Posterior draw that each sample is, as the fit numbers them, shape (sample,).
    """

    seed: int
    patient: str
    chain: Words
    draw: Words

    @property
    def samples(self) -> int:
        """Number of posterior draws."""
        return len(self.draw)

    def address(self, purpose: str) -> Address:
        """Return where the numbers of a purpose stand."""
        bits = key(self.seed, purpose, self.patient)
        low = 2**32 - 1
        return Address(np.uint64(bits & low), np.uint64(bits >> 32 & low), self.chain, self.draw)

    def normal(self, purpose: str) -> Floats:
        """Standard normal numbers, shape (sample,)."""
        return self.normals(purpose, 1)[:, 0]

    def normals(self, purpose: str, count: int) -> Floats:
        """Several standard normal numbers for each sample, shape (sample, count)."""
        return np.asarray(_normals(self.address(purpose), count))

    def uniform(self, purpose: str, week: int = 0) -> Floats:
        """Numbers between 0 and 1, shape (sample,)."""
        return np.asarray(_uniforms(self.address(purpose), np.uint64(week)))


@kernel
def _normals(at: Address, count: int) -> Floats:
    result = np.empty((len(at.draw), count))
    block = np.empty(PER_BLOCK)
    for i in range(len(at.draw)):
        for first in range(0, count, PER_BLOCK):
            number = np.uint64(first // PER_BLOCK)
            a, b, c, d = philox(number, np.uint64(0), at.draw[i], at.chain[i], at.k0, at.k1)
            block[0], block[1] = normal_pair(a, b)
            block[2], block[3] = normal_pair(c, d)
            for n in range(first, min(first + PER_BLOCK, count)):
                result[i, n] = block[n - first]
    return result


@kernel
def _uniforms(at: Address, week: Word) -> Floats:
    result = np.empty(len(at.draw))
    for i in range(len(at.draw)):
        a, b, _, _ = philox(np.uint64(0), week, at.draw[i], at.chain[i], at.k0, at.k1)
        result[i] = uniform(a, b)
    return result


@kernel
def weekly_normals(where: Where, first: int, words: Words, result: Floats) -> None:
    """Fill four standard normal numbers of one sample for every week.

    Parameters
    ----------
    where
        The person, purpose and sample.
    first
        Number of the first of the four, a multiple of four.
    words
        Room for as many words, shape (4, week).
    result
        Filled, same shape; the first column is that of week 0.
    """
    _fill_words(where, np.uint64(first // PER_BLOCK), words)
    for pair in range(0, PER_BLOCK, 2):
        _fill_pairs(words[pair], words[pair + 1], result[pair], result[pair + 1])


# One plain loop in each function: so the compiler sees that it can work on several weeks at once.
@kernel
def _fill_words(where: Where, number: Word, words: Words) -> None:
    k0, k1, chain, draw = where
    for week in range(words.shape[1]):
        a, b, c, d = philox(number, np.uint64(week), draw, chain, k0, k1)
        words[0, week] = a
        words[1, week] = b
        words[2, week] = c
        words[3, week] = d


@kernel
def _fill_pairs(first: Words, second: Words, one: Floats, other: Floats) -> None:
    for week in range(len(first)):
        one[week], other[week] = normal_pair(first[week], second[week])
