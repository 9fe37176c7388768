"""Means sampled as those of the enrolled: the same prior, and the means they are called after."""

from __future__ import annotations

from typing import Any

import numpy as np
import pymc as pm
import pytensor
import pytest
from pytensor.compile.mode import Mode
from scipy import stats

from priors import Normal, load_prior_set
from twin.fit.enrolled_means import MEANS, means_of_enrolled
from twin.fit.geometry import coordinate_of
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
}


@pytest.fixture(scope="module")
def parts() -> tuple[Any, Any]:
    """Means, and log density, as functions of the two coordinates."""
    symbolic = {name: pytensor.tensor.constant(value) for name, value in VALUE.items()}
    with pm.Model(coords=SPEC.coords) as model:
        found = means_of_enrolled(SPEC, load_prior_set("literature"), symbolic, RULE)
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
    assert float(density(AT[:2], AT[2:])) == pytest.approx(wanted)
    h = 1e-6
    slopes = [
        (means(*np.split(AT + step, 2)) - means(*np.split(AT - step, 2))) / (2 * h)
        for step in h * np.eye(4)
    ]
    assert np.linalg.det(np.array(slopes)) == pytest.approx(1.0, abs=1e-8)


def test_the_coordinates_of_the_others_are_the_means_of_those_who_reach_the_threshold(
    parts: tuple[Any, Any],
) -> None:
    mean = parts[0](AT[:2], AT[2:])
    sd = np.concatenate([VALUE["start_sd"], VALUE["set_point_sd"]])
    rng = np.random.default_rng(1)
    people = mean + rng.normal(size=(400_000, 4)) @ (sd[:, None] * VALUE["person_correlation"]).T
    score = people[:, 1] + VALUE["spread"][1] * rng.normal(size=len(people))
    enrolled = people[score >= RULE.bound].mean(axis=0)
    others = [0, 2, 3]
    np.testing.assert_allclose(enrolled[others], AT[others], atol=2e-3)
    assert abs(enrolled[1] - AT[1]) < 0.03  # read at the prior's mean
