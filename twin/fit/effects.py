"""What a posterior says in the terms that people read, beside what was sampled."""

from __future__ import annotations

import numpy as np
import xarray as xr

from twin.law.parameters import ModelSpec, sampled_parameters

from .draws import NUISANCES, by_draw, populations


def named_dims(spec: ModelSpec, posterior: xr.Dataset) -> xr.Dataset:
    """Give the Cholesky factors of correlations, which are sampled without dims, theirs."""
    named = posterior
    for parameter in sampled_parameters(spec):
        array = posterior[parameter.name]
        if array.dims[2:] != parameter.dims:
            dims = ("chain", "draw", *parameter.dims)
            named = named.drop_vars(parameter.name).assign({parameter.name: (dims, array.data)})
            named = named.assign_coords({dim: list(spec.coords[dim]) for dim in parameter.dims})
    return named


def with_effects(spec: ModelSpec, posterior: xr.Dataset) -> xr.Dataset:
    """Drop the nuisances and add what sampled variables stand for.

    Parameters
    ----------
    spec
        What the cohort has.
    posterior
        Everything that was sampled, dims named.

    Returns
    -------
    xr.Dataset
        The population parameters as sampled (correlations as their lower Cholesky factors), then
        ``person_correlation_matrix`` and its like, ``cluster_effect`` (shift of
        the set points, severity) and ``covariate_effect`` (per SD of the covariate, in the unit of
        each component of the person vector), as far as the cohort has them.
    """
    kept = posterior.drop_vars([name for name in NUISANCES if name in posterior])
    added: dict[str, tuple[tuple[str, ...], object]] = {}
    for parameter in sampled_parameters(spec):
        if parameter.is_correlation:
            factor = by_draw(kept, parameter.name)
            dims = ("chain", "draw", *parameter.dims)
            added[f"{parameter.name}_matrix"] = (dims, factor @ np.swapaxes(factor, -1, -2))
    every = [population for _, _, population in populations(spec, kept)]
    shape = (kept.sizes["chain"], kept.sizes["draw"])
    effects = {
        "cluster_effect": (spec.clusters, ("cluster", "outcome")),
        "covariate_effect": (spec.covariates, ("covariate", "person_effect")),
    }
    for name, (members, own) in effects.items():
        if members:
            stacked = np.stack([getattr(population, name) for population in every])
            added[name] = (("chain", "draw", *own), stacked.reshape(*shape, *stacked.shape[1:]))
    return kept.assign(added)
