"""The posterior draw by draw, as the plain arrays that the law takes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import xarray as xr

from twin.law.backends import COMPILED, NUMPY
from twin.law.covariates import CovariateGaps, fill, gap_values
from twin.law.grid import Floats, Ints
from twin.law.parameters import ModelSpec, assemble, sampled_parameters
from twin.law.population import Population
from twin.law.records import Records

NUISANCES = ("z", "eps", "beyond_end", "covariate_noise")
"""Sampled for each person or score, bulky, and spent once the people have been read from them."""


class Draw(NamedTuple):
    """One draw from the posterior, but for the noise of the effects of those who don't work."""

    chain: int
    """Position of its chain."""
    draw: int
    """Position in the chain."""
    population: Population
    """Population parameters."""
    covariate: Floats
    """Standardised, missing ones filled by this draw, shape (person, covariate)."""
    latent: Floats
    """Continuous severity behind each score, shape (person, score)."""
    z: Floats
    """Standard normal behind the rate, shape (person,)."""
    eps: Floats
    """Standard normals behind the linear effects of workers, given the scores; those of others,
    of which nothing but the scores speaks, are free; shape (worker, linear effect)."""


def populations(spec: ModelSpec, posterior: xr.Dataset) -> Iterator[tuple[int, int, Population]]:
    """Yield (chain, draw, population) for every draw, chains and draws by position."""
    names = [parameter.name for parameter in sampled_parameters(spec)]
    values = {name: by_draw(posterior, name) for name in names}
    for c, d in np.ndindex(posterior.sizes["chain"], posterior.sizes["draw"]):
        yield c, d, assemble(COMPILED, spec, {name: values[name][c, d] for name in names})


def draws(spec: ModelSpec, records: Records, posterior: xr.Dataset) -> Iterator[Draw]:
    """Yield every draw of a posterior that still holds its nuisances.

    Parameters
    ----------
    spec, records
        What the model was built from.
    posterior
        Everything that was sampled, as `sample` returns it.
    """
    at_end = np.nonzero(records.scores.end)
    z = by_draw(posterior, "z")
    depth = by_draw(posterior, "beyond_end") if at_end[0].size else np.empty((*z.shape[:2], 0))
    noise = by_draw(posterior, "covariate_noise") if records.gaps.n else depth[..., :0]
    eps = by_draw(posterior, "eps") if records.work is not None else np.empty((*z.shape[:2], 0, 0))
    for c, d, population in populations(spec, posterior):
        latent = records.scores.severity.copy()
        latent[at_end] += records.scores.end[at_end] * depth[c, d]
        covariate = fill(NUMPY, records.gaps, gap_values(NUMPY, records.gaps, noise[c, d]))
        yield Draw(c, d, population, covariate, latent, z[c, d], eps[c, d])


def missing_covariates(gaps: CovariateGaps, twins: xr.Dataset) -> Floats:
    """Return the missing values in every draw, shape (chain, draw, gap).

    Parameters
    ----------
    gaps
        What is missing.
    twins
        Person parameters, with ``missing_covariate`` where anything is.
    """
    if gaps.n == 0:
        return np.empty((twins.sizes["chain"], twins.sizes["draw"], 0))
    return by_draw(twins, "missing_covariate")


def evenly(length: int, wanted: int) -> Ints:
    """Return positions along a chain, evenly spaced, that many or all."""
    wanted = min(max(wanted, 1), length)
    return np.floor(np.arange(wanted) * (length / wanted)).astype(np.int64)


def thinned(posterior: xr.Dataset, draws: int) -> xr.Dataset:
    """Return about so many draws over all chains, evenly spaced along each, or all of them."""
    drawn = posterior.sizes["draw"]
    at = evenly(drawn, draws // posterior.sizes["chain"])
    return posterior if len(at) == drawn else posterior.isel(draw=at)


def by_draw(posterior: xr.Dataset, name: str) -> Floats:
    """Return a variable as an array with chain and draw in front."""
    return np.asarray(posterior[name].transpose("chain", "draw", ...), dtype=float)
