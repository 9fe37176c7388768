"""The likelihood of a person with everything personal integrated out.

Held to an exact multivariate normal density where there is one, and elsewhere to dense Monte Carlo
that draws people from the population and asks only for the probability of what was recorded given a
person: flares and errors by `scipy.stats.multivariate_normal`, work by `scipy.linalg.expm`.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.linalg import expm
from scipy.special import log_softmax, logsumexp, ndtr, ndtri
from scipy.stats import multivariate_normal, norm

from twin.cohort.synthetic import SyntheticSettings, synthetic_cohort
from twin.fit.arrays import model_spec, records
from twin.fit.marginal import by_person, coordinates, log_integrand, log_marginal
from twin.fit.points import adapted_proposal, prior_proposal, sobol_points
from twin.law import normal
from twin.law.backends import COMPILED, NUMPY
from twin.law.beyond import draw_beyond
from twin.law.forward import draw_people, levels
from twin.law.grid import TimeGrid
from twin.law.likelihood import dose_of_arms, entry_term, log_likelihood, score_arguments
from twin.law.parameters import assemble, sampled_parameters
from twin.law.population import People, Population, expect, frailty_alone, linear_scale
from twin.law.records import Records
from twin.law.work import LEVEL_REFERENCE

type Floats = NDArray[np.float64]


class Case(NamedTuple):
    population: Population
    data: Records
    covariate: Floats


@pytest.fixture(scope="module")
def case() -> Case:
    settings = SyntheticSettings(people=60, clusters=3, visit_jitter_weeks=1.0)
    cohort, truth = synthetic_cohort(settings, seed=6)
    spec = model_spec(cohort)
    values = {p.name: truth[p.name].to_numpy() for p in sampled_parameters(spec)}
    data = records(cohort, TimeGrid(settings.grid_edges))
    covariate = np.nan_to_num(data.covariate)
    return Case(assemble(COMPILED, spec, values), data, covariate)


def without(population: Population, rate_sd: float) -> Population:
    """Return a population without a work process, its rates spread by so much."""
    scale = population.scale[:-1, :-1].copy()
    scale[0, 0] = rate_sd
    return population._replace(
        mean=population.mean[:-1],
        scale=scale,
        covariate_effect=population.covariate_effect[:, :-1],
        cluster_effect=population.cluster_effect[:, :-1],
        work=None,
    )


def marginal(case: Case, points: int, seed: int) -> Floats:
    """Integrate as `leave_one_out.person_log_likelihood` does, at one draw."""
    n = 1 + case.population.n_linear
    free, ends = coordinates(case.data, n - 1)
    pilot = sobol_points(1024, n, ends, seed + 100)
    log = log_integrand(*case, pilot, prior_proposal(len(free), n))
    weight = np.exp(log - logsumexp(log, axis=1, keepdims=True))
    proposal = adapted_proposal(pilot.normal, weight, free)
    return log_marginal(*case, sobol_points(points, n, ends, seed), proposal)


def dense(case: Case, z: Floats) -> Iterator[tuple[int, Floats, Floats]]:
    """Yield each person's scores' mean and covariance at a rate, by dense matrices."""
    population, data, covariate = case
    k = population.n_outcomes
    expected = expect(NUMPY, population, covariate, data.cluster, data.arm, z)
    by_arm = linear_scale(NUMPY, population)
    flare_sd = population.spread * np.sqrt(population.persistent_share)
    error = population.spread**2 * (1 - population.persistent_share)
    for i, n in enumerate(data.scores.n_scores):
        week, outcome = data.scores.week[i, :n], data.scores.outcome[i, :n]
        design = np.zeros((n, population.n_linear))
        for effect in range(3 * k):  # what a unit of each effect adds to each score
            unit = np.zeros((1, 3 * k))
            unit[0, effect] = 1
            parts = [unit[:, j * k : (j + 1) * k] for j in range(3)]
            one = People(expected.log_rate[i : i + 1], np.zeros(1), *parts)
            at = levels(population, one, data.grid, data.dose, data.arm[i : i + 1], week[None])
            design[:, effect] = at[0][np.arange(n), outcome]
        own = by_arm[data.arm[i]]
        kept = np.exp(-np.abs(week[:, None] - week) / population.persistence)
        flare = np.outer(flare_sd[outcome], flare_sd[outcome]) * kept
        flare *= population.flare_correlation[np.ix_(outcome, outcome)]
        noise = error[outcome] + data.scores.rounding_variance[i, :n]
        covariance = design @ own @ own.T @ design.T + flare + np.diag(noise)
        yield i, design @ expected.linear[i], covariance


def test_the_compiled_normal_is_that_of_scipy() -> None:
    p = np.concatenate([10.0 ** -np.arange(1, 300, 7), np.linspace(0.001, 0.999, 498)])
    np.testing.assert_allclose(
        [normal.quantile(one) for one in p], ndtri(p), rtol=1e-13, atol=1e-15
    )
    x = np.linspace(-37, 6, 300)
    np.testing.assert_allclose([normal.probability_below(one) for one in x], ndtr(x), rtol=1e-12)


def test_the_frailty_hangs_on_one_noise_and_nothing_else_has_changed(case: Case) -> None:
    lower = linear_scale(NUMPY, case.population)
    turned = frailty_alone(NUMPY, case.population)
    covariance = lower @ lower.swapaxes(-1, -2)
    assert np.count_nonzero(lower[0, -1]) > 1
    np.testing.assert_allclose(turned @ turned.swapaxes(-1, -2), covariance, rtol=1e-12, atol=1e-16)
    np.testing.assert_allclose(turned[:, -1, :-1], 0, atol=1e-15)
    np.testing.assert_allclose(turned[:, -1, -1], np.sqrt(covariance[:, -1, -1]))


def test_without_ends_work_and_spread_of_rates_it_is_the_normal_density(case: Case) -> None:
    scores = case.data.scores
    inside = scores._replace(end=np.zeros_like(scores.end))
    plain = Case(
        without(case.population, 1e-9), case.data._replace(scores=inside, work=None), case.covariate
    )
    n = 1 + plain.population.n_linear
    start = prior_proposal(len(plain.covariate), n)
    found = log_marginal(*plain, sobol_points(2, n, 0, 1), start)
    entry = entry_term(NUMPY, plain.population, plain.data, plain.covariate)
    for i, mean, covariance in dense(plain, np.zeros(len(found))):
        y = scores.severity[i, : len(mean)]
        exact = multivariate_normal(mean, covariance).logpdf(y) + entry[i]
        assert found[i] == pytest.approx(exact, abs=1e-6), i


def test_scores_at_an_end_have_the_probability_of_an_orthant(case: Case) -> None:
    plain = Case(without(case.population, 1e-9), case.data._replace(work=None), case.covariate)
    found = marginal(plain, 1024, seed=2)
    entry = entry_term(NUMPY, plain.population, plain.data, plain.covariate)
    scores, seen = case.data.scores, set()
    for i, mean, covariance in dense(plain, np.zeros(len(found))):
        end = scores.end[i, : len(mean)]
        out, there = end != 0, end == 0
        if not 1 <= out.sum() <= 3:
            continue
        seen.add(int(out.sum()))
        y = scores.severity[i, : len(mean)]
        known = covariance[np.ix_(there, there)]
        gain = np.linalg.solve(known, covariance[np.ix_(there, out)]).T
        centre = mean[out] + gain @ (y[there] - mean[there])
        rest = covariance[np.ix_(out, out)] - gain @ covariance[np.ix_(there, out)]
        # turned so that each lies below its bound
        turn = -end[out].astype(float)
        below = multivariate_normal(turn * centre, rest * np.outer(turn, turn)).cdf(turn * y[out])
        exact = multivariate_normal(mean[there], known).logpdf(y[there]) + np.log(below) + entry[i]
        assert found[i] == pytest.approx(exact, abs=2e-3), i
    assert len(seen) >= 2


def test_what_is_drawn_lies_beyond_its_bound_with_the_density_that_is_told(case: Case) -> None:
    data, n = case.data, len(case.covariate)
    rng = np.random.default_rng(3)
    z = rng.normal(size=n)
    expected = expect(COMPILED, case.population, case.covariate, data.cluster, data.arm, z)
    dose = dose_of_arms(COMPILED, case.population, data)
    state, rest = score_arguments(COMPILED, case.population, data, expected, dose)
    _, ends = coordinates(data, case.population.n_linear)
    latent, log_density = draw_beyond(
        *state, data.scores.severity, *rest, data.scores.end, rng.random((n, ends))
    )
    end = data.scores.end
    assert ((latent - data.scores.severity)[end != 0] * end[end != 0] > 0).all()
    np.testing.assert_array_equal(latent[end == 0], data.scores.severity[end == 0])
    single = 0
    for i, mean, covariance in dense(case, z):
        (at,) = np.nonzero(end[i, : len(mean)])
        if len(at) != 1:
            assert (log_density[i] == 0) == (len(at) == 0)
            continue
        single += 1
        others = np.flatnonzero(end[i, : len(mean)] == 0)
        gain = np.linalg.solve(covariance[np.ix_(others, others)], covariance[others, at[0]])
        centre = mean[at[0]] + gain @ (latent[i, others] - mean[others])
        sd = np.sqrt(covariance[at[0], at[0]] - gain @ covariance[others, at[0]])
        side = end[i, at[0]]
        beyond = norm.logcdf(side * (centre - data.scores.severity[i, at[0]]) / sd)
        exact = norm.logpdf(latent[i, at[0]], centre, sd) - beyond
        assert log_density[i] == pytest.approx(exact, abs=1e-8)
    assert single >= 2


def scores_given(case: Case, i: int, people: People) -> Floats:
    """Return log probability of a person's scores given each of many people, naively."""
    population, data, _ = case
    n, m = int(data.scores.n_scores[i]), len(people.log_rate)
    week, outcome = data.scores.week[i, :n], data.scores.outcome[i, :n]
    arm = np.full(m, data.arm[i])
    at = (population, people, data.grid, data.dose, arm)
    mean = levels(*at, np.tile(week, (m, 1)))[:, np.arange(n), outcome]
    sd = population.spread * np.sqrt(population.persistent_share)
    kept = np.exp(-np.abs(week[:, None] - week) / population.persistence)
    noise = np.outer(sd[outcome], sd[outcome]) * kept
    noise *= population.flare_correlation[np.ix_(outcome, outcome)]
    error = population.spread**2 * (1 - population.persistent_share)
    noise += np.diag(error[outcome] + data.scores.rounding_variance[i, :n])
    end, y = data.scores.end[i, :n], data.scores.severity[i, :n]
    out, there = np.flatnonzero(end), np.flatnonzero(end == 0)
    assert len(out) <= 1
    total = multivariate_normal(cov=noise[np.ix_(there, there)]).logpdf(y[there] - mean[:, there])
    for t in out:
        gain = np.linalg.solve(noise[np.ix_(there, there)], noise[there, t])
        centre = mean[:, t] + (y[there] - mean[:, there]) @ gain
        rest = np.sqrt(noise[t, t] - gain @ noise[there, t])
        total = total + norm.logcdf(end[t] * (centre - y[t]) / rest)
    return np.asarray(total)


