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
from twin.fit.seen_levels import MEANS, SD, means_of_levels, sd_of_set_points
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
        found = means_of_levels(SPEC, load_prior_set("default"), symbolic, RULE)
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
    priors = [load_prior_set("default")[name].distribution for name in MEANS]
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


def test_the_sd_of_set_points_is_sampled_as_what_the_usual_visit_sees_and_keeps_its_prior() -> None:
    priors = load_prior_set("default")
    prior = priors[SD].distribution
    assert isinstance(prior, LogNormal)
    with pm.Model(coords=SPEC.coords) as model:
        found = sd_of_set_points(SPEC, priors, pytensor.tensor.constant(VALUE["log_rate_mean"]))
    (sd,) = model.replace_rvs_by_values([found])
    at = np.log([0.1, 0.04])
    (value,) = model.value_vars
    np.testing.assert_allclose(sd.eval({value: at}) * (1 - KEPT), [0.1, 0.04])
    scaled = stats.lognorm(prior.log_sd, scale=prior.median)
    density = pytensor.function([value], model.logp(), mode=PLAIN)
    wanted = scaled.logpdf(np.exp(at) / (1 - KEPT)) + at - np.log(1 - KEPT)
    assert float(density(at)) == pytest.approx(wanted.sum())
