"""Priors that claim to know less."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from .prior import (
    Beta,
    Dirichlet,
    Distribution,
    HalfNormal,
    HalfStudentT,
    Lkj,
    LogNormal,
    Normal,
    Prior,
)
from .prior_set import PriorSet


class Widening(BaseModel):
    """A rule by which a set claims to know less than its base.

    Attributes
    ----------
    factor
        See `widened`.
    keep
        Parameters that stay as they are, each with the reason.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    factor: float = Field(gt=1)
    keep: Mapping[str, str] = {}


def widened(distribution: Distribution, factor: float) -> Distribution:
    """Return a distribution of the same family and centre that is wider.

    SDs and scales are multiplied, on the log scale where the family has its SD there. What counts
    like observations (of shares, of correlations) is divided, but not so far that the ends would
    become the likeliest values.

    Parameters
    ----------
    distribution
        To start from.
    factor
        Above 1.

    Examples
    --------
    >>> print(widened(Normal(mean=0.3, sd=0.1), 2))
    normal(mean 0.3, sd 0.2)
    """
    match distribution:
        case Normal(mean=mean, sd=sd):
            return Normal(mean=mean, sd=_times(sd, factor))
        case HalfNormal(sd=sd):
            return HalfNormal(sd=_times(sd, factor))
        case HalfStudentT(df=df, scale=scale):
            return HalfStudentT(df=df, scale=_times(scale, factor))
        case LogNormal(median=median, log_sd=log_sd):
            return LogNormal(median=median, log_sd=_times(log_sd, factor))
        case Beta(a=a, b=b):
            left = np.maximum(1 / factor, np.minimum(1, 1 / np.minimum(a, b)))
            return Beta(a=_times(a, left), b=_times(b, left))
        case Dirichlet(concentration=concentration):
            return Dirichlet(concentration=max(concentration / factor, min(concentration, 1.0)))
        case Lkj(eta=eta):
            return Lkj(eta=max(eta / factor, min(eta, 1.0)))


def widened_set(base: PriorSet, rule: Widening) -> PriorSet:
    """Return a set that knows less than its base, and says so in the reason of every prior."""
    parameters: dict[str, Prior] = {}
    for parameter, prior in base.parameters.items():
        if parameter in rule.keep:
            change = {"reason": f"{prior.reason}; kept as in {base.name}: {rule.keep[parameter]}"}
            parameters[parameter] = prior.model_copy(update=change)
            continue
        without = {cohort: widened(one, rule.factor) for cohort, one in prior.without.items()}
        parameters[parameter] = prior.model_copy(
            update={
                "distribution": widened(prior.distribution, rule.factor),
                "without": without,
                "reason": f"{prior.reason}; {rule.factor:g} times as wide as in {base.name}",
            }
        )
    retest = base.retest.model_copy(
        update={
            "log_sd": rule.factor * base.retest.log_sd,
            "reason": f"{base.retest.reason}; {rule.factor:g} times as wide as in {base.name}",
        }
    )
    return base.model_copy(update={"parameters": parameters, "retest": retest})


def _times(
    value: float | tuple[float, ...], factor: float | np.ndarray
) -> float | tuple[float, ...]:
    product = np.multiply(value, factor)
    return tuple(product.tolist()) if product.ndim else float(product)