def work_given(case: Case, i: int, people: People) -> Floats:
    """Return log probability of a person's work states given each of many people, naively."""
    population, data, _ = case
    work, law, m = data.work, population.work, len(people.log_rate)
    assert work is not None
    assert law is not None
    (row,) = np.nonzero(work.worker == i)
    if not len(row):
        return np.zeros(m)
    at = (population, people, data.grid, data.dose, np.full(m, data.arm[i]))
    middles = np.tile(data.grid.middles, (m, 1))
    first = levels(*at, np.full((m, 1), work.start_week[row[0]]))[:, 0]
    by_cell = levels(*at, middles)
    given = dose_of_arms(NUMPY, population, data)[data.arm[i]]
    returns, relapses = law.arm_log_hazard[data.arm[i]]
    away = (first - LEVEL_REFERENCE) @ law.initial_slope + people.frailty
    logits = np.stack([0 * away, law.initial_logit[0] + away, law.initial_logit[1] + away], -1)
    begin, end = work.first_occasion[row[0]], work.first_occasion[row[0] + 1]
    total = log_softmax(logits, axis=-1)[:, work.state[begin]]
    assert (work.state[begin:end] >= 0).all()
    for o in range(begin + 1, end):
        move = np.tile(np.eye(4), (m, 1, 1))
        for s in range(work.first_segment[o], work.first_segment[o + 1]):
            cell = work.segment_cell[s]
            above = by_cell[:, cell] - LEVEL_REFERENCE
            worse = np.exp(above @ law.worsening_slope + people.frailty)
            better = np.exp(-above @ law.recovery_slope - people.frailty)
            base = np.exp(law.log_intensity)
            q = np.zeros((m, 4, 4))
            for place, (a, b) in enumerate([(0, 1), (0, 2), (1, 2), (1, 0), (2, 1), (2, 0)]):
                q[:, a, b] = base[place] * (worse if place < 3 else better)
            q[:, 1:3, 0] *= np.exp(given[cell] * returns)
            q[:, 0, 1:3] *= np.exp(given[cell] * relapses)
            q[:, 2, 3] = np.exp(law.log_exit_intensity)
            q -= np.eye(4) * q.sum(axis=2, keepdims=True)
            move = move @ expm(q * work.segment_weeks[s])
        total = total + np.log(move[:, work.state[o - 1], work.state[o]])
    return np.asarray(total)


