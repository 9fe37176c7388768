"""Priors whose family the way of sampling depends on."""

from __future__ import annotations

from priors import PriorSet


def of_family[Family](priors: PriorSet, name: str, family: type[Family]) -> Family:
    """Return the prior distribution of a parameter, which must be of a family.

    Raises
    ------
    TypeError
        If it is of another: no configuration leads here, only a set written in Python.
    """
    distribution = priors[name].distribution
    if not isinstance(distribution, family):
        raise TypeError(
            f"prior set '{priors.name}': the prior of {name} must be {family.__name__}, "
            f"not {type(distribution).__name__}."
        )
    return distribution
