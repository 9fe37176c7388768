"""Twins of a thousand simulated people: truths have uniform ranks among their draws."""

from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from priors import load_prior_set
from twin.cohort import Cohort
from twin.cohort.encode import encode
from twin.cohort.synthetic import SyntheticSettings, synthetic_cohort, synthetic_spec
from twin.fit.arrays import records, retest_figures
from twin.fit.covariate_gaps import covariate_gaps
from twin.fit.prior_draw import draw_truth
from twin.fit.settings import ModelSettings
from twin.fit.update import stacked, updated_people
from twin.law import residual
from twin.law.backends import NUMPY
from twin.law.forward import levels
from twin.law.grid import Floats, Ints
from twin.law.parameters import ModelSpec, assemble, sampled_parameters
from twin.law.population import People, Population
from twin.law.records import Records
from twin.update.everyone import Run
from twin.validate.sbc.uniformity import ERROR_RATE, Envelope, holm

GRID = ModelSettings().time_grid
POPULATIONS, PEOPLE = 200, 1000
RANKED = 9
"""Draws, thinned out of the two hundred, among which a truth is ranked."""
FORETOLD = 13.0
PAIR = SyntheticSettings(
    people=2, clusters=4, visit_weeks=(0, 6, FORETOLD), missing_shares=(0, 0.1, 0.1)
)
EFFECTS = ("log_rate", "start", "set_point", "response", "work_frailty")


class World(NamedTuple):
    """Populations, and people each of whom one of them brought forth."""

    spec: ModelSpec
    posterior: xr.Dataset
    """All populations, equally likely before anybody is seen."""
    populations: list[Population]
    cohort: Cohort
    """Everyone, with what was seen by week 6."""
    data: Records
    truth: list[xr.Dataset]
    """Of each."""


@pytest.fixture(scope="module")
def world() -> World:
    """Draw populations, and a person who met the entry threshold from one of them each time."""
    spec, priors = synthetic_spec(PAIR), load_prior_set("calibration")
    figures = retest_figures(synthetic_cohort(PAIR, seed=0)[0])
    rng = np.random.default_rng(5)
    values = [draw_truth(priors, spec, figures, rng) for _ in range(POPULATIONS)]
    drawn = {
        parameter.name: (
            ("chain", "draw", *parameter.dims),
            np.stack([one[parameter.name] for one in values])[None],
        )
        for parameter in sampled_parameters(spec)
    }
    posterior = xr.Dataset(drawn, {"chain": [0], "draw": np.arange(POPULATIONS)})
    patients, visits, covariate, truth = [], [], [], []
    for number in range(PEOPLE):
        pair, known = synthetic_cohort(PAIR, number, values[rng.integers(POPULATIONS)])
        first, name = pair.patients.index[0], f"s{number:04d}"
        own = pair.visits[(pair.visits["patient"] == first) & (pair.visits["week"] < FORETOLD)]
        patients.append(pair.patients.loc[[first]].rename(index={first: name}))
        visits.append(own.assign(patient=name))
        # standardised in the pair: as the person was drawn
        covariate.append(encode(pair.patients, pair.regressors).values[0])
        truth.append(known.isel(patient=0))
    cohort = Cohort(
        name="thousand",
        synthetic=True,
        patients=pd.concat(patients),
        visits=pd.concat(visits),
        outcomes=pair.outcomes,
        covariates=pair.covariates,
        arms=pair.arms,
        entry=pair.entry,
    )
    x = np.stack(covariate)
    data = records(cohort, GRID)._replace(covariate=x, gaps=covariate_gaps(x))
    populations = [assemble(NUMPY, spec, one) for one in values]
    return World(spec, posterior, populations, cohort, data, truth)


