"""Several published estimates of one effect, and what they say of the next setting.

    estimate_j ~ Normal(effect_j, error_j^2)
    effect_j   ~ Normal(mean, between^2)
    mean       ~ Normal(0, far^2)
    between    ~ HalfNormal(apart)

The effect in a new setting is Normal(mean, between^2) given the estimates; that in a setting which
was studied is its own effect_j. A single study says nothing of `between`: its prior does the
widening.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from twin.law.grid import Floats

FAR = 10.0
"""SD of the mean effect, in units of `apart`: far more than settings differ by, no constraint."""

_CHAINS, _DRAWS, _TUNE = 4, 20_000, 2_000


class Moments(NamedTuple):
    """Mean and SD."""

    mean: float
    sd: float


@dataclass(frozen=True)
class Pooled:
    """What estimates say of an effect, in their own unit.

    Attributes
    ----------
    elsewhere
        In a setting that was not studied.
    same
        In the setting of the first estimate.
    between
        Posterior mean of the SD between settings.
    """

    elsewhere: Moments
    same: Moments
    between: float


def pool(estimate: Sequence[float], error: Sequence[float], apart: float, seed: int = 1) -> Pooled:
    """Pool estimates of one effect.

    Parameters
    ----------
    estimate, error
        Estimates and their standard errors, in one unit; the first is that of the setting `same`.
    apart
        SD of the half-normal prior of the SD between settings, in that unit.
    seed
        Of the sampler.

    Returns
    -------
    Pooled
        Its moments have Monte-Carlo errors of about two hundredths of their SDs.
    """
    scaled, own = np.asarray(estimate) / apart, np.asarray(error) / apart
    mean, between = _posterior(scaled, own, seed)
    # given mean and between, the effect of a studied setting is normal
    trust = between**2 / (between**2 + own[0] ** 2)
    at_first = mean + trust * (scaled[0] - mean)
    return Pooled(
        elsewhere=_moments(mean, between**2, apart),
        same=_moments(at_first, trust * own[0] ** 2, apart),
        between=float(between.mean()) * apart,
    )


def _moments(mean: Floats, variance: Floats, unit: float) -> Moments:
    """Moments of a normal whose mean and variance vary, in another unit."""
    return Moments(float(mean.mean()) * unit, float(np.sqrt(mean.var() + variance.mean())) * unit)


def _posterior(estimate: Floats, error: Floats, seed: int) -> tuple[Floats, Floats]:
    import nutpie

    trace = nutpie.sample(
        _compiled().with_data(estimate=estimate, error=error),
        chains=_CHAINS,
        draws=_DRAWS,
        tune=_TUNE,
        seed=seed,
        target_accept=0.95,  # a single study lets `between` come near 0
        progress_bar=False,
    )
    mean, between = (trace["posterior"][name].to_numpy().ravel() for name in ("mean", "between"))
    return mean, between


@cache
def _compiled() -> Any:
    """The model, compiled once for any number of estimates; its unit is `apart`."""
    import nutpie
    import pymc as pm

    with pm.Model() as model:
        estimate = pm.Data("estimate", np.zeros(1))
        error = pm.Data("error", np.ones(1))
        mean = pm.Normal("mean", 0, FAR)
        between = pm.HalfNormal("between", 1)
        pm.Normal("study", mean, pm.math.sqrt(error**2 + between**2), observed=estimate)
    return nutpie.compile_pymc_model(model)
