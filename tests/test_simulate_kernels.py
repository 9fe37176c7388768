"""The compiled loops of the simulator against the law as it is written, and closed forms."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import pytest
from conftest import known_tree
from numpy.typing import NDArray
from scipy.linalg import expm

from scenarios import load_scenario
from twin.cohort.synthetic import SyntheticSettings, synthetic_cohort
from twin.fit.arrays import model_spec, records
from twin.fit.settings import ModelSettings
from twin.instruments import instrument
from twin.law import course
from twin.law.backends import NUMPY
from twin.law.grid import TimeGrid
from twin.law.measurement import Scale, record
from twin.law.record_kernels import Recording, recorded
from twin.simulate.expected_table import expected_table, read_table
from twin.simulate.flare_size import resized
from twin.simulate.natural import natural_course
from twin.simulate.noise import Noise, flares, residuals, start_of
from twin.simulate.person import simulate_person
from twin.simulate.prepare import prepare
from twin.simulate.prepared import Prepared
from twin.simulate.scores import Units, fill_scores
from twin.simulate.settings import SimulationSettings
from twin.simulate.shocks import PER_BLOCK, Shocks, weekly_normals
from twin.simulate.state import Hazards
from twin.simulate.weekly import WeeklyCells
from twin.simulate.work_paths import Pace, work_paths

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
            weekly_normals((at.k0, at.k1, at.chain[i], at.draw[i]), first, words, own)
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
    given = (noise, start_of(level, score, rounding), shocks.address("r"), weeks)
    found, flares_alone = residuals(*given), flares(*given)
    factor = rng.uniform(0.3, 2, size=found.shape)

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
            of_another_size = resized(found[i, week], flares_alone[i, week], factor[i, week])
            wanted = factor[i, week] * flare + own.error_sd * shock[i, 1::2, week]
            np.testing.assert_allclose(of_another_size, wanted, rtol=0, atol=1e-10)


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


# Work


SLOW, QUICK = np.log([0.02, 0.01, 0.03, 0.05, 0.04, 0.02]), np.log([9.0, 4.0, 7.0, 12.0, 5.0, 8.0])
LAWS = {
    "moves of a usual size": np.log([0.2, 0.1, 0.15, 0.3, 0.25, 0.1]),
    "few moves": SLOW,
    "many moves, of several layers": QUICK,
}


class Process(NamedTuple):
    """A process of which everybody has the same, but for what is random."""

    edges: tuple[float, ...]
    log_intensity: Floats
    level: Floats
    """Shape (cell,)."""
    by_move: Floats
    """Shape (cell, work move)."""
    first_return: float = 0.0
    relapse: float = 0.0
    exit_ratio: float = 0.0
    frailty: float = 0.0
    log_exit: float = math.log(0.05)

    def states(self, shocks: Shocks, weeks: int, first: int = 2) -> NDArray[np.int8]:
        n, cells = shocks.samples, WeeklyCells.of(TimeGrid(self.edges))
        shape = (n, cells.grid.n_cells)
        result = np.empty((n, weeks + 1), dtype=np.int8)
        work_paths(
            np.tile(cells.spread(self.level)[:, None], (n, 1, 1)),
            Hazards(
                np.tile(self.by_move[cells.coarse], (n, 1, 1)),
                *(np.full(shape, x) for x in (self.first_return, self.relapse, self.exit_ratio)),
            ),
            Pace(
                np.full(n, self.frailty),
                np.tile(self.log_intensity, (n, 1)),
                np.full((n, 1), 1.3),
                np.full((n, 1), 0.7),
                np.full(n, self.log_exit),
            ),
            np.full(n, first),
            shocks.address("work"),
            np.asarray(cells.grid.edges),
            cells.at_week,
            result,
        )
        return result

    def generator(self, cell: int, returned: bool | None = None) -> Floats:
        """Write the generator out from the list of transitions of MODEL.md, section 4."""
        q = np.zeros((4, 4))
        above = self.level[cell] - 0.3
        to_full, from_full = self.by_move[cell]
        to_full += 0 if returned is None or returned else self.first_return
        from_full += self.relapse if returned else 0
        moves = [(0, 1), (0, 2), (1, 2), (1, 0), (2, 1), (2, 0)]
        for (source, target), rate in zip(moves, self.log_intensity, strict=True):
            worse = target > source
            up = self.frailty + 1.3 * above if worse else -self.frailty - 0.7 * above
            by_arm = to_full * (target == 0) + from_full * (source == 0)
            q[source, target] = math.exp(rate + up + by_arm)
        q[2, 3] = math.exp(self.log_exit + self.exit_ratio)
        return q - np.diag(q.sum(axis=1))


@pytest.mark.parametrize("name", LAWS)
def test_work_states_have_the_transition_matrix_of_the_law(name: str) -> None:
    n, weeks, first_state = 60_000, 4, 2
    process = Process(
        (0, 1.5, 4),
        LAWS[name],
        level=np.array([0.5, 0.2]),
        by_move=np.array([[0.9, -0.7], [0.0, 0.0]]),
        frailty=0.2,
        exit_ratio=0.3,
    )
    states = process.states(shocks_of(n), weeks)
    whole = {0: np.eye(4)[first_state]}
    for week in range(1, weeks + 1):
        at = whole[week - 1]
        for cell, (a, b) in enumerate(((0, 1.5), (1.5, 4))):
            spent = max(0.0, min(week, b) - max(week - 1, a))
            at = at @ expm(process.generator(cell) * spent)
        whole[week] = at
        share = np.bincount(states[:, week], minlength=4) / n
        error = np.sqrt(at * (1 - at) / n)
        assert (np.abs(share - at) <= 5 * error + 1e-12).all(), week
    # and the moves of a week, not only the shares: the second cell alone from week 2 on
    moves = expm(process.generator(1))
    for source in range(4):
        those = states[states[:, 2] == source, 3]
        if len(those) > 100:
            error = np.sqrt(moves[source] * (1 - moves[source]) / len(those))
            share = np.bincount(those, minlength=4) / len(those)
            assert (np.abs(share - moves[source]) <= 5 * error + 1e-12).all(), source


def test_a_move_too_fast_to_be_seen_leaves_the_balance_as_it_is() -> None:
    n = 2_000
    fast = np.array([10.0, 9.5, 10.5, 11.0, 10.2, 10.8])  # several moves a minute
    none = np.zeros((1, 2))
    process = Process((0, 1), fast, np.array([0.3]), none, log_exit=-30.0)
    found = np.bincount(process.states(shocks_of(n), 1)[:, 1], minlength=4)[:3] / n
    wanted = expm(process.generator(0)[:3, :3])[0]
    assert (np.abs(found - wanted) < 5 * np.sqrt(wanted * (1 - wanted) / n)).all()


def test_a_hazard_ratio_acts_before_or_after_the_first_return() -> None:
    n, weeks = 60_000, 6
    process = Process(
        (0, weeks),
        LAWS["moves of a usual size"],
        np.array([0.4]),
        np.zeros((1, 2)),
        first_return=math.log(2.5),
        relapse=math.log(0.4),
    )
    before, after = (expm(process.generator(0, returned=one)) for one in (False, True))
    for first in (1, 0):
        # shares of those never away, away and not yet back, and back, as told at ends of weeks
        shares = np.zeros((3, 4))
        shares[1 if first else 0, first] = 1
        for _ in range(weeks):
            never, away, back = shares[0] @ before, shares[1] @ before, shares[2] @ after
            working = np.array([1.0, 0, 0, 0])
            away = away + never * (1 - working)
            shares = np.stack([never * working, away * (1 - working), back + away * working])
        wanted = shares.sum(axis=0)
        found = process.states(shocks_of(n), weeks, first)[:, weeks]
        share = np.bincount(found, minlength=4) / n
        assert (np.abs(share - wanted) < 5 * np.sqrt(wanted * (1 - wanted) / n)).all(), first


def test_work_is_the_same_however_it_is_asked_for() -> None:
    process = Process((0, 2, 52), QUICK - 2, np.array([0.5, 0.2]), np.zeros((2, 2)), log_exit=-6.0)
    everyone = process.states(shocks_of(300), 52)
    np.testing.assert_array_equal(process.states(shocks_of(300), 20), everyone[:, :21])
    few = Shocks(3, "somebody", np.zeros(2, dtype=np.uint64), np.array([7, 250], dtype=np.uint64))
    np.testing.assert_array_equal(process.states(few, 52), everyone[[7, 250]])
    # what comes later shifts nothing that was drawn before, though it needs other layers
    slower = process._replace(by_move=np.array([[0.0, 0.0], [3.0, 3.0]]))
    np.testing.assert_array_equal(slower.states(shocks_of(300), 52)[:, :3], everyone[:, :3])


def test_lives_that_were_driven_apart_meet_again() -> None:
    process = Process((0, 3, 52), SLOW + 1, np.array([0.4, 0.4]), np.zeros((2, 2)), log_exit=-9.0)
    other = process._replace(by_move=np.array([[2.0, 0.0], [0.0, 0.0]]))
    one, two = (each.states(shocks_of(4_000), 52) for each in (process, other))
    apart = (one != two).mean(axis=0)
    assert apart[3] > 0.2
    assert apart[52] < 0.3 * apart[3]  # independent lives would be apart in 0.63


# Scores


@pytest.mark.parametrize(
    "scale",
    [Scale(0.1), Scale(1 / 24), Scale(0.02), Scale(0.0), Scale(0.01, 2.0), Scale(0.0, 2.0)],
    ids=str,
)
def test_recorded_scores_are_those_of_the_law_as_it_is_written(scale: Scale) -> None:
    latent = np.random.default_rng(5).uniform(-0.8, 1.8, size=20_000)
    recording = Recording.of([Scale(0.25), scale])
    found = [recorded(recording, 1, one) for one in latent]
    np.testing.assert_allclose(found, record(scale, latent), rtol=0, atol=1e-10)


def test_scores_are_those_of_the_law_in_the_units_of_the_instrument() -> None:
    rng = np.random.default_rng(6)
    scales = [instrument("pain_nrs"), instrument("pseq")]  # more is worse, and more is better
    assert {one.worse for one in scales} == {"higher", "lower"}
    measured = [Scale.of(one) for one in scales]
    level = rng.uniform(0, 1, size=(5, 9, 2))
    residual = rng.normal(0, 0.1, size=level.shape)
    table = expected_table(rng.uniform(0.05, 0.15, size=(5, 2)), measured)
    found, expected = (np.empty(level.shape, dtype=np.float32) for _ in range(2))
    fill_scores(level, residual, table, Recording.of(measured), Units.of(scales), expected, found)
    severity = read_table(table, level)
    for k, (one, scale) in enumerate(zip(scales, measured, strict=True)):
        wanted = one.from_severity(record(scale, level[:, :, k] + residual[:, :, k]))
        # single precision: seven digits of a score
        np.testing.assert_allclose(found[:, :, k], wanted, rtol=1e-6, atol=1e-6)
        wanted = one.from_severity(severity[:, :, k])
        np.testing.assert_allclose(expected[:, :, k], wanted, rtol=1e-6, atol=1e-6)


# The course


def test_the_natural_course_is_that_of_the_law_as_it_is_written() -> None:
    rng = np.random.default_rng(7)
    start, set_point = rng.uniform(0, 1, size=(2, 6, 3))
    log_rate, week = rng.normal(-2, 0.5, size=(6, 3)), np.arange(53.0)[None]
    found = natural_course(start, set_point, log_rate, week)
    weights = course.natural_weights(NUMPY, np.exp(log_rate), week)
    wanted = course.level(weights, start, set_point)
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-10)
    own = np.tile(week, (6, 1))
    np.testing.assert_array_equal(natural_course(start, set_point, log_rate, own), found)


# The whole of it


@pytest.mark.slow
def test_a_simulated_person_is_distributed_as_the_model_says() -> None:
    """Hold a person's scores and work to MODEL.md, sections 2 to 4 and 9, written out naively.

    With 4,000 draws on either side a mean that is off by 0.17 SDs, or a share by 0.08, is found
    with a probability of 0.99.
    """
    cohort, truth = synthetic_cohort(SyntheticSettings(people=6, clusters=2), seed=1)
    spec, grid = model_spec(cohort), ModelSettings().time_grid
    fit = known_tree(cohort, spec, records(cohort, grid), truth, draws=2_000)
    settings = SimulationSettings(draws=4_000, horizon_weeks=20, progress_bar=False)
    ready = prepare(cohort, fit, [load_scenario("usual_care")], settings, seed=5)
    person = int(np.flatnonzero(ready.baseline.worker)[0])
    found = simulate_person(ready, person)
    rng = np.random.default_rng(8)
    scores, work = naive_scores(ready, person, rng), naive_work(ready, person, grid, rng)
    n = len(work)
    for week in (2, 6, 20):
        for k in range(2):
            (one, before), (other, then) = (
                (each[:, week, k].astype(float), each[:, week - 1, k])
                for each in (found.recorded[0], scores)
            )
            error = math.sqrt((one.var() + other.var()) / n)
            assert abs(one.mean() - other.mean()) < 5 * error, (week, k)
            # of a difference of SDs, where tails are no longer than those of a normal
            assert abs(one.std() - other.std()) < 5 * other.std() / math.sqrt(n), (week, k)
            kept = [np.corrcoef(*pair)[0, 1] for pair in ((one, before), (other, then))]
            assert abs(kept[0] - kept[1]) < 5 * math.sqrt(2 / n), (week, k)
        shares = [np.bincount(states[:, week], minlength=4) / n for states in (found.work[0], work)]
        assert (np.abs(shares[0] - shares[1]) < 5 * math.sqrt(0.5 / n)).all(), week


def level_of(ready: Prepared, person: int, week: float) -> Floats:
    start, set_point, log_rate = (
        ready.twins[name][person] for name in ("start", "set_point", "log_rate")
    )
    return np.asarray(set_point + (start - set_point) * np.exp(-np.exp(log_rate) * week))


def naive_scores(ready: Prepared, person: int, rng: np.random.Generator) -> Floats:
    """Recorded scores, shape (draw, week, outcome)."""
    noise, begin, weeks = ready.noise, ready.baseline, len(ready.design.weeks)
    n, seen = len(noise.persistence), np.isfinite(begin.severity[person])
    root = np.linalg.cholesky(noise.flare_covariance)
    scores = np.empty((n, weeks, 2))
    flare = np.empty((n, 2))
    for i, covariance in enumerate(noise.flare_covariance):
        variance = noise.error_sd[i] ** 2 + begin.rounding_variance[person]
        total = covariance[np.ix_(seen, seen)] + np.diag(variance[seen])
        gain = covariance[:, seen] @ np.linalg.inv(total)
        off = (begin.severity[person] - level_of(ready, person, 0)[i])[seen]
        flare[i] = rng.multivariate_normal(gain @ off, covariance - gain @ covariance[seen])
    kept = np.exp(-1 / noise.persistence)[:, None]
    for week in range(weeks):
        if week:
            new = np.einsum("ijk,ik->ij", root, rng.normal(size=(n, 2)))
            flare = kept * flare + np.sqrt(1 - kept**2) * new
        latent = level_of(ready, person, week) + flare + noise.error_sd * rng.normal(size=(n, 2))
        for k, scale in enumerate(ready.design.instruments.values()):
            scores[:, week, k] = scale.from_severity(record(Scale.of(scale), latent[:, k]))
    return scores


def naive_work(
    ready: Prepared, person: int, grid: TimeGrid, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Work states by matrix exponentials, week by week, shape (draw, week)."""
    law, frailty = ready.work, ready.twins["work_frailty"][person]
    assert law is not None
    n, weeks = len(frailty), len(ready.design.weeks)
    work = np.full((n, weeks), ready.baseline.work_state[person])
    moves = [(0, 1), (0, 2), (1, 2), (1, 0), (2, 1), (2, 0)]
    for week in range(1, weeks):
        cell = int(np.searchsorted(grid.ends, week - 0.5))
        if week == 1 or week - 1 in grid.edges:  # edges are whole weeks
            above = level_of(ready, person, grid.middles[cell]) - 0.3
            worse = frailty + (law.worsening_slope * above).sum(axis=1)
            better = -frailty - (law.recovery_slope * above).sum(axis=1)
            q = np.zeros((n, 4, 4))
            for number, (source, target) in enumerate(moves):
                up = worse if target > source else better
                q[:, source, target] = np.exp(law.log_intensity[:, number] + up)
            q[:, 2, 3] = np.exp(law.log_exit_intensity)
            passed = expm(q - np.eye(4) * q.sum(axis=2, keepdims=True)).cumsum(axis=2)
        own = passed[np.arange(n), work[:, week - 1], :-1]
        work[:, week] = (rng.random(n)[:, None] > own).sum(axis=1)
    return work
