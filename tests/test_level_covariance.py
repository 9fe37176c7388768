"""Set points' SDs and correlations sampled by those of levels: the same priors, by brute force."""

from __future__ import annotations

import numpy as np
import pymc as pm
import pytensor
import pytest
from pytensor.compile.mode import Mode
from scipy import stats
from scipy.special import betaln

from priors import Lkj, LogNormal, load_prior_set
from twin.fit.level_covariance import CORRELATION, SD, covariance_of_levels
from twin.law.grid import Floats
from twin.law.parameters import ModelSpec

PLAIN = Mode(linker="py", optimizer=None)
SPEC = ModelSpec(("pain", "disability"), ("usual",), (), (), has_work=True)
LOG_RATE = np.array([-2.0, -3.0])
KEPT = np.exp(-SPEC.usual_week * np.exp(LOG_RATE))
"""Weight of the start in the level at the usual visit."""
START_SD = np.array([0.2, 0.18])
N = 5  # two starts, two set points, frailty
LOWER = np.tril_indices(N, -1)


def test_levels_have_the_covariance_that_was_sampled_and_set_points_keep_their_priors() -> None:
    priors = load_prior_set("literature")
    with pm.Model(coords=SPEC.coords) as model:
        given = (pytensor.tensor.constant(one) for one in (START_SD, LOG_RATE))
        found = covariance_of_levels(SPEC, priors, *given)
    by_name = {value.name: value for value in model.value_vars}
    values = [
        by_name["set_point_sd_coordinate"],
        by_name["person_correlation_coordinate"],
    ]
    outputs = [*model.replace_rvs_by_values(list(found)), model.logp()]
    run = pytensor.function(values, outputs, mode=PLAIN)

    def parameters(at: Floats) -> Floats:
        """SDs of set points, logs, and correlations below the diagonal."""
        sd, factor, _ = run(at[:2], at[2:])
        return np.concatenate([np.log(sd), (factor @ factor.T)[LOWER]])

    prior, shape = priors[SD].distribution, priors[CORRELATION].distribution
    assert isinstance(prior, LogNormal)
    assert isinstance(shape, Lkj)
    rng, offsets = np.random.default_rng(1), []
    for _ in range(3):
        at = np.concatenate([np.log([0.1, 0.12]), np.zeros(10)]) + rng.normal(0, 0.5, 12)
        sd, factor, density = run(at[:2], at[2:])
        np.testing.assert_allclose((factor**2).sum(axis=1), 1)
        # the level's SD is the coordinate
        sds = np.concatenate([START_SD, sd, [1.0]])
        covariance = (sds[:, None] * factor) @ (sds[:, None] * factor).T
        to_level = np.hstack([np.diag(KEPT), np.diag(1 - KEPT), np.zeros((2, 1))])
        level = to_level @ covariance @ to_level.T
        np.testing.assert_allclose(np.sqrt(np.diag(level)), np.exp(at[:2]))
        h = 1e-5
        slopes = [(parameters(at + s) - parameters(at - s)) / (2 * h) for s in h * np.eye(12)]
        _, log_jacobian = np.linalg.slogdet(np.array(slopes))
        wanted = stats.norm(np.log(prior.median), prior.log_sd).logpdf(np.log(sd)).sum()
        wanted += (shape.eta - 1) * np.linalg.slogdet(factor @ factor.T)[1] + log_jacobian
        offsets.append(float(density) - wanted)
    # but for LKJ's constant
    np.testing.assert_allclose(np.ptp(offsets), 0, atol=1e-5)
    assert offsets[0] == pytest.approx(_log_constant(N, shape.eta), abs=1e-4)


def _log_constant(n: int, eta: float) -> float:
    """Minus log of the integral of |R|^(eta - 1) over correlation matrices.

    Joe 2006 (J Multivar Anal 97:2177-89): partial correlations are independent betas.
    """
    total = 0.0
    for k in range(1, n):
        shape = eta + (n - 1 - k) / 2
        total += (n - k) * (betaln(shape, shape) + (2 * shape - 1) * np.log(2))
    return -float(total)
