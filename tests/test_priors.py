"""Densities of priors against scipy, against their own draws, and against volumes by quadrature."""

import math
from typing import NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import integrate, stats
from scipy.stats.distributions import rv_frozen

from priors import (
    Beta,
    Dirichlet,
    Distribution,
    HalfNormal,
    HalfStudentT,
    Lkj,
    LogNormal,
    Normal,
    load_prior_set,
)
from twin.law.parameters import ModelSpec, sampled_parameters

TWO = np.array([[0.2, 0.7], [0.35, 0.9], [0.01, 0.05]])


class folded_t(NamedTuple):  # noqa: N801  (stands beside scipy's own)
    """Student's t, folded at zero."""

    df: float
    scale: list[float]

    def logpdf(self, value: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.log(2) + stats.t(self.df, scale=self.scale).logpdf(value)


@pytest.mark.parametrize(
    ("prior", "reference"),
    [
        (Normal(mean=(0.1, -0.4), sd=0.3), stats.norm([0.1, -0.4], 0.3)),
        (HalfNormal(sd=(0.3, 0.6)), stats.halfnorm(scale=[0.3, 0.6])),
        (HalfStudentT(df=3.0, scale=(0.3, 0.1)), folded_t(3.0, [0.3, 0.1])),
        (LogNormal(median=0.4, log_sd=(0.25, 0.8)), stats.lognorm([0.25, 0.8], scale=0.4)),
        (Beta(a=(2.0, 1.0), b=(3.5, 1.0)), stats.beta([2.0, 1.0], [3.5, 1.0])),
    ],
)
def test_a_density_is_that_of_scipy(prior: Distribution, reference: rv_frozen) -> None:
    np.testing.assert_allclose(prior.log_density(TWO), reference.logpdf(TWO), rtol=1e-12)


def test_the_density_of_shares_is_that_of_scipy() -> None:
    shares = np.array([[0.2, 0.3, 0.5], [0.7, 0.1, 0.2]])
    found = Dirichlet(concentration=1.7).log_density(shares)
    wanted = [stats.dirichlet([1.7] * 3).logpdf(one) for one in shares]
    np.testing.assert_allclose(found, wanted, rtol=1e-12)


def factor(*below: float) -> NDArray[np.float64]:
    """Return the Cholesky factor of a correlation matrix given what is below its diagonal."""
    n = round((1 + math.sqrt(1 + 8 * len(below))) / 2)
    matrix = np.eye(n)
    matrix[np.tril_indices(n, -1)] = below
    return np.linalg.cholesky(matrix + np.tril(matrix, -1).T)


@pytest.mark.parametrize("eta", [1.0, 2.0, 3.7])
def test_the_density_of_two_correlated_things_is_a_stretched_beta(eta: float) -> None:
    r = np.array([-0.9, -0.2, 0.0, 0.6])
    found = Lkj(eta=eta).log_density(np.stack([factor(one) for one in r]))
    np.testing.assert_allclose(found, stats.beta(eta, eta, loc=-1, scale=2).logpdf(r), rtol=1e-10)


def test_the_density_of_three_correlations_integrates_to_one() -> None:
    prior = Lkj(eta=2.0)

    def density(c: float, b: float, a: float) -> float:
        determinant = 1 + 2 * a * b * c - a**2 - b**2 - c**2
        if determinant <= 1e-12:
            return 0.0
        return float(np.exp(prior.log_density(factor(a, b, c))))

    def edges(a: float, b: float) -> tuple[float, float]:
        half = math.sqrt((1 - a**2) * (1 - b**2))
        return a * b - half, a * b + half

    def inner(b: float, a: float) -> float:
        nodes, weights = np.polynomial.legendre.leggauss(12)
        low, high = edges(a, b)
        at = (low + high) / 2 + (high - low) / 2 * nodes
        return float(sum(w * density(c, b, a) for w, c in zip(weights, at, strict=True))) * (
            (high - low) / 2
        )

    total, _ = integrate.dblquad(inner, -1, 1, -1, 1, epsabs=1e-4)
    assert total == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize(
    "prior", [HalfNormal(sd=0.4), LogNormal(median=3.0, log_sd=0.5), Beta(a=2.0, b=5.0)]
)
def test_draws_fall_where_the_density_says(prior: Distribution) -> None:
    drawn = prior.draw(np.random.default_rng(1), (4000,))
    low, high = np.quantile(drawn, [0.2, 0.7])
    grid = np.linspace(low, high, 2001)
    share = integrate.simpson(np.exp(prior.log_density(grid)), x=grid)
    assert share == pytest.approx(0.5, abs=4 * math.sqrt(0.25 / 4000))


def test_every_prior_of_the_default_set_has_a_density_for_what_it_draws() -> None:
    spec = ModelSpec(("pain", "disability"), ("usual_care", "app"), ("a", "b"), ("age",), True)
    priors, rng = load_prior_set("literature"), np.random.default_rng(2)
    for parameter in sampled_parameters(spec):
        if not parameter.standard:
            shape = tuple(len(spec.coords[dim]) for dim in parameter.dims)
            prior = priors[parameter.name].distribution
            assert np.isfinite(prior.log_density(prior.draw(rng, shape))).all(), parameter.name
