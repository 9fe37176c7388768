"""The work process as it is seen: states at a visit, days absent since the last one, or neither.

Against closed forms, numerical integration, plain simulation of the chain, and enumeration of all
that is not seen.
"""

from itertools import product

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats
from scipy.integrate import quad_vec
from scipy.linalg import expm
from scipy.special import psi

from twin.law import absence, work
from twin.law.absence_kernels import digamma, log_absence, log_absence_gradient
from twin.law.backends import NUMPY
from twin.law.grid import TimeGrid
from twin.law.records import WorkRecords
from twin.law.work_filter import Filtered, filter_work
from twin.law.work_layout import lay_work

type Floats = NDArray[np.float64]

GRID = TimeGrid((0, 2, 6, 13))
LOSS = np.array([0.0, 0.4, 1.0])
LOG_EXIT = np.log(0.03)
LOG_RATE = np.log(
    # before baseline comes last
    [
        [0.20, 0.05, 0.15, 0.30, 0.25, 0.10],
        [0.10, 0.15, 0.05, 0.20, 0.35, 0.12],
        [0.05, 0.02, 0.30, 0.10, 0.15, 0.40],
        [0.12, 0.25, 0.10, 0.15, 0.05, 0.22],
    ]
)
FIRST = np.array([0.5, 0.3, 0.2])


def generator(cell: int) -> Floats:
    q = np.zeros((3, 3))
    for (source, target), rate in zip(work.TRANSITIONS, np.exp(LOG_RATE[cell]), strict=True):
        q[work.WORK_STATES.index(source), work.WORK_STATES.index(target)] = rate
    q[np.diag_indices(3)] = -q.sum(axis=1)
    q[2, 2] -= np.exp(LOG_EXIT)
    return q


def laid(*occasions: tuple[float, int, int, int, float]) -> WorkRecords:
    """Return one worker's records; an occasion: week, state, days, possible days, window start."""
    week, state, days, possible, since = (np.array(part) for part in zip(*occasions, strict=True))
    return lay_work(GRID, np.zeros(len(week), int), week, state, days, possible, since, LOSS)


def filtered(records: WorkRecords) -> Filtered:
    n = len(records.worker)
    pace, first = np.tile(LOG_RATE, (n, 1, 1)), np.tile(FIRST[:, None], n)
    return filter_work(NUMPY, pace, np.array(LOG_EXIT), first, records)


def seen(week: float, state: int) -> tuple[float, int, int, int, float]:
    return (week, state, -1, 0, week)


# Weeks lost on the way


def matrices(cell: int, weeks: float) -> tuple[Floats, Floats]:
    """Return transition probabilities and weeks lost through a cell, by the law."""
    q = work.transient_generator(NUMPY, LOG_RATE[cell][:, None], np.array(LOG_EXIT)) * weeks
    moves, losses = work.moves_and_losses(NUMPY, q, LOSS, np.array([weeks]))
    return moves[:, :, 0], losses[:, :, 0]


@pytest.mark.parametrize("weeks", [0.01, 1.0, 13.0, 200.0])
def test_weeks_lost_are_the_integral_over_the_stay(weeks: float) -> None:
    q = generator(1)
    wanted, _ = quad_vec(
        lambda s: expm(q * s) @ np.diag(LOSS) @ expm(q * (weeks - s)), 0, weeks, epsabs=1e-12
    )
    moves, losses = matrices(1, weeks)
    np.testing.assert_allclose(losses, wanted, rtol=1e-9, atol=1e-10)
    np.testing.assert_allclose(moves, expm(q * weeks), rtol=1e-9, atol=1e-10)


