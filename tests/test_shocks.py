"""Random numbers by address: the published bits, the right distribution, and nothing shared.

Seeds are fixed, so that a test either always passes or always fails; bounds are five standard
errors unless a comment says otherwise.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from twin.simulate.philox import philox
from twin.simulate.shocks import PER_BLOCK, Shocks, weekly_normals
from twin.simulate.variates import exponential, normal_pair, uniform

type Floats = NDArray[np.float64]

ONES = 0xFFFFFFFF
# the file kat_vectors of Random123, the authors' own code
PUBLISHED = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((ONES,) * 4, (ONES,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    # digits of pi
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]


def word(value: int) -> np.uint64:
    return np.uint64(value)


@pytest.mark.parametrize(("counter", "key", "wanted"), PUBLISHED)
def test_the_generator_gives_the_published_words(
    counter: tuple[int, ...], key: tuple[int, ...], wanted: tuple[int, ...]
) -> None:
    assert philox(*map(word, counter), *map(word, key)) == wanted


def some_words() -> Iterator[int]:
    yield from (0, 1, 2**30 - 1, 2**30, 2**31, 2**32 - 2, ONES)
    yield from np.random.default_rng(1).integers(2**32, size=500).tolist()


def test_exponential_numbers_are_logarithms() -> None:
    for one in some_words():
        wanted = -math.log((one + 0.5) / 2**32)
        assert exponential(word(one)) == pytest.approx(wanted, rel=1e-12)


def test_pairs_of_normal_numbers_are_those_of_box_and_muller() -> None:
    for first in some_words():
        second = (first * 2654435761 + 12345) % 2**32
        distance = math.sqrt(-2 * math.log((first + 0.5) / 2**32))
        quarter, place = divmod(second, 2**30)
        angle = math.pi / 2 * (quarter + (place + 0.5) / 2**30 - 0.5)
        wanted = (distance * math.cos(angle), distance * math.sin(angle))
        assert normal_pair(word(first), word(second)) == pytest.approx(wanted, abs=1e-11)


def test_uniform_numbers_are_neither_0_nor_1() -> None:
    assert uniform(word(0), word(0)) == 2.0**-53
    assert uniform(word(ONES), word(ONES)) == 1 - 2.0**-53


N = 400_000


def shocks(seed: int = 1, patient: str = "p1", chain: int = 0, first: int = 0) -> Shocks:
    draw = np.arange(first, first + N, dtype=np.uint64)
    return Shocks(seed, patient, np.full(N, chain, dtype=np.uint64), draw)


def by_week(one: Shocks, purpose: str, draws: int, weeks: int, first: int = 0) -> Floats:
    """Weekly normals of the first draws, shape (draw, number, week)."""
    at, words = one.address(purpose), np.empty((PER_BLOCK, weeks), dtype=np.uint64)
    result = np.empty((draws, PER_BLOCK, weeks))
    for i in range(draws):
        weekly_normals((at.k0, at.k1, at.chain[i], at.draw[i]), first, words, result[i])
    return result


def test_normal_numbers_are_normal() -> None:
    x = shocks().normals("a", 4).ravel()
    assert stats.kstest(x, "norm").pvalue > 1e-3
    for power, moment in ((1, 0), (2, 1), (3, 0), (4, 3), (6, 15)):
        variance = math.prod(range(1, 4 * power, 2)) ** 0.5  # SD of x^p is below that of E x^2p
        assert abs((x**power).mean() - moment) < 5 * variance / math.sqrt(len(x))
    for bound in (2.5, 3.5, 4.5):
        wanted = len(x) * 2 * stats.norm.sf(bound)
        assert abs((np.abs(x) > bound).sum() - wanted) < 5 * math.sqrt(wanted)


def test_uniform_numbers_are_uniform() -> None:
    found = np.bincount((shocks().uniform("a") * 1000).astype(int), minlength=1000)
    assert len(found) == 1000
    assert stats.chisquare(found).pvalue > 1e-3


def neighbours() -> Iterator[tuple[str, Floats, Floats]]:
    """Yield numbers whose addresses differ as little as addresses can."""
    own = shocks().normal("a")
    yield "seed", own, shocks(seed=2).normal("a")
    yield "person", own, shocks(patient="p2").normal("a")
    yield "purpose", own, shocks().normal("b")
    yield "chain", own, shocks(chain=1).normal("a")
    yield "draw", own, shocks(first=1).normal("a")
    four = shocks().normals("a", 8)
    yield "number in a block", four[:, 0], four[:, 1]
    yield "number in pairs", four[:, 1], four[:, 2]
    yield "block", four[:, 3], four[:, 7]
    weekly = by_week(shocks(), "a", 8_000, 53)
    yield "week", weekly[:, :, 1:].ravel(), weekly[:, :, :-1].ravel()
    yield "seed and person", shocks(seed=11).normal("a"), shocks(seed=1, patient="1p1").normal("a")
    yield "uniform", shocks().uniform("a"), shocks(seed=2).uniform("a")


def test_neighbouring_addresses_have_independent_numbers() -> None:
    for what, one, other in neighbours():
        # sizes and signs too: numbers may be uncorrelated and still come together
        for f in (lambda x: x, np.square, np.exp, lambda x: x > x.mean()):
            found = np.corrcoef(f(one), f(other))[0, 1]
            assert abs(found) < 5 / math.sqrt(len(one)), what


def test_no_two_of_many_addresses_share_their_numbers() -> None:
    found = np.concatenate(
        [
            shocks(seed, patient).normals(purpose, 4)[:500].ravel()
            for seed in range(5)
            for patient in ("p1", "p2", "p12", "12")
            for purpose in ("a", "b", "residual")
        ]
    )
    # 120,000 of about 2^64 pairs of words
    assert len(np.unique(found)) == len(found)


def test_a_number_depends_on_its_own_address_only() -> None:
    whole = shocks().normals("a", 8)
    np.testing.assert_array_equal(shocks().normals("a", 3), whole[:, :3])
    some = np.array([7, 3, 399_999])
    few = Shocks(1, "p1", np.zeros(3, dtype=np.uint64), some.astype(np.uint64))
    np.testing.assert_array_equal(few.normals("a", 8), whole[some])
    np.testing.assert_array_equal(few.uniform("a", 5), shocks().uniform("a", 5)[some])
    long, short = by_week(shocks(), "a", 20, 53), by_week(shocks(), "a", 20, 10)
    np.testing.assert_array_equal(short, long[:, :, :10])
    second = by_week(shocks(), "a", 20, 1, first=PER_BLOCK)
    np.testing.assert_array_equal(second[:, :, 0], whole[:20, PER_BLOCK:])
