"""What a posterior says in the terms that people read, beside what was sampled."""

from __future__ import annotations

import numpy as np
import xarray as xr

from twin.law.grid import Floats
from twin.law.parameters import ModelSpec, sampled_parameters
from twin.law.population import Population

from .draws import NUISANCES, by_draw, populations
from .geometry import coordinate_of


def with_effects(spec: ModelSpec, posterior: xr.Dataset) -> xr.Dataset:
    """Drop the nuisances and add what sampled variables stand for.

    Parameters
    ----------
    spec
        What the cohort has.
    posterior
        Everything that was sampled.

    Returns
    -------
    xr.Dataset
        The population parameters as sampled (correlations as their lower Cholesky factors), then
        ``person_correlation_matrix`` and its like, ``cluster_effect`` (shift of the mean of a
        cluster's people) and ``covariate_effect`` (per SD of the covariate), both in the unit of
        each component of the person vector, and ``cluster_response`` (shift of an arm's effect,
        severity), as far as the cohort has them.
    """
    coordinates = {coordinate_of(str(name)) for name in posterior}
    kept = posterior.drop_vars([name for name in posterior if name in coordinates | {*NUISANCES}])
    added: dict[str, tuple[tuple[str, ...], object]] = {}
    for parameter in sampled_parameters(spec):
        if parameter.is_correlation:
            factor = by_draw(kept, parameter.name)
            dims = ("chain", "draw", *parameter.dims)
            added[f"{parameter.name}_matrix"] = (dims, factor @ np.swapaxes(factor, -1, -2))
    every = [standing_for(spec, population) for _, _, population in populations(spec, kept)]
    shape = (kept.sizes["chain"], kept.sizes["draw"])
    for name, (dims, _) in every[0].items():
        stacked = np.stack([one[name][1] for one in every])
        added[name] = (("chain", "draw", *dims), stacked.reshape(*shape, *stacked.shape[1:]))
    told = kept.assign(added)
    coords = {dim: list(spec.coords[dim]) for dim in told.dims if dim in spec.coords}
    return told.assign_coords(coords)


def standing_for(
    spec: ModelSpec, population: Population
) -> dict[str, tuple[tuple[str, ...], Floats]]:
    """Return dims and values of the effects that standard normals of a population stand for."""
    effects: dict[str, tuple[tuple[str, ...], Floats]] = {}
    if spec.clusters:
        effects["cluster_effect"] = (
            ("cluster", "correlated_effect"),
            population.cluster_effect[:-1, 1:],
        )
        if len(spec.arms) > 1:
            effects["cluster_response"] = (
                ("cluster", "active_arm", "outcome"),
                population.cluster_response[:-1, 1:],
            )
    if spec.covariates:
        effects["covariate_effect"] = (
            ("covariate", "person_effect"),
            population.covariate_effect,
        )
    return effects
