"""Coordinates that the sampler moves in leave the distribution that they are coordinates of."""

from __future__ import annotations

import numpy as np
import pymc as pm
import pytensor
import pytensor.tensor as pt
import pytest
import xarray as xr
from pytensor.compile.mode import Mode
from scipy import stats

from twin.fit.geometry import (
    Softplus,
    coordinate_of,
    correlation_factor,
    flare_stretch,
    partly_centred,
)

PLAIN = Mode(linker="py", optimizer=None)


def density(model: pm.Model, at: dict[str, np.ndarray]) -> float:
    """Log density of a model's variables at a point of the sampler's own space."""
    evaluated = pytensor.function(model.value_vars, model.logp(), mode=PLAIN)
    return float(evaluated(*(at[value.name] for value in model.value_vars)))


def test_the_softplus_coordinate_comes_back_and_has_the_derivative_it_tells() -> None:
    coordinate, at = Softplus(0.3), np.array([-30.0, -3.0, 0.1, 4.0, 60.0])
    there = coordinate.backward(at)
    np.testing.assert_allclose(coordinate.forward(there).eval(), at, rtol=1e-9)
    h = 1e-6
    slope = (coordinate.backward(at + h).eval() - coordinate.backward(at - h).eval()) / (2 * h)
    np.testing.assert_allclose(coordinate.log_jac_det(at).eval(), np.log(slope), atol=1e-4)


def test_a_half_normal_in_the_softplus_coordinate_keeps_its_density() -> None:
    with pm.Model() as model:
        pm.HalfNormal("sd", sigma=0.03, default_transform=Softplus(0.015))
    at = 0.7
    sd = 0.015 * np.log1p(np.exp(at))
    jacobian = np.log(0.015) - np.log1p(np.exp(-at))
    wanted = stats.halfnorm(scale=0.03).logpdf(sd) + jacobian
    assert density(model, {"sd_softplus__": np.array(at)}) == pytest.approx(wanted)


@pytest.mark.parametrize("sd", [0.01, 0.2, 5.0])
def test_partly_centred_standard_normals_are_standard_normal(sd: float) -> None:
    with pm.Model(coords={"covariate": ["a", "b"]}) as model:
        partly_centred("z", ("covariate",), sd, 0.1)
        drawn = pm.sample_prior_predictive(4000, random_seed=1)["prior"]
    assert stats.kstest(drawn["z"].to_numpy().ravel(), "norm").pvalue > 0.01
    stretch = np.sqrt(1 + (sd / 0.1) ** 2)
    np.testing.assert_allclose(drawn[coordinate_of("z")], stretch * drawn["z"])
    assert [value.name for value in model.value_vars] == [coordinate_of("z")]


@pytest.mark.parametrize("stretched", [False, True])
@pytest.mark.parametrize(("n", "eta"), [(2, 2.0), (3, 1.0), (5, 2.0)])
def test_correlations_by_their_partial_ones_have_the_lkj_density(
    n: int, eta: float, stretched: bool
) -> None:
    dims = ("effect", "other")
    stretch = np.linspace(0.2, 0.9, n * (n - 1) // 2) if stretched else 1.0
    with pm.Model(coords={dim: range(n) for dim in dims}) as model:
        factor = correlation_factor("correlation", dims, n, eta, stretch)
    place = coordinate_of("correlation")
    (value,) = model.value_vars
    (symbolic,) = model.replace_rvs_by_values([factor])
    build = pytensor.function([value], symbolic, mode=PLAIN)
    below = np.tril_indices(n, -1)

    def correlations(at: np.ndarray) -> np.ndarray:
        root = build(at)
        return (root @ root.T)[below]

    rng, apart = np.random.default_rng(1), []
    for _ in range(4):
        at = rng.normal(size=len(below[0]))
        root = build(at)
        np.testing.assert_allclose(np.diag(root @ root.T), 1, rtol=1e-14)
        assert np.allclose(root, np.tril(root))
        h = 1e-6
        slopes = [
            (correlations(at + step) - correlations(at - step)) / (2 * h)
            for step in h * np.eye(len(at))
        ]
        lkj = (eta - 1) * np.linalg.slogdet(root @ root.T)[1]
        apart.append(density(model, {place: at}) - lkj - np.linalg.slogdet(np.array(slopes))[1])
    assert np.ptp(apart) < 1e-6


def test_partial_correlations_near_one_have_no_infinite_density() -> None:
    dims = ("effect", "other")
    with pm.Model(coords={dim: range(2) for dim in dims}) as model:
        correlation_factor("correlation", dims, 2, 2.0)
    at = {coordinate_of("correlation"): np.array([30.0])}
    assert np.isfinite(density(model, at))


def test_the_factor_is_drawn_with_its_dims() -> None:
    dims = ("effect", "other")
    with pm.Model(coords={dim: ["a", "b"] for dim in dims}):
        correlation_factor("correlation", dims, 2, 2.0)
        drawn = pm.sample_prior_predictive(10, random_seed=1)["prior"]
    assert isinstance(drawn["correlation"], xr.DataArray)
    assert drawn["correlation"].dims == ("chain", "draw", *dims)


def test_the_correlation_of_flares_is_that_of_its_prior_at_any_share() -> None:
    dims, share = ("outcome", "other"), np.array([0.2, 0.7])
    with pm.Model(coords={dim: ["pain", "disability"] for dim in dims}):
        correlation_factor(
            "correlation", dims, 2, 3.0, flare_stretch(pt.as_tensor(share), 2, 900.0)
        )
        drawn = pm.sample_prior_predictive(4000, random_seed=1)["prior"]
    half = (1 + drawn["correlation"].to_numpy()[..., 1, 0].ravel()) / 2
    assert stats.kstest(half, stats.beta(3, 3).cdf).pvalue > 0.01
    log_odds = np.log(half / (1 - half))
    place = drawn[coordinate_of("correlation")].to_numpy().ravel()
    np.testing.assert_allclose(place, np.hypot(1, 0.2 * 0.7 / 0.1) * log_odds)
