"""The law run forward, against closed forms and plain simulation.

Tolerances are five standard errors of the simulation unless a comment says otherwise: a sound law
fails one such comparison in more than a million.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.linalg import expm

from twin.cohort.synthetic import SyntheticSettings, synthetic_spec
from twin.cohort.synthetic.truth import default_truth
from twin.law import course, dose, enrolled, entry, forward, residual, work
from twin.law.backends import NUMPY
from twin.law.dose import DoseSchedule
from twin.law.forward_work import WorkProcess, draw_states, draw_work, work_process
from twin.law.grid import TimeGrid
from twin.law.measurement import Scale, record
from twin.law.parameters import assemble
from twin.law.population import People, Population
from twin.law.records import Entry, WorkRecords
from twin.law.work_filter import filter_work
from twin.law.work_layout import lay_work

GRID = TimeGrid((0, 2, 4, 6, 9, 13, 19, 26, 39, 52))
RULE = Entry(outcome=1, bound=float(Scale(1 / 24).behind(5.5 / 24)))
SPEC = synthetic_spec(SyntheticSettings())


@pytest.fixture(scope="module")
def population() -> Population:
    """Return the default population: nothing in it is symmetric or zero."""
    return assemble(NUMPY, SPEC, default_truth(SPEC, np.random.default_rng(0)))


@dataclass
class Crowd:
    """Covariates and memberships of many people."""

    covariate: NDArray[np.float64]
    cluster: NDArray[np.int64]
    arm: NDArray[np.int64]


def crowd(n: int, rng: np.random.Generator) -> Crowd:
    return Crowd(
        rng.normal(size=(n, len(SPEC.covariates))),
        rng.integers(len(SPEC.clusters), size=n),
        rng.integers(2, size=n),
    )


def test_residuals_have_the_covariance_of_a_stationary_flare_and_an_error(
    population: Population,
) -> None:
    n, weeks = 200_000, np.array([0.0, 1.0, 4.0])
    drawn = forward.draw_residuals(population, np.tile(weeks, (n, 1)), np.random.default_rng(1))
    found = np.cov(drawn.reshape(n, -1).T)
    sd = np.sqrt(population.persistent_share) * population.spread
    flare = sd[:, None] * sd * population.flare_correlation
    kept = np.exp(-np.abs(weeks[:, None] - weeks) / population.persistence)
    error = np.diag(population.spread**2 * (1 - population.persistent_share))
    wanted = np.kron(kept, flare) + np.kron(np.eye(3), error)
    variance = np.diag(wanted)
    standard_error = np.sqrt((np.outer(variance, variance) + wanted**2) / n)
    assert (np.abs(found - wanted) < 5 * standard_error).all()


def test_a_retest_study_finds_the_error_that_the_law_says(population: Population) -> None:
    n, lag = 200_000, 4.0
    drawn = forward.draw_residuals(
        population, np.tile([0.0, lag], (n, 1)), np.random.default_rng(2)
    )
    found = (drawn[:, 1] - drawn[:, 0]).std(axis=0) / np.sqrt(2)
    shares = (population.spread, population.persistent_share)
    wanted = residual.retest_error(NUMPY, *shares, population.persistence, np.asarray(lag))
    # the SD of n normal values has a relative standard error of 1 / sqrt(2 n)
    np.testing.assert_allclose(found, wanted, rtol=5 / np.sqrt(2 * n))
    assert (wanted > residual.error_sd(NUMPY, *shares)).all()  # flares are in it


def test_the_chance_of_being_enrolled_is_that_of_screening(population: Population) -> None:
    n, rng = 400_000, np.random.default_rng(3)
    alike = np.array([[1.5, -0.5, 0.2, 2.0]])
    people = forward.draw_people(
        population, np.tile(alike, (n, 1)), np.zeros(n, int), np.zeros(n, int), rng
    )
    residuals = forward.draw_residuals(population, np.zeros((n, 1)), rng)
    recorded = record(Scale(1 / 24), people.start[:, 1] + residuals[:, 0, 1])
    found = (recorded >= 6 / 24 - 1e-9).mean()
    effect = 1 + RULE.outcome
    log_chance = entry.log_passing(
        NUMPY,
        population.mean[effect]
        + alike @ population.covariate_effect[:, effect]
        + population.cluster_effect[0, effect],
        np.sqrt((population.scale[effect] ** 2).sum()),
        population.spread[1],
        RULE.bound,
    )
    chance = float(np.exp(log_chance)[0])
    assert abs(found - chance) < 5 * np.sqrt(chance * (1 - chance) / n)
    assert 0.2 < chance < 0.9  # the threshold bites


def test_people_drawn_as_enrolled_are_like_people_who_were_screened(
    population: Population,
) -> None:
    n, rng = 300_000, np.random.default_rng(4)
    some = crowd(n, rng)
    week = np.tile([0.0, 3.0], (n, 1))
    at = (some.covariate, some.cluster, some.arm)
    free = forward.draw_people(population, *at, rng)
    noise = forward.draw_residuals(population, week, rng)
    passed = free.start[:, 1] + noise[:, 0, 1] >= RULE.bound
    screened = np.column_stack([*(part[passed] for part in free), noise[passed].reshape(-1, 4)])
    # the same mix of covariates and clinics as among those who passed
    kept = tuple(part[passed] for part in at)
    people, residuals = enrolled.draw_people(population, RULE, *kept, week[passed], rng)
    drawn = np.column_stack([*people, residuals.reshape(-1, 4)])
    assert (people.start[:, 1] + residuals[:, 0, 1] >= RULE.bound).all()
    m = len(drawn)
    error = np.sqrt(2 * screened.var(axis=0) / m)
    assert (np.abs(drawn.mean(axis=0) - screened.mean(axis=0)) < 5 * error).all()
    np.testing.assert_allclose(np.corrcoef(drawn.T), np.corrcoef(screened.T), atol=7 / np.sqrt(m))


def test_residuals_drawn_for_known_people_are_those_of_repeated_screening(
    population: Population,
) -> None:
    n, rng = 300_000, np.random.default_rng(5)
    start = np.tile([0.4, 0.15], (n, 1))  # this person passes by a bad day only
    week = np.tile([0.0, 2.0], (n, 1))
    free = forward.draw_residuals(population, week, rng)
    screened = free[start[:, 1] + free[:, 0, 1] >= RULE.bound].reshape(-1, 4)
    drawn = enrolled.draw_residuals(population, RULE, start, week, rng).reshape(-1, 4)
    error = screened.std(axis=0) * np.sqrt(1 / n + 1 / len(screened))
    assert (np.abs(drawn.mean(axis=0) - screened.mean(axis=0)) < 5 * error).all()
    spread = np.sqrt(1 / (2 * n) + 1 / (2 * len(screened)))
    np.testing.assert_allclose(drawn.std(axis=0), screened.std(axis=0), rtol=6 * spread)


@pytest.mark.parametrize("schedule", [DoseSchedule(0, 13, 3), DoseSchedule(2.5, 20, 0)])
def test_steps_through_the_cells_end_where_the_closed_form_does(schedule: DoseSchedule) -> None:
    cells = dose.read_arms_on_grid([dose.NEVER, schedule], GRID)
    by_arm = dose.dose(NUMPY, cells, np.array([1.0, 0.4]), np.array([1.0, 9.0]))
    start, set_point, response = np.array([[0.7]]), np.array([[0.2]]), np.array([[-0.15]])
    rate, response_rate = np.array([[0.17]]), np.array([0.4])
    weights = course.basis(NUMPY, GRID, by_arm[1:], response_rate, rate, GRID.ends[None])
    closed = course.level(weights, start, set_point, response)[0, :, 0]
    natural, uptake, stepped = start[0, 0], np.zeros(()), []
    for cell in range(GRID.n_cells):
        weeks = GRID.ends[cell] - GRID.starts[cell]
        natural = course.step(NUMPY, natural, set_point[0, 0], rate[0, 0], weeks)
        uptake = course.step(NUMPY, uptake, by_arm[1, cell], response_rate[0], weeks)
        stepped.append(natural + response[0, 0] * uptake)
    np.testing.assert_allclose(closed, stepped, rtol=0, atol=1e-12)


def generator(log_rates: NDArray[np.float64], log_exit: float) -> NDArray[np.float64]:
    """Write the full generator out, permanently out included, from the list of transitions."""
    q = np.zeros((4, 4))
    for (source, target), log_rate in zip(work.TRANSITIONS, log_rates, strict=True):
        q[work.WORK_STATES.index(source), work.WORK_STATES.index(target)] = np.exp(log_rate)
    q[2, 3] = np.exp(log_exit)
    return q - np.diag(q.sum(axis=1))


@pytest.mark.parametrize("longest", [1.6, 200.0])
def test_transition_probabilities_are_the_matrix_exponential(longest: float) -> None:
    rng = np.random.default_rng(6)
    log_rates = rng.uniform(-5, 0.2, size=(200, len(work.TRANSITIONS)))
    # the fastest way out: two moves of 1.22 a week each; 4 times in all, or nearly 500
    weeks = rng.uniform(0, longest, size=200)
    exits = -4.0
    g = work.transient_generator(NUMPY, log_rates.T, np.asarray(exits))
    found = np.moveaxis(work.transition_probabilities(g * weeks), -1, 0)
    wanted = [expm(generator(r, exits) * w)[:3, :3] for r, w in zip(log_rates, weeks, strict=True)]
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-10)


def everyone(n: int, weeks: list[float], days: int = -1, possible: int = 0) -> WorkRecords:
    """Return the pattern of n workers seen in given weeks, days asked at all visits but the first.

    Days, where there are any, are those since the visit before.
    """
    visits = len(weeks)
    asked = np.tile(np.arange(visits) > 0, n) & (days >= 0)
    since = np.tile([weeks[0], *weeks[:-1]], n)
    week = np.tile(weeks, n)
    return lay_work(
        GRID,
        np.repeat(np.arange(n), visits),
        week,
        np.zeros(n * visits, dtype=np.int64),
        np.where(asked, days, -1),
        np.where(asked, possible, 0),
        np.where(asked, since, week),
        work.loss_of_states(0.5),
    )


def alike(population: Population, n: int, pattern: WorkRecords) -> WorkProcess:
    """Return the processes of n copies of one person of the second arm."""
    one = People(
        log_rate=np.tile([-2.0, -1.5], (n, 1)),
        frailty=np.full(n, 0.5),
        start=np.tile([0.7, 0.65], (n, 1)),
        set_point=np.tile([0.2, 0.15], (n, 1)),
        response=np.tile([-0.05, -0.1], (n, 1)),
    )
    return work_process(population, one, GRID, CELLS, np.ones(n, dtype=np.int64), pattern)


CELLS = dose.read_arms_on_grid([dose.NEVER, DoseSchedule(0, 13, 3)], GRID)


@pytest.fixture(scope="module")
def acting(population: Population) -> Population:
    """Return a population in which the arm acts on work, and days stray widely."""
    assert population.work is not None
    hazard = np.array([[0.0, 0.0], [0.8, -0.6]])
    return population._replace(work=population.work._replace(arm_log_hazard=hazard))


def levels_at(week: float) -> NDArray[np.float64]:
    """Return the levels of the person of `alike`, but for the response."""
    remaining = np.exp(-np.exp([-2.0, -1.5]) * week)
    return np.array([0.2, 0.15]) + np.array([0.5, 0.5]) * remaining


def test_drawn_work_states_come_as_often_as_the_matrix_exponential_says(
    acting: Population,
) -> None:
    law = acting.work
    assert law is not None
    n, weeks = 100_000, [0.0, 3.0, 20.0]
    pattern = everyone(n, weeks)
    process = alike(acting, n, pattern)
    found = draw_states(process, pattern, np.random.default_rng(7)).reshape(n, -1)
    log_first = work.initial_log_probabilities(NUMPY, law, np.array([[0.7, 0.65]]), np.array([0.5]))
    share = np.append(np.exp(log_first[0]), 0.0)
    by_arm = dose.dose(NUMPY, CELLS, acting.lasting_share, acting.waning_half_life)
    shares = [share]
    for start, end in pairwise(weeks):
        for cell, spent in zip(*GRID.segments(start, end), strict=True):
            middle, given = GRID.middles[cell], by_arm[1]
            uptake = course.uptake(
                NUMPY, GRID, given[None], acting.response_rate[1:], np.array([[middle]])
            )
            level = levels_at(middle) + uptake[0, 0] * np.array([-0.05, -0.1])
            above = level - 0.3
            up, down = law.worsening_slope @ above + 0.5, -law.recovery_slope @ above - 0.5
            log_rates = law.log_intensity + np.array([up] * 3 + [down] * 3)
            log_rates[[3, 5]] += 0.8 * given[cell]  # moves to full work
            log_rates[[0, 1]] += -0.6 * given[cell]  # moves away from it
            share = share @ expm(generator(log_rates, float(law.log_exit_intensity)) * spent)
        shares.append(share)
    for visit, wanted in enumerate(shares):
        seen = np.bincount(found[:, visit], minlength=4) / n
        assert (np.abs(seen - wanted) <= 5 * np.sqrt(wanted * (1 - wanted) / n)).all()
    # and the path, not only the shares: nobody comes back from permanently out
    gone = found == work.PERMANENTLY_OUT
    assert (gone[:, 1:] >= gone[:, :-1]).all()


def test_drawn_days_are_those_that_the_states_seen_let_expect(acting: Population) -> None:
    n, possible = 100_000, 30
    pattern = everyone(n, [0.0, 6.0, 13.0], days=0, possible=possible)
    process = alike(acting, n, pattern)
    drawn = draw_work(process, pattern, np.random.default_rng(9))
    told = drawn.days >= 0
    assert (told == ((pattern.days >= 0) & (drawn.state != work.PERMANENTLY_OUT))).all()
    share = filter_work(
        NUMPY, process.log_intensity, process.log_exit_intensity, process.first, drawn
    ).share
    days, state = drawn.days[told], drawn.state[told]
    for end in range(3):
        off = days[state == end] - possible * share[state == end]
        assert abs(off.mean()) < 5 * off.std() / np.sqrt(len(off))


def test_who_is_out_when_asked_for_days_says_so(acting: Population) -> None:
    assert acting.work is not None
    n = 2000
    often = acting._replace(work=acting.work._replace(log_exit_intensity=np.array(0.0)))
    asked = everyone(n, [0.0, 6.0, 13.0], days=0, possible=30)
    pattern = asked._replace(state=np.full_like(asked.state, -1))
    drawn = draw_work(alike(often, n, pattern), pattern, np.random.default_rng(3))
    assert set(drawn.state) == {-1, work.PERMANENTLY_OUT}
    out = drawn.state == work.PERMANENTLY_OUT
    assert (drawn.days[out] == -1).all()
    assert (drawn.days[~out & (pattern.days >= 0)] >= 0).all()
    assert out.any()


def test_work_states_are_drawn_at_any_pace(population: Population) -> None:
    assert population.work is not None
    # moves every few minutes: the shares are those of the long run long before the visit
    law = population.work._replace(
        log_intensity=np.array([6.0, 5.5, 6.5, 7.0, 6.2, 6.8]),
        worsening_slope=np.zeros(2),
        recovery_slope=np.zeros(2),
        log_exit_intensity=np.array(-30.0),
    )
    n = 20_000
    pattern = everyone(n, [0.0, 13.0], days=0, possible=65)
    process = alike(population._replace(work=law), n, pattern)
    drawn = draw_work(process, pattern, np.random.default_rng(8))
    q = generator(law.log_intensity + 0.5 * np.array([1, 1, 1, -1, -1, -1]), -np.inf)[:3, :3]
    balance = np.vstack([q.T, np.ones(3)])
    wanted = np.linalg.lstsq(balance, np.array([0.0, 0, 0, 1]), rcond=None)[0]
    seen = np.bincount(drawn.state.reshape(n, -1)[:, 1], minlength=3)[:3] / n
    assert (np.abs(seen - wanted) < 5 * np.sqrt(wanted * (1 - wanted) / n)).all()
    share = drawn.days[drawn.days >= 0] / 65
    expected = wanted @ [0, 0.5, 1]  # at such a pace every window is the long run
    assert abs(share.mean() - expected) < 5 * share.std() / np.sqrt(n)