def ranks(world: World, *, reweigh: bool = True, spread: float = 1.0) -> dict[str, Ints]:
    """Return the rank of every truth among `RANKED` draws, by quantity.

    Parameters
    ----------
    reweigh
        False plants a fault: what people's data say of the population is passed over.
    spread
        Anything but 1 plants another: flares and errors are taken to be so much larger.
    """
    posterior = world.posterior.assign(spread=spread * world.posterior["spread"])
    stack = stacked(world.spec, posterior, GRID, world.data.dose)
    run = Run(seed=3, workers=2)
    twins = updated_people(
        world.cohort, world.spec, world.data, posterior, stack, run, reweigh=reweigh
    ).isel(chain=0)
    rng = np.random.default_rng(8)
    # everyone's own: people keep the same draws of the population at the same places
    thin = np.stack([rng.permutation(POPULATIONS)[:RANKED] for _ in range(PEOPLE)])
    found = {}
    for effect in EFFECTS:
        drawn = thinned_out(twins[effect], thin)
        true = np.stack([one[effect].to_numpy() for one in world.truth])
        below = (drawn < true[:, None]).sum(axis=1).reshape(PEOPLE, -1)
        # nobody responds to the reference arm
        among = world.data.arm == 1 if effect == "response" else slice(None)
        for k, column in enumerate(below.T):
            found[f"{effect}[{k}]"] = column[among]
    later = foretold(world, twins, thin, rng)
    for k, name in enumerate(world.spec.outcomes):
        true = np.array([one["latent"].to_numpy()[-1, k] for one in world.truth])
        found[f"{name} at week 13"] = (later[:, :, k] < true[:, None]).sum(axis=1)
    return found


def thinned_out(drawn: xr.DataArray, thin: Ints) -> Floats:
    """Return each person's own few draws, shape (person, draw, ...)."""
    values = drawn.transpose("patient", "draw", ...).to_numpy()
    return np.stack([own[chosen] for own, chosen in zip(values, thin, strict=True)])


def foretold(world: World, twins: xr.Dataset, thin: Ints, rng: np.random.Generator) -> Floats:
    """Continuous severities at week 13, each draw under its population, (person, draw, outcome)."""
    paired = thin
    if "population_draw" in twins:
        paired = thinned_out(twins["population_draw"], thin)
    names = ("log_rate", "start", "set_point", "response", "flare_now")
    own = {name: thinned_out(twins[name], thin) for name in names}
    passed = FORETOLD - twins["week_now"].to_numpy()
    result = np.empty((*thin.shape, len(world.spec.outcomes)))
    for i, place in np.ndindex(*thin.shape):
        population = world.populations[paired[i, place]]
        rate, start, set_point, response, flare = (own[name][i, [place]] for name in names)
        person = People(rate, np.zeros(1), start, set_point, response)
        at = (GRID, world.data.dose, world.data.arm[[i]], np.array([[FORETOLD]]))
        share = (population.spread, population.persistent_share)
        shock = np.linalg.cholesky(population.flare_correlation) @ rng.standard_normal(2)
        moved = residual.flare_step(
            NUMPY,
            flare[0],
            residual.flare_sd(NUMPY, *share),
            population.persistence,
            passed[i],
            shock,
        )
        error = residual.error_sd(NUMPY, *share) * rng.standard_normal(2)
        result[i, place] = levels(population, person, *at)[0, 0] + moved + error
    return result


def p_values(found: dict[str, Ints]) -> dict[str, float]:
    """Return adjusted p-values of uniform ranks, the least first."""
    envelopes = {len(rank): Envelope(len(rank), RANKED) for rank in found.values()}
    tested = {}
    for name, rank in found.items():
        envelope = envelopes[len(rank)]
        tested[name] = float(envelope.p_value(envelope.statistic(rank)))
    return holm(tested)


@pytest.mark.slow
def test_truths_of_a_thousand_people_have_uniform_ranks(world: World) -> None:
    adjusted = p_values(ranks(world))
    assert min(adjusted.values()) > ERROR_RATE, adjusted


@pytest.mark.slow
@pytest.mark.parametrize("fault", [{"reweigh": False}, {"spread": 1.3}])
def test_ranks_show_a_planted_fault(world: World, fault: dict[str, float]) -> None:
    adjusted = p_values(ranks(world, **fault))  # type: ignore[arg-type]
    assert min(adjusted.values()) < ERROR_RATE, adjusted
