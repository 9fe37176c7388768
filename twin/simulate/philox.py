"""Random bits as a function of a key and a counter: Philox4x32-10.

Nothing is drawn one after the other. Whoever names a key and a counter gets the same four words, in
any order and on any thread, so that no draw can shift another.

Source: Salmon, Moraes, Dror & Shaw 2011, Parallel random numbers: as easy as 1, 2, 3, SC'11,
doi:10.1145/2063384.2063405; the published test vectors are in tests/test_shocks.py.
"""

from __future__ import annotations

import numpy as np

from .kernel import within

_FIRST_FACTOR, _SECOND_FACTOR = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_FIRST_STEP, _SECOND_STEP = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)
_LOW, _HALF = np.uint64(0xFFFFFFFF), np.uint64(32)

type Word = np.uint64
"""A whole number below 2**32; in 64 bits, because products of two are taken."""
type Block = tuple[Word, Word, Word, Word]


@within
def philox(c0: Word, c1: Word, c2: Word, c3: Word, k0: Word, k1: Word) -> Block:
    """Return the four words of a counter of four words under a key of two."""
    # as far as the compiler knows they may be longer, and then products would be dear
    c0, c1, c2, c3 = c0 & _LOW, c1 & _LOW, c2 & _LOW, c3 & _LOW
    # ten rounds, written out: a loop of them keeps the compiler from working on several counters
    c = _round(0, c0, c1, c2, c3, k0, k1)
    c = _round(1, c[0], c[1], c[2], c[3], k0, k1)
    c = _round(2, c[0], c[1], c[2], c[3], k0, k1)
    c = _round(3, c[0], c[1], c[2], c[3], k0, k1)
    c = _round(4, c[0], c[1], c[2], c[3], k0, k1)
    c = _round(5, c[0], c[1], c[2], c[3], k0, k1)
    c = _round(6, c[0], c[1], c[2], c[3], k0, k1)
    c = _round(7, c[0], c[1], c[2], c[3], k0, k1)
    c = _round(8, c[0], c[1], c[2], c[3], k0, k1)
    return _round(9, c[0], c[1], c[2], c[3], k0, k1)


@within
def _round(n: int, c0: Word, c1: Word, c2: Word, c3: Word, k0: Word, k1: Word) -> Block:
    first, second = _FIRST_FACTOR * c0, _SECOND_FACTOR * c2
    k0 = (k0 + np.uint64(n) * _FIRST_STEP) & _LOW
    k1 = (k1 + np.uint64(n) * _SECOND_STEP) & _LOW
    return (second >> _HALF) ^ c1 ^ k0, second & _LOW, (first >> _HALF) ^ c3 ^ k1, first & _LOW
