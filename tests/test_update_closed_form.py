"""One person's update beside closed forms and the law itself."""

from typing import NamedTuple

import numpy as np
import pytest
from scipy.special import logsumexp
from scipy.stats import multivariate_normal

from twin.cohort.synthetic import SyntheticSettings, synthetic_cohort, synthetic_spec
from twin.fit.arrays import records
from twin.fit.settings import ModelSettings
from twin.law.backends import NUMPY
from twin.law.covariates import fill, gap_values
from twin.law.grid import Floats
from twin.law.likelihood import log_likelihood
from twin.law.parameters import assemble, sampled_parameters
from twin.law.population import Population, expect, linear_scale
from twin.law.records import Records
from twin.update.person import data_of, gaps_of, place
from twin.update.proposal import laplace
from twin.update.slopes import slopes
from twin.update.stack import Stack, stack
from twin.update.target import weigh
from twin.update.update import Known, update

GRID = ModelSettings().time_grid
DRAWS = 400


class Case(NamedTuple):
    """People, and draws of a population that differ in what a score would tell of."""

    populations: list[Population]
    stack: Stack
    data: Records


def case(draws: int, *, log_rate_sd: float | None = None, days: bool = False) -> Case:
    settings = SyntheticSettings(people=24, clusters=3, days_absent=days)
    cohort, truth = synthetic_cohort(settings, seed=21)
    patients = cohort.patients.copy()
    patients.loc[patients.index[:4], "depression"] = np.nan
    patients.loc[patients.index[2:5], "age"] = np.nan
    object.__setattr__(cohort, "patients", patients)
    spec = synthetic_spec(settings)
    rng = np.random.default_rng(4)
    populations = []
    for _ in range(draws):
        values = {one.name: truth[one.name].to_numpy() for one in sampled_parameters(spec)}
        for name, sd in (("start_mean", 0.03), ("set_point_mean", 0.04), ("log_rate_mean", 0.2)):
            values[name] = values[name] + sd * rng.normal(size=2)
        values["start_sd"] = values["start_sd"] * np.exp(0.2 * rng.normal(size=2))
        values["spread"] = values["spread"] * np.exp(0.1 * rng.normal(size=2))
        if log_rate_sd is not None:
            values["log_rate_sd"] = np.asarray(log_rate_sd)
        populations.append(assemble(NUMPY, spec, values))
    data = records(cohort, GRID)
    return Case(populations, stack(populations, GRID, data.dose), data)


def test_a_candidate_is_weighed_by_the_likelihood_of_the_fit_to_rounding() -> None:
    given = case(3, days=True)
    data, rng = given.data, np.random.default_rng(0)
    n, q = len(data.arm), given.stack.n_linear
    z, eps = rng.normal(size=n), rng.normal(size=(n, q))
    noise = rng.normal(size=data.gaps.n)
    covariate = fill(NUMPY, data.gaps, gap_values(NUMPY, data.gaps, noise))
    assert data.gaps.n == 7
    assert data.work is not None
    own_noise: dict[int, list[float]] = {i: [] for i in range(n)}
    for gap, person in enumerate(np.nonzero(data.gaps.place)[0]):
        own_noise[int(person)].append(noise[gap])
    for d, population in enumerate(given.populations):
        at_end = data.scores.end != 0
        told = []
        for i in range(n):
            x = np.concatenate([[z[i]], own_noise[i], eps[i]])[None, None]
            person = data_of(data, i, 1)
            placed = place(given.stack, gaps_of(data, i), data.arm[i], data.cluster[i])
            uniform = rng.random((1, 1, person.n_ends))
            rest = (placed, given.stack.law, given.stack.edges, person)
            told.append(weigh(x, uniform, np.array([d]), *rest))
        latent = data.scores.severity.copy()
        for i, one in enumerate(told):
            latent[i, : data.scores.n_scores[i]] = one[3][0, 0, : data.scores.n_scores[i]]
        terms = log_likelihood(NUMPY, population, data, covariate, latent, z, eps)
        total = np.asarray(terms.scores).copy()
        total[data.work.worker] += terms.work_state + terms.days_absent
        for i, (log, log_rate, effects, _) in enumerate(told):
            np.testing.assert_allclose(log_rate[0, 0], terms.people.log_rate[i], atol=1e-12)
            np.testing.assert_allclose(effects[0, 0, :2], terms.people.start[i], atol=1e-10)
            np.testing.assert_allclose(effects[0, 0, 6], terms.people.frailty[i], atol=1e-10)
            if not at_end[i].any():
                assert log[0, 0] == pytest.approx(total[i], abs=1e-10)


