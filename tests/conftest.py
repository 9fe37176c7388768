"""Fixtures that more than one test file uses."""

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from twin.cohort import Cohort
from twin.cohort.synthetic import SyntheticSettings, synthetic_cohort
from twin.fit.arrays import model_spec, records
from twin.fit.draws import draws as states_of
from twin.fit.effects import with_effects
from twin.fit.frame import FRAME, Frame
from twin.fit.observed import constant_data, observed_data
from twin.fit.people import extract_people
from twin.fit.settings import ModelSettings
from twin.law.parameters import ModelSpec, sampled_parameters
from twin.law.records import Records

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of real cohorts beside the checkout, or skip where it is absent."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("no real cohorts here: the folder ../shared/data is missing")
    return folder


@pytest.fixture(scope="session")
def known_fit() -> xr.DataTree:
    """Return what a fit of a tiny synthetic trial would be had the sampler known the truth.

    Population parameters stand at the truth and people are drawn around it, so that whatever
    reads a fit can be tested without sampling.
    """
    cohort, truth = synthetic_cohort(SyntheticSettings(people=12, clusters=2), seed=1)
    spec, data = model_spec(cohort), records(cohort, ModelSettings().time_grid)
    return known_tree(cohort, spec, data, truth)


@pytest.fixture(scope="session")
def trial() -> tuple[Cohort, xr.DataTree]:
    """Return a small synthetic trial and a fit of it had the sampler known the truth."""
    cohort, truth = synthetic_cohort(SyntheticSettings(people=16, clusters=4), seed=1)
    data = records(cohort, ModelSettings().time_grid)
    return cohort, known_tree(cohort, model_spec(cohort), data, truth)


def known_tree(
    cohort: Cohort, spec: ModelSpec, data: Records, truth: xr.Dataset, draws: int = 200
) -> xr.DataTree:
    """Return a tree with the groups of a fit that twins are made of."""
    rng = np.random.default_rng(0)
    names = [parameter.name for parameter in sampled_parameters(spec)]
    shape = {"chain": 2, "draw": draws}
    still = truth[names].expand_dims({dim: np.arange(n) for dim, n in shape.items()})
    at_end = int((data.scores.end != 0).sum())
    sizes = {"z": (cohort.n,), "beyond_end": (at_end,)}
    if data.work is not None:
        sizes["eps"] = (len(data.work.worker), 3 * len(spec.outcomes) + 1)
    noise = {
        name: (("chain", "draw", *(f"{name}_{i}" for i in range(len(size)))), value)
        for name, size in sizes.items()
        for value in [rng.normal(size=(2, draws, *size))]
    }
    noise["beyond_end"] = (noise["beyond_end"][0], 0.1 * np.abs(noise["beyond_end"][1]))
    posterior = still.assign(noise)
    tree = xr.DataTree.from_dict(
        {
            "posterior": with_effects(spec, posterior),
            "twins": extract_people(
                cohort, spec, data, states_of(spec, data, posterior), posterior, seed=1
            ),
            "observed_data": observed_data(cohort),
            "constant_data": constant_data(cohort),
        }
    )
    tree.attrs = {
        FRAME: Frame.of(cohort, ModelSettings()).model_dump_json(),
        "cohort": cohort.name,
        "synthetic": 1,
        "converged": 1,
        "timings": "{}",
    }
    return tree