@pytest.mark.slow
def test_it_is_what_dense_monte_carlo_finds_of_people_with_and_without_work(case: Case) -> None:
    population, data, covariate = case
    found = np.mean([marginal(case, 128, seed) for seed in range(4)], axis=0)
    entry = entry_term(NUMPY, population, data, covariate)
    ends = (data.scores.end != 0).sum(axis=1)
    assert data.work is not None
    worker = np.isin(np.arange(len(found)), data.work.worker)
    few = data.scores.n_scores <= 6  # or Monte Carlo from the population finds nobody like them
    chosen = [
        np.flatnonzero(few & (worker == works) & (ends == at_end))[:1]
        for works in (True, False)
        for at_end in (0, 1)
    ]
    people = np.concatenate(chosen)
    assert worker[people].any()
    assert not worker[people].all()
    assert ends[people].any()
    rng, m = np.random.default_rng(5), 100_000
    for i in people:
        rows = np.full(m, i)
        drawn = draw_people(population, covariate[rows], data.cluster[rows], data.arm[rows], rng)
        log = scores_given(case, int(i), drawn)
        order = np.argsort(-log)
        # people unlike the person weigh next to nothing, and work is dear
        reached = np.cumsum(np.exp(log[order] - logsumexp(log)))
        near = order[: np.searchsorted(reached, 0.9995) + 1]
        some = People(*(part[near] for part in drawn))
        log = log[near] + work_given(case, int(i), some)
        naive = logsumexp(log) - np.log(m)
        weight = np.exp(log - logsumexp(log))
        error = np.sqrt((weight**2).sum() - 1 / m)  # of the log of the mean
        assert error < 0.06
        assert found[i] == pytest.approx(naive + entry[i], abs=4 * error + 0.01), i


