"""Everyone's own effects given draws of the population, whoever these were learnt from.

For each draw of the population parameters a person's rate, linear effects, severities beyond the
ends of scales and missing covariates are drawn from their distribution given that draw and the
person's own data, by sampling-importance-resampling (Rubin 1988, Bayesian Statistics 3:395-402):
candidates are placed by the person's data and one of them is kept, with a chance in proportion to
the likelihood over the density that it was placed with. Drawn so, the people of the cohort that the
population was learnt from have the very posterior that the fit gives them.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import xarray as xr

from twin.keyed import stream
from twin.law.backends import NUMPY
from twin.law.covariates import fill, gap_values
from twin.law.grid import Floats
from twin.law.parameters import ModelSpec
from twin.law.records import Records

from .draws import Draw, populations
from .marginal import PILOT_DRAWS, integrand_at, person_proposal

CANDIDATES = 32
"""For each person and draw: the placed candidates' weights are even enough that the most likely of
32 seldom takes half of the chance (MODEL.md, section 12)."""


def updated_draws(
    spec: ModelSpec,
    records: Records,
    posterior: xr.Dataset,
    seed: int,
    candidates: int = CANDIDATES,
) -> Iterator[Draw]:
    """Yield everyone's state for every draw of the population.

    Parameters
    ----------
    spec, records
        The cohort: all people whose state is wanted.
    posterior
        Population parameters, dims chain, draw and their own.
    seed
        Seed of everything random.
    candidates
        How many are weighed for each person and draw.
    """
    every = list(populations(spec, posterior))
    usual = fill(NUMPY, records.gaps, records.gaps.mean)
    pilot = [(one, usual) for _, _, one in every[:: max(1, len(every) // PILOT_DRAWS)]]
    n_linear = every[0][2].n_linear
    proposal = person_proposal(pilot, records, n_linear, seed)
    worker = np.empty(0, dtype=np.int64) if records.work is None else records.work.worker
    people, most = records.scores.week.shape
    for c, d, population in every:
        rng = stream(seed, f"update {c} {d}")
        total = np.full(people, -np.inf)
        kept = _State.empty(records, n_linear)
        for _ in range(candidates):
            noise = rng.standard_normal(records.gaps.n)
            covariate = fill(NUMPY, records.gaps, gap_values(NUMPY, records.gaps, noise))
            normal, uniform = rng.standard_normal(1 + n_linear), np.asarray(rng.random(most))
            found = integrand_at(population, records, covariate, normal, uniform, proposal)
            # one candidate after the other, each kept with its share of the weight so far
            total = np.logaddexp(total, found.log)
            taken = np.log(rng.random(people)) < found.log - total
            kept.take(taken, covariate, found.latent, found.z, found.eps)
        yield Draw(c, d, population, kept.covariate, kept.latent, kept.z, kept.eps[worker])


class _State:
    """The candidate that each person has kept so far."""

    def __init__(self, covariate: Floats, latent: Floats, z: Floats, eps: Floats) -> None:
        self.covariate, self.latent, self.z, self.eps = covariate, latent, z, eps

    @classmethod
    def empty(cls, records: Records, n_linear: int) -> _State:
        people = len(records.arm)
        return cls(
            records.gaps.observed.copy(),
            records.scores.severity.copy(),
            np.zeros(people),
            np.zeros((people, n_linear)),
        )

    def take(self, taken: np.ndarray, *candidate: Floats) -> None:
        """Put the candidate in the place of what was kept, where it is taken."""
        kept = (self.covariate, self.latent, self.z, self.eps)
        for mine, other in zip(kept, candidate, strict=True):
            mine[taken] = other[taken]
