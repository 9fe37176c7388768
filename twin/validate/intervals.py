"""Which intervals of a fit hold the truth."""

from __future__ import annotations

from itertools import product

import numpy as np
import xarray as xr

from twin.fit.effects import standing_for
from twin.law.backends import NUMPY
from twin.law.parameters import ModelSpec, assemble, sampled_parameters

LEVEL = 0.9
"""Of the equal-tailed intervals that are counted."""

PERSONAL = ("log_rate", "work_frailty", "start", "set_point", "response")


def population_truth(spec: ModelSpec, truth: xr.Dataset) -> xr.Dataset:
    """Return a truth in the terms of a fit's posterior: correlations and effects, not factors."""
    sampled = {p.name: truth[p.name] for p in sampled_parameters(spec)}
    population = assemble(NUMPY, spec, {name: x.to_numpy() for name, x in sampled.items()})
    told = dict(sampled)
    for parameter in sampled_parameters(spec):
        if parameter.is_correlation:
            factor = told.pop(parameter.name)
            matrix = factor.to_numpy() @ factor.to_numpy().T
            told[f"{parameter.name}_matrix"] = factor.copy(data=matrix)
        if parameter.standard:
            del told[parameter.name]
    effects = standing_for(spec, population)
    dims = {dim: list(spec.coords[dim]) for own, _ in effects.values() for dim in own}
    return xr.Dataset(told).assign(effects).assign_coords(dims)


def population_covered(
    spec: ModelSpec, posterior: xr.Dataset, truth: xr.Dataset
) -> dict[str, bool]:
    """Return for each scalar population parameter whether its interval holds the truth.

    Of a correlation matrix, what is below the diagonal; clusters' and covariates' effects stand
    for the standard normals behind them.
    """
    found: dict[str, bool] = {}
    for name, value in population_truth(spec, truth).items():
        inside = _covered(posterior[name], value)
        labels = [[str(x) for x in value[dim].to_numpy()] for dim in value.dims]
        for place, parts in zip(np.ndindex(inside.shape), product(*labels), strict=True):
            if str(name).endswith("_matrix") and place[0] <= place[1]:
                continue
            found[f"{name}[{', '.join(parts)}]" if parts else str(name)] = bool(inside[place])
    return found


def people_covered(
    twins: xr.Dataset, truth: xr.Dataset, active: xr.DataArray
) -> dict[str, tuple[int, int]]:
    """Return for each personal parameter how many intervals hold the truth, and of how many.

    Parameters
    ----------
    twins
        Person parameters of a fit.
    truth
        The people's own.
    active
        Whether each patient is in an arm other than the reference: only such people respond.
    """
    found = {}
    for name in PERSONAL:
        if name in truth:
            among = active.to_numpy() if name == "response" else slice(None)
            inside = _covered(twins[name], truth[name])[among]
            found[name] = (int(inside.sum()), int(inside.size))
    return found


def _covered(drawn: xr.DataArray, value: xr.DataArray) -> np.ndarray:
    tail = (1 - LEVEL) / 2
    dims = [str(dim) for dim in value.dims]
    values = drawn.transpose("chain", "draw", *dims).to_numpy()
    low, high = np.quantile(values, [tail, 1 - tail], axis=(0, 1))
    told = value.to_numpy()
    return np.asarray((low <= told) & (told <= high))
