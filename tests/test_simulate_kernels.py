"""The compiled loops of the simulator against the law as it is written, and against closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from twin.simulate.noise import Noise, residuals, start_of
from twin.simulate.shocks import PER_BLOCK, Shocks, weekly_normals

type Floats = NDArray[np.float64]


def shocks_of(samples: int) -> Shocks:
    draw = np.arange(samples, dtype=np.uint64)
    return Shocks(3, "somebody", np.zeros(samples, dtype=np.uint64), draw)


def numbers(one: Shocks, purpose: str, weeks: int, count: int) -> Floats:
    """Weekly normals, shape (sample, number, week)."""
    at, words = one.address(purpose), np.empty((PER_BLOCK, weeks), dtype=np.uint64)
    blocks = -(-count // PER_BLOCK)
    result = np.empty((one.samples, blocks * PER_BLOCK, weeks))
    for i in range(one.samples):
        for first in range(0, count, PER_BLOCK):
            own = result[i, first : first + PER_BLOCK]
            weekly_normals(at.k0, at.k1, at.chain[i], at.draw[i], first, words, own)
    return result[:, :count]


def noise_of(samples: int, outcomes: int, rng: np.random.Generator) -> Noise:
    """Noise with nothing symmetric or zero in it, and not the same in any two draws."""
    flare_sd = rng.uniform(0.05, 0.15, size=(samples, outcomes))
    factor = np.tril(rng.uniform(0.2, 0.8, size=(samples, outcomes, outcomes)))
    factor /= np.sqrt((factor**2).sum(axis=2, keepdims=True))
    correlation = factor @ factor.swapaxes(1, 2)
    return Noise(
        flare_sd,
        rng.uniform(0.03, 0.1, size=(samples, outcomes)),
        flare_sd[:, :, None] * flare_sd[:, None, :] * correlation,
        np.linalg.cholesky(correlation),
        rng.uniform(1, 9, size=samples),
    )


# Flares and errors


@pytest.mark.parametrize("outcomes", [1, 2, 3, 5])
@pytest.mark.parametrize("unseen", [None, 0])
def test_residuals_are_those_of_the_law_as_it_is_written(outcomes: int, unseen: int | None) -> None:
    samples, weeks = 7, 20
    rng = np.random.default_rng(outcomes)
    noise, shocks = noise_of(samples, outcomes, rng), shocks_of(samples)
    level = rng.uniform(0.1, 0.9, size=(samples, outcomes))
    score, rounding = rng.uniform(0.1, 0.9, size=outcomes), rng.uniform(0, 0.01, size=outcomes)
    if unseen is not None:
        score[unseen] = np.nan
    found = residuals(noise, start_of(level, score, rounding), shocks.address("r"), weeks)

    shock = numbers(shocks, "r", weeks, 2 * outcomes)
    for i in range(samples):
        own = noise._replace(**{name: part[i] for name, part in noise._asdict().items()})
        seen = np.isfinite(score)
        shared = own.flare_covariance[:, seen]
        total = own.flare_covariance[np.ix_(seen, seen)]
        total = total + np.diag(own.error_sd[seen] ** 2 + rounding[seen])
        gain = shared @ np.linalg.inv(total)
        rest = own.flare_covariance - gain @ shared.T
        flare = gain @ (score - level[i])[seen] + np.linalg.cholesky(rest) @ shock[i, ::2, 0]
        kept = math.exp(-1 / float(own.persistence))
        for week in range(weeks):
            if week:
                new = own.flare_sd * (own.flare_root @ shock[i, ::2, week])
                flare = kept * flare + math.sqrt(1 - kept**2) * new
            wanted = flare + own.error_sd * shock[i, 1::2, week]
            np.testing.assert_allclose(found[i, week], wanted, rtol=0, atol=1e-10)


def test_an_outcome_more_leaves_the_shocks_of_the_others_alone() -> None:
    shocks = shocks_of(5)
    np.testing.assert_array_equal(numbers(shocks, "r", 9, 6)[:, :4], numbers(shocks, "r", 9, 4))


def test_flares_and_errors_have_the_variance_and_autocorrelation_of_the_law() -> None:
    samples, weeks = 40_000, 30
    one = noise_of(1, 2, np.random.default_rng(4))
    noise = Noise(*(np.repeat(part, samples, axis=0) for part in one))
    nothing = np.full(2, np.nan)
    start = start_of(np.zeros((samples, 2)), nothing, nothing)
    found = residuals(noise, start, shocks_of(samples).address("r"), weeks)
    assert abs(found.mean()) < 5 * found.mean(axis=1).std() / math.sqrt(samples)
    for lag in (0, 1, 2, 8):
        # week 3 against later ones: any week would do, since the process is stationary
        pair = np.concatenate([found[:, 3], found[:, 3 + lag]], axis=1)
        seen = (pair.T @ pair / samples)[:2, 2:]
        flare, error = one.flare_covariance[0], np.diag(one.error_sd[0] ** 2)
        wanted = flare * math.exp(-lag / float(one.persistence[0])) + error * (lag == 0)
        sd = np.sqrt(np.diag(flare + error))
        # the variance of a product of two jointly normal numbers of mean 0
        error_of = np.sqrt((np.outer(sd, sd) ** 2 + wanted**2) / samples)
        assert (np.abs(seen - wanted) < 5 * error_of).all(), lag
