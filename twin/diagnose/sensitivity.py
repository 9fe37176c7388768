"""Prior sensitivity of parameters, of headline estimates, and of what scenarios are compared by."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product

import numpy as np
import pandas as pd
import xarray as xr

from twin.law.parameters import ModelSpec, sampled_parameters
from twin.outcomes.outcomes import Outcomes
from twin.outcomes.rows import rows

from .densities import stated_value
from .power import POWERS, Weights, sensitivity, weighted_summary

ALL_PRIORS = "all priors"
LIKELIHOOD = "likelihood"

_DECIDED_BY = ("expected_score", "improved", "days_lost", "return_time")
"""Quantities whose contrasts are carried through."""
_DESCRIPTION = ("scenario", "quantity", "outcome", "detail", "week", "unit")


def quantities(spec: ModelSpec, posterior: xr.Dataset, estimands: xr.Dataset) -> xr.DataArray:
    """Return population parameters and headline contrasts as single numbers side by side.

    Correlations and what belongs to single covariates or clusters are left out.

    Returns
    -------
    xr.DataArray
        Dims chain, draw, quantity, named as in ``arm_effect[app, pain]``; effects of arms as their
        prior states them, ``arm_contrast`` in score units.
    """
    names: list[str] = []
    columns: list[np.ndarray] = []
    for parameter in sampled_parameters(spec):
        many = {"covariate", "cluster"} & set(parameter.dims)
        if parameter.standard or parameter.is_correlation or many:
            continue
        value = stated_value(spec, posterior, parameter)
        labels = product(*(spec.coords[dim] for dim in parameter.dims))
        names += [_named(parameter.name, one) for one in labels]
        columns.append(value.reshape(*value.shape[:2], -1))
    contrast = estimands["arm_contrast"].transpose("chain", "draw", "active_arm", "outcome", "week")
    axes = [
        [f"{x:g}" if d == "week" else str(x) for x in contrast[d].values]
        for d in ("active_arm", "outcome", "week")
    ]
    names += [_named("arm_contrast", one) for one in product(*axes)]
    columns.append(contrast.to_numpy().reshape(*contrast.shape[:2], -1))
    return xr.DataArray(
        np.concatenate(columns, axis=2),
        dims=("chain", "draw", "quantity"),
        coords={
            "chain": posterior["chain"].to_numpy(),
            "draw": posterior["draw"].to_numpy(),
            "quantity": np.array(names, dtype=object),
        },
    )


def prior_weights(log_prior: xr.Dataset) -> dict[str, Weights]:
    """Return weights of draws under powers of each prior alone, and of all of them together."""
    each = {str(name): Weights(log_prior[name]) for name in log_prior}
    return {ALL_PRIORS: Weights(sum(log_prior.values(), start=xr.DataArray(0.0))), **each}


def scaled(quantity: xr.DataArray, weights: Mapping[str, Weights]) -> xr.Dataset:
    """Return the sensitivity of quantities to each component.

    Returns
    -------
    xr.Dataset
        ``sensitivity``, dims component, quantity; ``shift``, with power; ``pareto_k`` of the
        weights, dims component, power.
    """
    parts = [sensitivity(quantity, own) for own in weights.values()]
    component = pd.Index(list(weights), name="component", dtype=object)
    k = np.array([own.pareto_k for own in weights.values()])
    return xr.concat(parts, dim=component).assign(pareto_k=(("component", "power"), k))


def contrasts_under_powers(outcomes: Outcomes, weights: Mapping[str, Weights]) -> xr.Dataset:
    """Return every scenario's contrast with the comparator when priors count for more or less.

    Parameters
    ----------
    outcomes
        What was simulated.
    weights
        Of the draws that were simulated.

    Returns
    -------
    xr.Dataset
        By ``row`` (scenario, quantity, outcome, detail and week, which are coordinates), component
        and power: ``mean``, ``lower`` and ``upper`` of scenario less comparator, in the quantity's
        unit, beside ``plain_mean``, ``plain_lower`` and ``plain_upper``, at power 1; ``shift`` and
        ``sensitivity`` as in `scaled`; and ``moved_most_by``, the prior alone that moves the mean
        most.
    """
    base = outcomes.scenarios.index(outcomes.comparator)
    told: list[tuple[object, ...]] = []
    values: list[np.ndarray] = []
    for row in rows(outcomes.cohort, outcomes.report_weeks):
        if row.quantity in _DECIDED_BY and row.detail != "important":
            for position, name in enumerate(outcomes.scenarios):
                if position != base:
                    told.append((name, *(getattr(row, key) for key in _DESCRIPTION[1:])))
                    values.append(row.values[:, :, position] - row.values[:, :, base])
    if not told:
        return xr.Dataset()
    own = {name: weight.by_power for name, weight in weights.items()}
    first = next(iter(own.values()))[0]
    # a simulation numbers its draws from 0; weights name them as the fit does
    draws = {name: first[name].to_numpy() for name in ("chain", "draw")}
    contrast = xr.DataArray(np.stack(values), dims=("row", "chain", "draw"), coords=draws)
    component, power = (
        pd.Index(list(own), name="component", dtype=object),
        pd.Index(POWERS, name="power"),
    )
    by_power = xr.concat(
        [
            xr.concat([weighted_summary(contrast, one, outcomes.level) for one in pair], dim=power)
            for pair in own.values()
        ],
        dim=component,
    )
    plain = weighted_summary(contrast, xr.full_like(first, 1 / first.size), outcomes.level)
    moved = scaled(contrast.fillna(contrast.mean(("chain", "draw"))), weights)
    single = moved["shift"].drop_sel(component=[ALL_PRIORS])
    most = single["component"].to_numpy()[abs(single).max("power").argmax("component")]
    found = by_power.assign(
        {f"plain_{name}": plain[name] for name in plain}
        | {
            "sensitivity": moved["sensitivity"],
            "shift": moved["shift"],
            "moved_most_by": ("row", most),
        }
    )
    described = list(zip(*told, strict=True))
    coords = {
        key: ("row", np.array(column, dtype=int if key == "week" else object))
        for key, column in zip(_DESCRIPTION, described, strict=True)
    }
    return found.assign_coords(coords).assign_attrs(level=outcomes.level)


def _named(name: str, labels: tuple[str, ...]) -> str:
    return f"{name}[{', '.join(labels)}]" if labels else name
