"""Means and SDs sampled as those of levels that visits see: the same priors, and what they mean."""

from __future__ import annotations

from typing import Any

import numpy as np
import pymc as pm
import pytensor
import pytest
from pytensor.compile.mode import Mode
from scipy import stats

from priors import LogNormal, Normal, load_prior_set
from twin.fit.geometry import coordinate_of
from twin.fit.reliability import start_sd_and_spread
from twin.fit.seen_levels import MEANS, means_of_levels
from twin.law.grid import Floats
from twin.law.parameters import ModelSpec
from twin.law.records import Entry

PLAIN = Mode(linker="py", optimizer=None)
SPEC = ModelSpec(("pain", "disability"), ("usual",), (), (), has_work=False)
RULE = Entry(outcome=1, bound=0.3)
CORRELATION = np.array(
    [[1.0, 0.6, 0.5, 0.2], [0.6, 1.0, 0.3, 0.5], [0.5, 0.3, 1.0, 0.6], [0.2, 0.5, 0.6, 1.0]]
)
VALUE = {
    "person_correlation": np.linalg.cholesky(CORRELATION),
    "start_sd": np.array([0.2, 0.18]),
    "set_point_sd": np.array([0.15, 0.17]),
    "spread": np.array([0.1, 0.09]),
    "log_rate_mean": np.array([-2.0, -3.0]),
}
KEPT = np.exp(-SPEC.usual_week * np.exp(VALUE["log_rate_mean"]))
"""Weight of the start in the level at the usual visit."""


@pytest.fixture(scope="module")
def parts() -> tuple[Any, Any]:
    """Means, and log density, as functions of the two coordinates."""
    symbolic = {name: pytensor.tensor.constant(value) for name, value in VALUE.items()}
    with pm.Model(coords=SPEC.coords) as model:
        found = means_of_levels(SPEC, load_prior_set("literature"), symbolic, RULE)
    assert [value.name for value in model.value_vars] == [coordinate_of(name) for name in MEANS]
    means = model.replace_rvs_by_values([found[name] for name in MEANS])
    return (
        pytensor.function(model.value_vars, pytensor.tensor.concatenate(means), mode=PLAIN),
        pytensor.function(model.value_vars, model.logp(), mode=PLAIN),
    )


AT = np.array([0.5, 0.55, 0.35, 0.3])


def test_the_priors_stay_those_of_everyone_who_could_have_been_enrolled(
    parts: tuple[Any, Any],
) -> None:
    means, density = parts
    priors = [load_prior_set("literature")[name].distribution for name in MEANS]
    assert all(isinstance(one, Normal) for one in priors)
    found = means(AT[:2], AT[2:])
    wanted = sum(
        stats.norm(one.mean, one.sd).logpdf(found[part]).sum()
        for one, part in zip(priors, (slice(2), slice(2, 4)), strict=True)
    )
    h = 1e-6
    slopes = [
        (means(*np.split(AT + step, 2)) - means(*np.split(AT - step, 2))) / (2 * h)
        for step in h * np.eye(4)
    ]
    _, log_jacobian = np.linalg.slogdet(np.array(slopes))
    assert float(density(AT[:2], AT[2:])) == pytest.approx(wanted + log_jacobian)


def test_the_coordinates_are_mean_levels_of_those_who_reach_the_threshold(
    parts: tuple[Any, Any],
) -> None:
    mean = parts[0](AT[:2], AT[2:])
    sd = np.concatenate([VALUE["start_sd"], VALUE["set_point_sd"]])
    rng = np.random.default_rng(1)
    people = mean + rng.normal(size=(400_000, 4)) @ (sd[:, None] * VALUE["person_correlation"]).T
    score = people[:, 1] + VALUE["spread"][1] * rng.normal(size=len(people))
    start, set_point = np.split(people[score >= RULE.bound].mean(axis=0), 2)
    usual = KEPT * start + (1 - KEPT) * set_point
    np.testing.assert_allclose([start[0], usual[0]], [AT[0], AT[2]], atol=2e-3)
    # of the entry outcome the lift is read at the prior's mean
    np.testing.assert_allclose([start[1], usual[1]], [AT[1], AT[3]], atol=0.03)


def test_total_and_reliability_keep_the_priors_of_both_sds() -> None:
    priors = load_prior_set("literature")
    with pm.Model(coords=SPEC.coords) as model:
        found = start_sd_and_spread(priors)
    start_sd, spread = model.replace_rvs_by_values([found.start_sd, found.spread])
    total, odds = model.value_vars
    at = {total: np.log([0.2, 0.25]), odds: np.log([3.0, 1.5])}
    share = np.array([0.75, 0.6])
    np.testing.assert_allclose(start_sd.eval(at), np.exp(at[total]) * np.sqrt(share))
    np.testing.assert_allclose(spread.eval(at), np.exp(at[total]) * np.sqrt(1 - share))
    density = pytensor.function([total, odds], model.logp(), mode=PLAIN)

    def prior_density(total: Floats, odds: Floats) -> float:
        """Density of the logs of both SDs, from the priors."""
        share, logs = 1 / (1 + np.exp(-odds)), []
        for name, part in (("start_sd", share), ("spread", 1 - share)):
            prior = priors[name].distribution
            assert isinstance(prior, LogNormal)
            off = total + np.log(part) / 2 - np.log(prior.median)
            logs.append(stats.norm(0, prior.log_sd).logpdf(off).sum())
        return float(sum(logs))

    other = (np.log([0.1, 0.15]), np.log([0.4, 1.0]))
    first = (at[total], at[odds])
    # the Jacobian is the same everywhere, so that differences of log densities are the priors'
    moved = float(density(*first)) - float(density(*other))
    assert moved == pytest.approx(prior_density(*first) - prior_density(*other))
