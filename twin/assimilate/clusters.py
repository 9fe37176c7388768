"""Clinics that a fit never met: an effect of their own, drawn from what it learnt of clinics."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import xarray as xr

from twin.fit.effects import with_effects
from twin.keyed import stream
from twin.law.parameters import ModelSpec, sampled_parameters

_DIM = "cluster"


def with_clusters(
    spec: ModelSpec, posterior: xr.Dataset, names: tuple[str, ...], seed: int
) -> tuple[ModelSpec, xr.Dataset]:
    """Return a posterior that holds further clusters, each drawn from its distribution.

    In each draw of the population a new clinic's standard normals are drawn anew, and scaled by
    that draw's spread between clinics. They belong to its name: whoever comes from there meets the
    same clinic, whoever else is there.

    Parameters
    ----------
    spec, posterior
        What was fitted; it has clusters.
    names
        Of clusters that it does not know.
    seed
        Seed of the run.
    """
    if not names:
        return spec, posterior
    wider = replace(spec, clusters=(*spec.clusters, *names))
    standard = [
        parameter.name
        for parameter in sampled_parameters(spec)
        if _DIM in parameter.dims and parameter.standard
    ]
    derived = [name for name in posterior if _DIM in posterior[name].dims and name not in standard]
    known = posterior.drop_vars(derived)
    added = known[standard].isel({_DIM: [0] * len(names)}).assign_coords({_DIM: list(names)})
    for name in standard:
        order = (_DIM, "chain", "draw", ...)
        values = added[name].transpose(*order)
        shape = values.shape[1:]
        drawn = [stream(seed, f"{name}", cluster).standard_normal(shape) for cluster in names]
        added[name] = values.copy(data=np.stack(drawn)).transpose(*added[name].dims)
    joined = xr.concat([known[standard], added], dim=_DIM)
    return wider, with_effects(wider, known.drop_dims(_DIM).merge(joined))
