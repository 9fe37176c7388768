"""Twins drawn from evidence, in the form in which a fit gives them."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import xarray as xr

from priors import PriorSet
from priors.elicited_population import load_population_evidence
from twin.cohort import Cohort
from twin.cohort.encode import encode
from twin.fit.arrays import model_spec, records
from twin.fit.draws import populations
from twin.fit.effects import with_effects
from twin.fit.estimands import arm_contrasts
from twin.fit.frame import FRAME, Frame
from twin.fit.observed import constant_data, observed_data
from twin.fit.people import labelled_people
from twin.fit.settings import ModelSettings
from twin.fit.versions import versions
from twin.keyed import keyed_normals, stream
from twin.law import residual
from twin.law.backends import NUMPY
from twin.law.grid import Floats
from twin.law.parameters import ModelSpec, sampled_parameters
from twin.law.population import Population, expect, linear_scale, people
from twin.simulate.chunk import consecutive

from .parameters import draw_values

CHAINS = 4
"""Draws are independent; they are told as four chains, as whoever reads a fit expects."""


def draw_twins(
    cohort: Cohort,
    model: ModelSettings,
    priors: PriorSet,
    draws: int,
    seed: int,
    configuration: str = "{}",
) -> xr.DataTree:
    """Draw populations from priors and evidence, and everyone from each.

    Parameters
    ----------
    cohort
        From `cohort.evidence_cohort`.
    model
        How the model is laid out.
    priors
        Of everything that the evidence does not tell by class.
    draws
        Number of populations, rounded down to a multiple of four.
    seed
        Seed of the run.
    configuration
        The whole run's configuration as JSON, kept with the twins.

    Returns
    -------
    xr.DataTree
        As `twin.fit.fit.fit_cohort` returns it, without what only sampling has: no
        ``sample_stats``, no predictive groups and no gate. Attribute ``drawn_from``: evidence.
    """
    since = time.perf_counter()
    spec, grid = model_spec(cohort, model), model.time_grid
    posterior = _posterior(cohort, spec, priors, draws // CHAINS, seed)
    twins = _twins(cohort, spec, posterior, seed)
    weeks = grid.edges[1:]
    data = records(cohort, grid, model.partial_loss)
    tree = xr.DataTree.from_dict(
        {
            "posterior": with_effects(spec, posterior),
            "twins": twins,
            "estimands": arm_contrasts(spec, data, posterior, twins, cohort.outcomes, weeks),
            "observed_data": observed_data(cohort),
            "constant_data": constant_data(cohort),
        }
    )
    tree.attrs = {
        "configuration": configuration,
        "seed": seed,
        "versions": json.dumps(dict(versions())),
        FRAME: Frame.of(cohort, model).model_dump_json(),
        "cohort": cohort.name,
        "cohort_hash": cohort.hash,
        "synthetic": int(cohort.synthetic),
        "drawn_from": "evidence",
        "converged": 1,  # independent draws have nothing to converge to
        "accepted_unconverged": 0,
        "timings": json.dumps({"drawing": round(time.perf_counter() - since, 3)}),
    }
    return tree


def _posterior(
    cohort: Cohort, spec: ModelSpec, priors: PriorSet, draws: int, seed: int
) -> xr.Dataset:
    evidence, rng = load_population_evidence(), stream(seed, "populations")
    drawn = [draw_values(cohort, spec, priors, evidence, rng) for _ in range(CHAINS * draws)]
    data, used = {}, set()
    for parameter in sampled_parameters(spec):
        values = np.stack([one[parameter.name] for one in drawn])
        shape = (CHAINS, draws, *values.shape[1:])
        data[parameter.name] = (("chain", "draw", *parameter.dims), values.reshape(shape))
        used |= {*parameter.dims}
    coords = {dim: list(names) for dim, names in spec.coords.items() if dim in used}
    numbered = {"chain": np.arange(CHAINS), "draw": np.arange(draws)}
    return xr.Dataset(data, coords).assign_coords(numbered)


def _twins(cohort: Cohort, spec: ModelSpec, posterior: xr.Dataset, seed: int) -> xr.Dataset:
    """Draw everyone from each population, some people at a time: what is drawn is bulky."""
    n, k = cohort.n, len(spec.outcomes)
    draws = (posterior.sizes["chain"], posterior.sizes["draw"])
    covariate = encode(cohort.patients, cohort.regressors).values
    laws = [_Law.of(population) for _, _, population in populations(spec, posterior)]
    # in single precision: it errs by less than a millionth of a scale. A person's draws stand
    # together, so that nobody who reads one person has to move those of all others
    shape = (n, len(laws))
    found = {
        "work_frailty": np.empty(shape, dtype=np.float32),
        **{name: np.empty((*shape, k), dtype=np.float32) for name in _BY_OUTCOME},
    }
    patients = [str(patient) for patient in cohort.patients.index]
    for block in consecutive(n, max(1, _PERSON_DRAWS // len(laws))):
        some = slice(block.start, block.stop)
        for name, values in _drawn(
            patients[some], covariate[some], laws, spec, draws, seed
        ).items():
            found[name][some] = values
    found["level_now"] = found["start"]  # they stand at baseline
    labelled: dict[str, npt.NDArray[Any]] = {
        name: np.moveaxis(values.reshape(n, *draws, *values.shape[2:]), 0, 2)
        for name, values in found.items()
    }
    return labelled_people(cohort, spec, posterior, labelled, np.zeros(n))


_BY_OUTCOME = ("log_rate", "start", "set_point", "response", "flare_now")
_PERSON_DRAWS = 2**17
"""People times draws whose random numbers are held at once."""


class _Law(NamedTuple):
    """A population, and what people are drawn by."""

    population: Population
    scale: Floats
    flare_factor: Floats

    @classmethod
    def of(cls, population: Population) -> _Law:
        return cls(population, linear_scale(NUMPY, population)[0], _flare_factor(population))


def _drawn(
    patients: Sequence[str],
    covariate: Floats,
    laws: Sequence[_Law],
    spec: ModelSpec,
    draws: tuple[int, int],
    seed: int,
) -> dict[str, Floats]:
    """Draw some people from each population, shape (person, population, ...)."""
    n, k = len(patients), len(spec.outcomes)
    nobody, usual = np.full(n, -1), np.zeros(n, dtype=np.int64)
    z, own, flare = (
        keyed_normals(seed, purpose, patients, (*draws, *each)).reshape(n, len(laws), *each)
        for purpose, each in (
            *(("rate", ()), ("effects", (3 * k + spec.has_work,))),
            ("flare", (k,)),
        )
    )
    found: dict[str, list[Floats]] = {name: [] for name in ("work_frailty", *_BY_OUTCOME)}
    for number, law in enumerate(laws):
        expected = expect(NUMPY, law.population, covariate, nobody, usual, z[:, number])
        deviation = (law.scale @ own[:, number, :, None])[:, :, 0]
        drawn = people(law.population, expected.log_rate, expected.linear + deviation)
        found["work_frailty"].append(drawn.frailty)
        for name in ("log_rate", "start", "set_point", "response"):
            found[name].append(getattr(drawn, name))
        found["flare_now"].append(flare[:, number] @ law.flare_factor.T)
    return {name: np.stack(values, axis=1) for name, values in found.items()}


def _flare_factor(population: Population) -> Floats:
    """Return the lower factor of the covariance of flares at one time."""
    share = (population.spread, population.persistent_share)
    covariance = residual.flare_covariance(NUMPY, *share, population.flare_correlation)
    return np.asarray(np.linalg.cholesky(covariance))