def test_the_slope_of_a_persons_posterior_is_its_finite_difference() -> None:
    given = case(2)
    data, rng = given.data, np.random.default_rng(1)
    assert data.work is not None
    checked = 0
    for i in data.work.worker[:8]:
        gaps = gaps_of(data, i)
        placed = place(given.stack, gaps, data.arm[i], data.cluster[i])
        own = placed.log_rate_slope.shape[1]
        person = data_of(data, i, own + 1)
        if person.n_ends:
            continue
        checked += 1
        rest = (np.array([1]), placed, given.stack.law, given.stack.edges, person)
        x = rng.normal(size=(1, own + given.stack.n_linear))
        none = np.empty((1, 1, 0))
        slope = slopes(x, none[0, 0], *rest)[0]
        for j in range(x.shape[1]):
            up, down = x.copy(), x.copy()
            up[0, j] += 1e-5
            down[0, j] -= 1e-5
            density = [
                weigh(at[:, None], none, *rest)[0][0, 0] - 0.5 * (at**2).sum() for at in (up, down)
            ]
            assert slope[j] == pytest.approx((density[0] - density[1]) / 2e-5, abs=2e-3), (i, j)
    assert checked >= 3


def gaussian(given: Case) -> Records:
    """Return records without rounding, ends, work or a threshold: all of it jointly normal."""
    data = given.data
    scores = data.scores._replace(
        severity=np.where(data.scores.end < 0, 0.05, data.scores.severity),
        end=np.zeros_like(data.scores.end),
        rounding_variance=np.zeros_like(data.scores.rounding_variance),
    )
    return data._replace(scores=scores, work=None, entry=None)


class Exact(NamedTuple):
    """Conjugate answer: a mixture of normals over draws of the population."""

    log_density: Floats
    """Of the scores under each draw."""
    mean: Floats
    """Of start and set point, over draws and all."""
    sd: Floats


def conjugate(given: Case, data: Records, i: int) -> Exact:
    """Condition on the scores with dense matrices, the rate being known."""
    scores, n = data.scores, int(data.scores.n_scores[i])
    week, k, y = scores.week[i, :n], scores.outcome[i, :n], scores.severity[i, :n]
    log_density, means, covariances = [], [], []
    for population in given.populations:
        args = (data.covariate, data.cluster, data.arm, np.zeros(len(data.arm)))
        found = expect(NUMPY, population, np.nan_to_num(args[0]), *args[1:])
        rate = np.exp(found.log_rate[i])
        own = linear_scale(NUMPY, population)[data.arm[i]]
        covariance = own @ own.T
        design = np.zeros((n, len(own)))
        design[np.arange(n), k] = np.exp(-rate[k] * week)
        design[np.arange(n), 2 + k] = 1 - np.exp(-rate[k] * week)
        flare = population.spread**2 * population.persistent_share
        sd = np.sqrt(flare)
        kept = np.exp(-np.abs(week[:, None] - week) / population.persistence)
        noise = kept * (np.outer(sd, sd) * population.flare_correlation)[np.ix_(k, k)]
        noise += np.diag((population.spread**2 - flare)[k])
        total = design @ covariance @ design.T + noise
        expected = design @ found.linear[i]
        gain = covariance @ design.T @ np.linalg.inv(total)
        log_density.append(multivariate_normal(expected, total).logpdf(y))
        means.append((found.linear[i] + gain @ (y - expected))[:4])
        covariances.append(np.diag(covariance - gain @ design @ covariance)[:4])
    weight = np.exp(log_density - logsumexp(log_density))
    mean = weight @ np.array(means)
    second = weight @ (np.array(covariances) + np.array(means) ** 2)
    return Exact(np.array(log_density), mean, np.sqrt(second - mean**2))