def gillespie(state: int, weeks: float, n: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Simulate the chain of cell 1 move by move; return final states and weeks lost."""
    q = np.zeros((4, 4))
    q[:3, :3] = generator(1)
    q[2, 3] = np.exp(LOG_EXIT)
    np.fill_diagonal(q, 0)
    loss = np.append(LOSS, 1.0)
    at, left, lost = np.full(n, state), np.full(n, weeks), np.zeros(n)
    going = np.ones(n, dtype=bool)
    while going.any():
        rate = q[at].sum(axis=1)
        stay = np.where(rate > 0, rng.exponential(size=n) / np.where(rate > 0, rate, 1), np.inf)
        spent = np.where(going, np.minimum(stay, left), 0)
        lost += loss[at] * spent
        left -= spent
        going &= left > 0
        chance = np.cumsum(q[at] / np.where(rate > 0, rate, 1)[:, None], axis=1)
        moved = (rng.random(n)[:, None] > chance).sum(axis=1).clip(max=3)
        at = np.where(going, moved, at)
    return at, lost


@pytest.mark.parametrize("state", [0, 1, 2])
def test_weeks_lost_between_two_states_are_those_of_a_simulated_chain(state: int) -> None:
    n, weeks = 100_000, 9.0
    final, lost = gillespie(state, weeks, n, np.random.default_rng(state))
    moves, losses = matrices(1, weeks)
    for end in range(3):
        own = lost[final == end]
        error = own.std() / np.sqrt(len(own))
        assert abs(losses[state, end] / moves[state, end] - own.mean()) < 5 * error
        share = moves[state, end]
        assert abs((final == end).mean() - share) < 5 * np.sqrt(share * (1 - share) / n)


def test_a_transposed_transition_is_noticed() -> None:
    n, weeks = 100_000, 9.0
    final, _ = gillespie(0, weeks, n, np.random.default_rng(0))
    moves = matrices(1, weeks)[0].T
    found = np.bincount(final, minlength=3)[:3] / n
    error = np.sqrt(found * (1 - found) / n)
    assert (np.abs(found - moves[0]) > 50 * error).any()


# What is not seen


def enumerated(records: WorkRecords) -> tuple[float, list[float]]:
    """Return the log probability of the states, and expected shares, over all paths of states.

    A path says in which transient state a person is at the beginning and after every segment. What
    is seen later than a report has no part in its share.
    """
    cells, weeks = records.segment_cell, records.segment_weeks
    by_segment = [matrices(c, h) for c, h in zip(cells, weeks, strict=True)]
    ends = records.first_segment[1:]
    total, shares = 0.0, []

    def paths(n_segments: int, occasions: int) -> list[tuple[tuple[int, ...], float]]:
        """Return paths through some segments that agree with what was seen, with their chances."""
        found = []
        for path in product(range(3), repeat=n_segments + 1):
            agrees = all(records.state[o] in (-1, path[ends[o]]) for o in range(occasions))
            if agrees:
                steps = [by_segment[g][0][path[g], path[g + 1]] for g in range(n_segments)]
                found.append((path, FIRST[path[0]] * np.prod(steps)))
        return found

    total = sum(chance for _, chance in paths(ends[-1], len(ends)))
    for o in np.flatnonzero(records.days >= 0):
        window = range(records.window_segment[o], ends[o])
        every = paths(ends[o], o + 1)
        lost = sum(
            chance * by_segment[g][1][path[g], path[g + 1]] / by_segment[g][0][path[g], path[g + 1]]
            for path, chance in every
            for g in window
        )
        share = lost / sum(chance for _, chance in every) / weeks[window.start : window.stop].sum()
        shares.append(absence.inside(share))
    return float(np.log(total)), shares


CASES = {
    "states with one missing between": (seen(0, 0), seen(3, 2), seen(9, 1)),
    "never seen, days only": ((3, -1, 2, 15, 0.0), (9, -1, 5, 30, 3.0)),
    "days with a state at both ends": (seen(0, 2), (5, 0, 3, 25, 0.0)),
    "days with a state at the end only": ((5, 1, 3, 25, 0.0),),
    "days that reach back beyond a state seen": (seen(0, 1), seen(4, 2), (7, -1, 3, 30, 1.0)),
    "windows that overlap": ((4, 0, 3, 20, 0.0), (6, -1, 3, 20, 2.0), (8, 2, 3, 30, 2.0)),
    "days before baseline": ((0, 1, 3, 20, -4.0), seen(5, 0)),
    "a window inside the time between": (seen(0, 0), (9, 2, 3, 10, 7.0)),
}


@pytest.mark.parametrize("occasions", CASES.values(), ids=CASES)
def test_the_filter_finds_what_enumeration_of_the_unseen_finds(
    occasions: tuple[tuple[float, int, int, int, float], ...],
) -> None:
    records = laid(*occasions)
    log_state, shares = enumerated(records)
    found = filtered(records)
    np.testing.assert_allclose(found.log_state, [log_state], rtol=1e-10)
    np.testing.assert_allclose(found.share, shares, rtol=1e-9)


def test_an_occasion_at_which_nothing_is_learnt_changes_nothing() -> None:
    some = (seen(0, 0), (5, -1, 4, 25, 0.0), (9, 2, 3, 20, 5.0))
    without = filtered(laid(some[0], some[2]))
    # days tell that a person is not out, and no more of the state
    told = filtered(laid(*some))
    q = expm(generator(0) * 2) @ expm(generator(1) * 3)
    assert told.log_state == pytest.approx(without.log_state, abs=1e-12)
    assert told.share[1] == pytest.approx(without.share[0], abs=1e-12)
    assert 0 < q[0].sum() < 1


def test_leaving_for_good_is_the_end_of_the_record() -> None:
    left = filtered(laid(seen(0, 2), seen(5, 3)))
    chance = FIRST[2] * (1 - (expm(generator(0) * 2) @ expm(generator(1) * 3))[2].sum())
    assert np.exp(left.log_state) == pytest.approx(chance, rel=1e-9)
    again = filtered(laid(seen(0, 2), seen(5, 3), seen(9, 3)))
    assert again.log_state == pytest.approx(left.log_state, abs=1e-12)


def test_workers_do_not_depend_on_each_other() -> None:
    one, other = CASES["windows that overlap"], CASES["states with one missing between"]
    both = (*one, *other)
    week, state, days, possible, since = (np.array(part) for part in zip(*both, strict=True))
    person = np.array([3] * len(one) + [7] * len(other))
    together = filtered(lay_work(GRID, person, week, state, days, possible, since, LOSS))
    np.testing.assert_allclose(
        together.log_state,
        np.concatenate([filtered(laid(*one)).log_state, filtered(laid(*other)).log_state]),
        rtol=1e-12,
    )
    np.testing.assert_allclose(together.share, filtered(laid(*one)).share, rtol=1e-12)


def test_time_is_cut_at_occasions_windows_cells_and_baseline() -> None:
    records = laid((0, 1, 3, 20, -4.0), (5, -1, 4, 10, 3.0), seen(9, 0))
    np.testing.assert_allclose(records.segment_weeks, [4, 2, 1, 2, 1, 3])
    np.testing.assert_array_equal(records.segment_cell, [-1, 0, 1, 1, 1, 2])
    np.testing.assert_array_equal(records.segment_reported, [1, 0, 0, 1, 0, 0])
    np.testing.assert_array_equal(records.first_segment, [0, 1, 4, 6])
    np.testing.assert_array_equal(records.window_segment, [0, 3, 6])
    np.testing.assert_array_equal(records.start_week, [0])


# Counts


@pytest.mark.parametrize("precision", [0.2, 3.0, 80.0])
@pytest.mark.parametrize("share", [1e-6, 0.04, 0.5, 1 - 1e-6])
def test_days_absent_are_beta_binomial(share: float, precision: float) -> None:
    possible = np.array([1, 30, 30, 30, 260])
    days = np.array([1, 0, 7, 30, 90])
    wanted = stats.betabinom(possible, share * precision, (1 - share) * precision).logpmf(days)
    found = absence.log_probability(NUMPY, days, possible, np.full(5, share), precision)
    np.testing.assert_allclose(found, wanted, rtol=1e-7, atol=1e-8)
    compiled = [log_absence(d, n, share, precision) for d, n in zip(days, possible, strict=True)]
    np.testing.assert_allclose(compiled, found, rtol=1e-9, atol=1e-9)


def test_the_digamma_function_is_scipys() -> None:
    x = np.array([1e-6, 1e-3, 0.4, 1.0, 3.3, 9.99, 10.0, 57.0, 1e4])
    np.testing.assert_allclose([digamma(each) for each in x], psi(x), rtol=1e-13, atol=1e-13)


def test_gradients_of_counts_are_their_slopes() -> None:
    at, step = np.array([0.2, 1.7]), 1e-5
    found = log_absence_gradient(7, 30, *at)
    for k, unit in enumerate(np.eye(2)):
        slope = log_absence(7, 30, *(at + step * unit)) - log_absence(7, 30, *(at - step * unit))
        assert found[k] == pytest.approx(slope / (2 * step), rel=1e-7)


def test_drawn_days_have_mean_and_variance_of_the_beta_binomial() -> None:
    n, possible, share, precision = 200_000, 30, 0.2, 3.0
    drawn = absence.draw(
        np.full(n, possible), np.full(n, share), precision, np.random.default_rng(1)
    )
    law = stats.betabinom(possible, share * precision, (1 - share) * precision)
    assert abs(drawn.mean() - law.mean()) < 5 * law.std() / np.sqrt(n)
    kurtosis = float(law.stats(moments="k")) + 3
    error = law.var() * np.sqrt((kurtosis - 1) / n)
    assert abs(drawn.var() - law.var()) < 5 * error
