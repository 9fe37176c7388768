"""One replicate: draw a truth, generate a cohort, fit it, rank the truth among the draws."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import NamedTuple

import arviz as az
import numpy as np
import xarray as xr
from pydantic import BaseModel, ConfigDict

from priors import load_prior_set
from twin.cohort import Cohort
from twin.cohort.synthetic import synthetic_cohort, synthetic_spec
from twin.fit.arrays import records, retest_figures
from twin.fit.prior_draw import draw_truth
from twin.fit.reuse import ReusableModel
from twin.fit.settings import SamplerSettings
from twin.fit.versions import versions
from twin.law.grid import Floats
from twin.law.parameters import ModelSpec
from twin.law.records import Records
from twin.validate.sbc.design import MODEL, PRIORS, RANKED, design, method_hash, slots
from twin.validate.sbc.faults import Fault, none
from twin.validate.sbc.quantities import (
    population_quantities,
    posterior_quantities,
    true_quantities,
)

RHAT = 1.05
"""Largest R-hat of a population parameter. With a thousand draws an R-hat of 1.02 is common among a
hundred parameters that mix well; chains that sit in different places give far more than 1.05."""

ESS = float(RANKED)
"""Least bulk effective size: as many as the draws that a truth is ranked among, which are then
nearly independent, as uniform ranks need."""

DIVERGENT_SHARE = 0.01
"""Largest share of draws that diverge. Zero is asked of a fit that is reported; a few of a thousand
do not move a rank."""

_TRUTH_STREAM = 1  # keeps the truth's random numbers apart from those of the cohort and the fit


class Outcome(BaseModel):
    """What came of one replicate.

    Attributes
    ----------
    seed, people, fault
        Which replicate it was, and what fault was planted.
    method
        What `method_hash` was; an outcome of another method says nothing about this one.
    versions
        Of Python and of the packages that can change a number.
    ranks
        For each quantity the number of draws, of `RANKED`, that lie below the truth; empty where
        sampling broke off.
    converged
        Whether R-hat, effective size and divergences keep to the rule. It depends on the data and
        on the sampler's random numbers, never on the truth, so that the ranks of those that
        converge are as uniform as those of all.
    rhat, ess
        The worst, and whose it is.
    divergences
        Number of draws that diverged.
    put_aside
        Cohorts put aside before this one because more of their scores than the model has slots for
        lay at an end of their scale.
    at_end
        Number of scores at an end of their scale.
    seconds
        Time taken.
    """

    # an R-hat that cannot be computed is infinite, and has to come back from its file
    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="constants")

    seed: int
    people: int
    fault: str
    method: str
    versions: Mapping[str, str]
    ranks: Mapping[str, int]
    converged: bool
    rhat: tuple[str, float]
    ess: tuple[str, float]
    divergences: int
    put_aside: int
    at_end: int
    seconds: float


class Generated(NamedTuple):
    """A cohort that a model has room for, and where it comes from."""

    cohort: Cohort
    records: Records
    truth: xr.Dataset
    """As `synthetic_cohort` returns it, whatever fault was planted."""
    put_aside: int


def compiled_model(people: int) -> ReusableModel:
    """Compile the model of the design; takes a minute or more."""
    any_cohort, _ = synthetic_cohort(design(people), seed=0)
    return ReusableModel(
        synthetic_spec(design(people)),
        records(any_cohort, MODEL.time_grid),
        load_prior_set(PRIORS),
        retest_figures(any_cohort),
        slots(people),
    )


def generate(seed: int, people: int, fault: Fault = none) -> Generated:
    """Draw a truth from the priors and a cohort from the truth.

    Parameters
    ----------
    seed
        Seed of everything random.
    people
        Size of the cohort.
    fault
        What is done to the truth before the cohort is generated from it.
    """
    settings, priors = design(people), load_prior_set(PRIORS)
    spec = synthetic_spec(settings)
    figures = retest_figures(synthetic_cohort(settings, seed=0)[0])
    rng = np.random.default_rng([seed, _TRUTH_STREAM])
    put_aside = 0
    while True:
        values = draw_truth(priors, spec, figures, rng)
        # a seed of its own for each attempt, or all of them would have the same people
        own = int(rng.integers(2**63))
        cohort, generated = synthetic_cohort(settings, own, fault(values))
        data = records(cohort, MODEL.time_grid)
        if np.count_nonzero(data.scores.end) <= slots(people):
            truth = generated.assign(
                {name: (generated[name].dims, value) for name, value in values.items()}
            )
            return Generated(cohort, data, truth, put_aside)
        put_aside += 1


def run_replicate(
    model: ReusableModel,
    seed: int,
    people: int,
    sampler: SamplerSettings,
    fault: Fault = none,
) -> Outcome:
    """Generate a cohort from a truth of its own, fit it, and rank the truth.

    Parameters
    ----------
    model
        From `compiled_model`.
    seed
        Seed of truth, cohort and fit: nothing else changes the ranks.
    people
        Size of the cohort.
    sampler
        How it is sampled.
    fault
        As for `generate`.
    """
    since = time.perf_counter()
    method = method_hash(people, sampler)  # of the sources that were loaded
    spec = synthetic_spec(design(people))
    made = generate(seed, people, fault)
    try:
        drawn = model.sample(made.records, sampler, seed)
    except RuntimeError:  # nutpie's own, for instance where no chain finds a place to start
        found = _BROKEN_OFF
    else:
        found = _rank(spec, made, drawn, seed)
    return Outcome(
        seed=seed,
        people=people,
        fault=fault.__name__,
        method=method,
        versions=dict(versions()),
        ranks=found.ranks,
        converged=found.converged,
        rhat=found.rhat,
        ess=found.ess,
        divergences=found.divergences,
        put_aside=made.put_aside,
        at_end=int(np.count_nonzero(made.records.scores.end)),
        seconds=round(time.perf_counter() - since, 1),
    )


class _Found(NamedTuple):
    """What an `Outcome` tells of a fit."""

    ranks: dict[str, int]
    rhat: tuple[str, float]
    ess: tuple[str, float]
    divergences: int
    divergent_share: float

    @property
    def converged(self) -> bool:
        """Whether it keeps to the rule."""
        diverges = self.divergent_share > DIVERGENT_SHARE
        return self.rhat[1] <= RHAT and self.ess[1] >= ESS and not diverges


_BROKEN_OFF = _Found({}, ("sampling broke off", np.inf), ("sampling broke off", 0.0), 0, 0.0)


def _rank(spec: ModelSpec, made: Generated, drawn: xr.DataTree, seed: int) -> _Found:
    sampled = drawn["posterior"].to_dataset()
    rhat, ess = _worst(population_quantities(spec, sampled))
    diverging = drawn["sample_stats"]["diverging"].to_numpy()
    told = true_quantities(spec, made.records, made.truth)
    among = posterior_quantities(made.cohort, spec, made.records, _thinned(sampled), seed)
    ranks = {name: int((among[name] < value).sum()) for name, value in told.items()}
    return _Found(ranks, rhat, ess, int(diverging.sum()), float(diverging.mean()))


def _thinned(sampled: xr.Dataset) -> xr.Dataset:
    """Return `RANKED` draws, evenly spaced over all chains, as those of a single one."""
    n_draws = sampled.sizes["draw"]
    total = sampled.sizes["chain"] * n_draws
    picked = np.linspace(0, total - 1, RANKED).round().astype(int)
    chain, draw = np.divmod(picked, n_draws)
    at = {"chain": xr.DataArray(chain, dims="one"), "draw": xr.DataArray(draw, dims="one")}
    bare = sampled.drop_vars(["chain", "draw"], errors="ignore")
    one = bare.isel(at).rename(one="draw").expand_dims("chain")
    return one.assign_coords(chain=[0], draw=np.arange(RANKED))


def _worst(quantities: Mapping[str, Floats]) -> tuple[tuple[str, float], tuple[str, float]]:
    """Largest R-hat and least bulk effective size, each with its name."""
    names = list(quantities)
    draws = xr.Dataset({"x": (("chain", "draw", "i"), np.stack([*quantities.values()], axis=-1))})
    # a chain that never moves gives NaN, which is the worst of all
    with np.errstate(invalid="ignore", divide="ignore"):
        rhat = np.nan_to_num(az.rhat(draws)["x"].to_numpy(), nan=np.inf)
        ess = np.nan_to_num(az.ess(draws, method="bulk")["x"].to_numpy(), nan=0.0)
    high, low = int(rhat.argmax()), int(ess.argmin())
    return (names[high], float(rhat[high])), (names[low], float(ess[low]))
