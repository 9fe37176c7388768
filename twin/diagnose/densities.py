"""Log densities of a posterior's parts, draw by draw: each prior, and the whole likelihood."""

from __future__ import annotations

import numpy as np
import xarray as xr

from priors import PriorSet
from twin.fit.draws import by_draw
from twin.fit.retest import RetestFigure
from twin.law import residual
from twin.law.backends import NUMPY
from twin.law.grid import Floats
from twin.law.parameters import ModelSpec, Parameter, sampled_parameters, taken_up


def stated_value(spec: ModelSpec, posterior: xr.Dataset, parameter: Parameter) -> Floats:
    """Return a parameter as its prior states it, dims chain, draw and its own.

    That is what was sampled, but for an arm's effect and its modification: their priors are on what
    is taken up of them by a usual follow-up visit.
    """
    value = by_draw(posterior, parameter.name)
    if parameter.taken_up:
        share = taken_up(NUMPY, by_draw(posterior, "response_time"), spec.usual_week)
        value = value * share.reshape(*share.shape, *(1,) * (value.ndim - share.ndim))
    return value


def log_priors(spec: ModelSpec, priors: PriorSet, posterior: xr.Dataset) -> xr.Dataset:
    """Return the log density of each population parameter's prior at every draw.

    Standard normals that another parameter scales are part of the model: nobody chose their prior.

    Parameters
    ----------
    spec, priors
        What the model was built from.
    posterior
        Population parameters, dims chain, draw and their own.

    Returns
    -------
    xr.Dataset
        One variable for each parameter, all its entries together; dims chain, draw.
    """
    found = {}
    for parameter in sampled_parameters(spec):
        if not parameter.standard:
            value = stated_value(spec, posterior, parameter)
            density = priors[parameter.name].distribution.log_density(value)
            found[parameter.name] = density.reshape(*value.shape[:2], -1).sum(axis=-1)
    coords = {name: posterior[name].to_numpy() for name in ("chain", "draw")}
    data = {
        name: (("chain", "draw"), values, {"long_name": priors[name].meaning})
        for name, values in found.items()
    }
    return xr.Dataset(data, coords)


def retest_log_likelihood(
    posterior: xr.Dataset, figures: tuple[RetestFigure, ...], log_sd: float
) -> xr.DataArray:
    """Return what published test-retest errors add to the log-likelihood, dims chain, draw."""
    total = xr.zeros_like(posterior["persistence"])
    for figure in figures:
        implied = residual.retest_error(
            NUMPY,
            by_draw(posterior, "spread")[..., figure.outcome],
            by_draw(posterior, "persistent_share")[..., figure.outcome],
            by_draw(posterior, "persistence"),
            np.asarray(figure.lag_weeks),
        )
        total = total - 0.5 * (np.log(implied / figure.sem) / log_sd) ** 2
    return total.rename("retest")