def known(given: Case, data: Records, i: int) -> Known:
    return update(
        given.stack,
        data,
        i,
        f"q{i}",
        float(data.scores.week[i].max()),
        1,
        candidates=4,
        reweigh=True,
    )


def test_without_rounding_ends_and_work_the_update_is_the_conjugate_one() -> None:
    given = case(DRAWS, log_rate_sd=1e-8)
    data = gaussian(given)
    whole = [i for i in range(24) if data.arm[i] == 0 and not np.isnan(data.covariate[i]).any()]
    off = []
    for i in whole[:8]:
        exact, found = conjugate(given, data, i), known(given, data, i)
        evidence = logsumexp(exact.log_density) - np.log(DRAWS)
        assert found.log_evidence == pytest.approx(evidence, abs=1e-6)
        drawn = np.concatenate([found.people.start, found.people.set_point], axis=1)
        off.append((drawn.mean(axis=0) - exact.mean) / exact.sd * np.sqrt(DRAWS))
        np.testing.assert_allclose(drawn.std(axis=0), exact.sd, rtol=0.15)
    # Monte-Carlo errors of the mean of DRAWS nearly independent draws
    assert np.abs(off).max() < 4
    assert np.sqrt(np.mean(np.square(off))) < 1.3


def test_tempered_candidates_end_where_weighed_ones_do(monkeypatch: pytest.MonkeyPatch) -> None:
    given = case(DRAWS, log_rate_sd=1e-8)
    data = gaussian(given)
    monkeypatch.setattr("twin.update.choose.FEWEST", 2.0)  # no weights are reliable
    off = []
    for i in [i for i in range(4, 24) if data.arm[i] == 0][:6]:
        exact, found = conjugate(given, data, i), known(given, data, i)
        assert found.method == "tempered"
        drawn = np.concatenate([found.people.start, found.people.set_point], axis=1)
        off.append((drawn.mean(axis=0) - exact.mean) / exact.sd * np.sqrt(found.ess))
        np.testing.assert_allclose(drawn.std(axis=0), exact.sd, rtol=0.2)
    assert np.abs(off).max() < 4
    assert np.sqrt(np.mean(np.square(off))) < 1.5


def test_a_rate_that_differs_between_people_is_integrated_as_by_quadrature() -> None:
    given = case(1)
    data = gaussian(given)
    z = np.linspace(-6, 6, 241)
    none = np.empty((1, len(z), 0))
    for i in range(6, 14):
        placed = place(given.stack, gaps_of(data, i), data.arm[i], data.cluster[i])
        x = np.zeros((1, len(z), 1 + given.stack.n_linear))
        x[0, :, 0] = z
        rest = (placed, given.stack.law, given.stack.edges)
        person = data_of(data, i, len(z))
        log = weigh(x, none, np.array([0]), *rest, person)[0][0] - 0.5 * z**2
        exact = logsumexp(log) + np.log(z[1] - z[0]) - 0.5 * np.log(2 * np.pi)
        proposal = laplace(given.stack, placed, person)
        rng = np.random.default_rng(i)
        at, ratio = proposal.place(
            rng.normal(size=(1, 4000, x.shape[2])), rng.standard_gamma(4, (1, 4000)), np.array([0])
        )
        many = data_of(data, i, 4000)
        weight = weigh(at, np.empty((1, 4000, 0)), np.array([0]), *rest, many)[0][0] + ratio[0]
        assert logsumexp(weight) - np.log(4000) == pytest.approx(exact, abs=0.02), i
        np.testing.assert_allclose(proposal.log_ratio(at, np.array([0])), ratio, atol=1e-9)


def test_a_person_of_whom_nothing_is_known_keeps_every_draw_of_the_population() -> None:
    given = case(50)
    empty = given.data._replace(
        scores=given.data.scores._replace(n_scores=np.zeros(24, dtype=np.int64)),
        work=None,
        entry=None,
    )
    found = known(given, empty, 8)
    assert found.draw.tolist() == list(range(50))
    assert found.ess == 50
    assert found.log_evidence == pytest.approx(0, abs=1e-12)
