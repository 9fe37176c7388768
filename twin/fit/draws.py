"""The posterior draw by draw, as the plain arrays that the law takes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import xarray as xr

from twin.law.backends import COMPILED
from twin.law.grid import Floats
from twin.law.parameters import ModelSpec, assemble, sampled_parameters
from twin.law.population import Population
from twin.law.records import Records

from .shared_data import BEYOND_UNIT

NUISANCES = ("z", "eps", "beyond_end")
"""Sampled for each person or score, bulky, and spent once the people have been read from them."""


class Draw(NamedTuple):
    """One draw from the posterior, but for the noise of the people's linear effects."""

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
    """Standard normals behind rate and frailty, shape (person, 1 or 2)."""


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
    unknown = np.nonzero(np.isnan(records.covariate))
    z = by_draw(posterior, "z")
    depth = by_draw(posterior, "beyond_end") if at_end[0].size else np.empty((*z.shape[:2], 0))
    guess = by_draw(posterior, "missing_covariate") if unknown[0].size else depth[..., :0]
    for c, d, population in populations(spec, posterior):
        latent, covariate = records.scores.severity.copy(), records.covariate.copy()
        latent[at_end] += records.scores.end[at_end] * BEYOND_UNIT * depth[c, d]
        covariate[unknown] = guess[c, d]
        yield Draw(c, d, population, covariate, latent, z[c, d])


def by_draw(posterior: xr.Dataset, name: str) -> Floats:
    """Return a variable as an array with chain and draw in front."""
    return np.asarray(posterior[name].transpose("chain", "draw", ...), dtype=float)
