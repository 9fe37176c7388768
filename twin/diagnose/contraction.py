"""How much of each effect of an arm is learnt from the data, and how much is its prior."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np
import xarray as xr

from priors import PriorSet
from twin.law.grid import Floats
from twin.law.parameters import ModelSpec, sampled_parameters

from .densities import stated_value

EFFECTS = (
    "arm_effect",
    "effect_modification",
    "arm_log_hazard",
    "response_slope",
    "response_sd",
    "response_time",
    "lasting_share",
    "waning_half_life",
    "cluster_response_sd",
)
"""Parameters that say what an arm does, by name; a model has some of them."""

LEARNT = 0.75
"""Three quarters of the prior's variance gone: the SD is at most half of what it was."""
PARTLY = 0.25
"""Less than a quarter gone: the SD is still 0.87 of what it was or more."""

_PRIOR_DRAWS = 20_000  # a prior's SD to 1 %, whatever its shape


def contraction(spec: ModelSpec, priors: PriorSet, posterior: xr.Dataset) -> xr.Dataset:
    """Compare the posterior of every effect of an arm with its prior.

    Parameters
    ----------
    spec, priors
        What the model was built from.
    posterior
        Population parameters, dims chain, draw and their own.

    Returns
    -------
    xr.Dataset
        By effect, named as in ``arm_effect[app, pain]``: ``prior_mean``, ``prior_sd``,
        ``posterior_mean`` and ``posterior_sd`` in the parameter's own unit as its prior states it;
        ``contraction``, 1 less the ratio of the variances; ``z_score``, the posterior mean less the
        prior's in posterior SDs; ``verdict``, one of learnt, partly, prior; and as coordinates
        ``parameter``, ``arm``, ``outcome`` and ``detail``, empty where there is none. Attribute
        ``usual_week``: of the visit whose view of an arm's effect has the prior.
    """
    rows = list(_rows(spec, priors, posterior))
    names = ("parameter", "arm", "outcome", "detail")
    numbers = np.array([row[len(names) :] for row in rows], dtype=float).reshape(-1, 4)
    prior_mean, prior_sd, mean, sd = numbers.T
    shrunk = 1 - (sd / prior_sd) ** 2
    labels = [[str(label) for label in row[: len(names)]] for row in rows]
    shown = [f"{one[0]}[{', '.join(filter(None, one[1:]))}]" for one in labels]
    data = {
        "prior_mean": prior_mean,
        "prior_sd": prior_sd,
        "posterior_mean": mean,
        "posterior_sd": sd,
        "contraction": shrunk,
        "z_score": (mean - prior_mean) / np.where(sd > 0, sd, np.nan),
        "verdict": np.array([verdict(one) for one in shrunk], dtype=object),
    }
    coords = {"effect": np.array(shown, dtype=object)} | {
        name: ("effect", np.array([one[i] for one in labels], dtype=object))
        for i, name in enumerate(names)
    }
    found = xr.Dataset({name: ("effect", values) for name, values in data.items()}, coords)
    return found.assign_attrs(usual_week=spec.usual_week)


def verdict(contraction: float) -> str:
    """Return what a contraction says: ``learnt``, ``partly`` or ``prior``."""
    if contraction >= LEARNT:
        return "learnt"
    return "partly" if contraction >= PARTLY else "prior"


type _Row = tuple[str, str, str, str, float, float, float, float]


def _rows(spec: ModelSpec, priors: PriorSet, posterior: xr.Dataset) -> Iterator[_Row]:
    sampled = {parameter.name: parameter for parameter in sampled_parameters(spec)}
    rng = np.random.default_rng(0)
    for name in EFFECTS:
        if name not in sampled:
            continue
        dims = sampled[name].dims
        shape = tuple(len(spec.coords[dim]) for dim in dims)
        before = priors[name].distribution.draw(rng, (_PRIOR_DRAWS, *shape))
        after = stated_value(spec, posterior, sampled[name]).reshape(-1, *shape)
        moments = [_moments(before), _moments(after)]
        for place, labels in zip(
            np.ndindex(shape), product(*(spec.coords[dim] for dim in dims)), strict=True
        ):
            at = dict(zip(dims, labels, strict=True))
            detail = ", ".join(
                label for dim, label in at.items() if dim not in ("active_arm", "outcome")
            )
            numbers = [float(moment[place]) for pair in moments for moment in pair]
            yield (name, at.get("active_arm", ""), at.get("outcome", ""), detail, *numbers)  # type: ignore[misc]


def _moments(values: Floats) -> tuple[Floats, Floats]:
    return values.mean(axis=0), values.std(axis=0, ddof=1)
