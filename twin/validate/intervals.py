"""Which intervals of a fit hold the truth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
    drawn = dict(scalars(posterior[list(population_truth(spec, truth))], ("chain", "draw")))
    return {
        name: bool(_covered(drawn[name], value))
        for name, value in scalars(population_truth(spec, truth))
    }


def scalars(data: xr.Dataset, before: Sequence[str] = ()) -> Iterator[tuple[str, np.ndarray]]:
    """Take a dataset apart into scalars; of a symmetric matrix, what is below the diagonal.

    Parameters
    ----------
    data
        Values; the name of a symmetric matrix ends in ``_matrix``.
    before
        Dims that every variable has and every scalar keeps.

    Yields
    ------
    (name, values)
        Name as ``start_mean[pain]``, values by the dims that are kept.
    """
    for name, array in data.data_vars.items():
        values = array.transpose(*before, ...)
        dims = values.dims[len(before) :]
        labels = [[str(x) for x in values[dim].to_numpy()] for dim in dims]
        places = np.ndindex(values.shape[len(before) :])
        for place, parts in zip(places, product(*labels), strict=True):
            if str(name).endswith("_matrix") and place[0] <= place[1]:
                continue
            label = f"{name}[{', '.join(parts)}]" if parts else str(name)
            yield label, values.to_numpy()[(..., *place)]


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
            drawn = twins[name].transpose("chain", "draw", *truth[name].dims)
            inside = _covered(drawn.to_numpy(), truth[name].to_numpy())[among]
            found[name] = (int(inside.sum()), int(inside.size))
    return found


def _covered(drawn: np.ndarray, value: np.ndarray) -> np.ndarray:
    """Whether intervals of draws, shape (chain, draw, ...), hold values, shape (...)."""
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(drawn, [tail, 1 - tail], axis=(0, 1))
    return np.asarray((low <= value) & (value <= high))