def test_few_points_placed_by_a_persons_data_are_enough(case: Case) -> None:
    reference = np.mean([marginal(case, 512, seed) for seed in (11, 12)], axis=0)
    seeds = range(13, 17)
    off = np.array([marginal(case, 32, seed) - reference for seed in seeds])
    assert np.sqrt(np.mean(off**2)) < 0.02
    # the same number of points of the prior does worse
    n = 1 + case.population.n_linear
    _, ends = coordinates(case.data, n - 1)
    start = prior_proposal(len(reference), n)
    crude = [log_marginal(*case, sobol_points(32, n, ends, seed), start) for seed in seeds]
    assert np.std(np.array(crude) - reference) > 1.5 * np.std(off)


def test_the_terms_of_people_sum_to_those_of_the_cohort(case: Case) -> None:
    rng = np.random.default_rng(6)
    n = len(case.covariate)
    terms = log_likelihood(
        COMPILED,
        case.population,
        case.data,
        case.covariate,
        case.data.scores.severity,
        rng.normal(size=n),
        rng.normal(size=(n, case.population.n_linear)),
    )
    whole = sum(float(np.sum(getattr(terms, name))) for name in terms._fields if name != "people")
    assert by_person(terms, case.data).sum() == pytest.approx(whole, rel=1e-12)
