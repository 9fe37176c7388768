"""Distributions of single numbers: what a scenario may say of one, its centre and its interval."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any, assert_never

from pydantic import BaseModel, BeforeValidator, Field

from priors import Beta, HalfNormal, LogNormal, Normal, NormalMixture
from priors.near import nearest

_PARAMETERS = {
    model.model_fields["family"].default: [name for name in model.model_fields if name != "family"]
    for model in (Normal, HalfNormal, LogNormal, Beta, NormalMixture)
}
_OF_EITHER_SIGN = ("mean", "means")
_OF_COMPONENTS = ("weights", "means", "sds")


def _single(given: Any) -> Any:
    """Refuse, in words, what is not a distribution of one number.

    Left to pydantic, one misspelt word in a choice of four models is reported many times over.
    """
    if isinstance(given, BaseModel):
        given = given.model_dump()
    if not isinstance(given, Mapping):
        raise ValueError("must give a family and its parameters: {family: normal, mean: 0, sd: 1}")
    family = str(given.get("family"))
    if family not in _PARAMETERS:
        said = f"unknown family '{family}'" if "family" in given else "no family"
        raise ValueError(
            f"has {said}. Families: {', '.join(_PARAMETERS)}.{nearest(family, _PARAMETERS)}"
        )
    expected = _PARAMETERS[family]
    for key in given:
        if key != "family" and key not in expected:
            raise ValueError(
                f"is {family} and has no parameter '{key}'. "
                f"Parameters: {', '.join(expected)}.{nearest(key, expected)}"
            )
    missing = [name for name in expected if name not in given]
    if missing:
        raise ValueError(f"is {family} and lacks {' and '.join(missing)}")
    read = {
        name: _numbers(name, given[name]) if name in _OF_COMPONENTS else _number(name, given[name])
        for name in expected
    }
    return {"family": family} | read


def _numbers(name: str, given: Any) -> tuple[float, ...]:
    """Read a parameter that has one number for each component of a mixture."""
    if not isinstance(given, list | tuple):
        raise ValueError(f"must have a list of numbers as its {name}, not {given!r}")
    return tuple(_number(name, one) for one in given)


def _number(name: str, given: Any) -> float:
    try:
        value = math.nan if isinstance(given, bool) else float(given)
    except (TypeError, ValueError):
        value = math.nan
    if not math.isfinite(value):
        raise ValueError(f"must have a number as its {name}, not {given!r}")
    if value <= 0 and name not in _OF_EITHER_SIGN:
        raise ValueError(f"must have a {name} above 0, not {given}")
    return value


type SingleDistribution = Annotated[
    Annotated[
        Normal | HalfNormal | LogNormal | Beta | NormalMixture, Field(discriminator="family")
    ],
    BeforeValidator(_single),
]


def centre(distribution: SingleDistribution) -> float:
    """Return the value that stands for a distribution where one number is needed.

    The median of a log-normal, which is a time and written so in the file; the mean of all others.
    For a beta that is the chance that one person takes an intervention up, whatever its spread.

    Examples
    --------
    >>> centre(Beta(a=8, b=2)), centre(LogNormal(median=3, log_sd=0.6))
    (0.8, 3.0)
    """
    match distribution:
        case Normal(mean=mean):
            return _one(mean)
        case HalfNormal(sd=sd):
            return _one(sd) * math.sqrt(2 / math.pi)
        case LogNormal(median=median):
            return _one(median)
        case Beta(a=a, b=b):
            return _one(a) / (_one(a) + _one(b))
        case NormalMixture(weights=weights, means=means):
            return math.sumprod(weights, means)
        case _:
            assert_never(distribution)


def interval(distribution: SingleDistribution, level: float) -> tuple[float, float]:
    """Return the equal-tailed interval that holds `level` of a distribution, 0.9 for 90 %."""
    return _quantile(distribution, (1 - level) / 2), _quantile(distribution, (1 + level) / 2)


def _quantile(distribution: SingleDistribution, p: float) -> float:
    from scipy.special import (
        betaincinv,
        ndtr,
        ndtri,
    )  # a quarter of a second that only printing needs

    match distribution:
        case Normal(mean=mean, sd=sd):
            return _one(mean) + _one(sd) * float(ndtri(p))
        case HalfNormal(sd=sd):
            return _one(sd) * float(ndtri((1 + p) / 2))
        case LogNormal(median=median, log_sd=log_sd):
            return _one(median) * math.exp(_one(log_sd) * float(ndtri(p)))
        case Beta(a=a, b=b):
            return float(betaincinv(_one(a), _one(b), p))
        case NormalMixture(weights=weights, means=means, sds=sds):
            from scipy.optimize import brentq

            def above(value: float) -> float:
                each = ((value - mean) / sd for mean, sd in zip(means, sds, strict=True))
                return math.sumprod(weights, map(float, map(ndtr, each))) - p

            own = [mean + sd * float(ndtri(p)) for mean, sd in zip(means, sds, strict=True)]
            # the quantile lies between those of the components
            return min(own) if min(own) == max(own) else float(brentq(above, min(own), max(own)))
        case _:
            assert_never(distribution)


def _one(parameter: float | tuple[float, ...]) -> float:
    assert not isinstance(parameter, tuple)  # refused by `_single`
    return parameter
