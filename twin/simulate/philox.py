"""Random bits as a function of a key and a counter: Philox4x32-10.

Nothing is drawn one after the other. Whoever names a key and a counter gets the same four words, in
any order and on any thread, so that no draw can shift another.

Source: Salmon, Moraes, Dror & Shaw 2011, Parallel random numbers: as easy as 1, 2, 3, SC'11,
doi:10.1145/2063384.2063405; the published test vectors are in tests/test_shocks.py.
"""

from __future__ import annotations

import numpy as np

from .kernel import kernel

ROUNDS = 10
_MULTIPLIER = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_WEYL = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)
_LOW, _HALF = np.uint64(0xFFFFFFFF), np.uint64(32)

type Word = np.uint64
"""A whole number below 2**32; in 64 bits, because products of two are taken."""


@kernel
def philox(
    c0: Word, c1: Word, c2: Word, c3: Word, k0: Word, k1: Word
) -> tuple[Word, Word, Word, Word]:
    """Return the four words of a counter of four words under a key of two."""
    for _ in range(ROUNDS):
        p0, p1 = _MULTIPLIER[0] * c0, _MULTIPLIER[1] * c2
        c0, c1, c2, c3 = (p1 >> _HALF) ^ c1 ^ k0, p1 & _LOW, (p0 >> _HALF) ^ c3 ^ k1, p0 & _LOW
        k0, k1 = (k0 + _WEYL[0]) & _LOW, (k1 + _WEYL[1]) & _LOW
    return c0, c1, c2, c3
