"""Cohorts that lack nearly everything: each goes through the whole program, or is refused.

What is costly, compiling the sampler, is done for two of them. For the others the priors stand in
for the posterior: everything before and after the sampler is the program's own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pymc as pm
import pytest
import xarray as xr

from priors import load_prior_set
from twin.cohort import Cohort, CohortMapping, read_cohort
from twin.config import Output, RunConfig
from twin.errors import InputError
from twin.fit import fit as fitting
from twin.fit.arrays import model_spec, records, retest_figures
from twin.fit.draws import NUISANCES
from twin.fit.prior_draw import draw_truth
from twin.fit.settings import FitSettings, ModelSettings, SamplerSettings
from twin.law.backends import COMPILED
from twin.law.likelihood import log_likelihood
from twin.law.parameters import assemble
from twin.pipeline import run
from twin.simulate.settings import SimulationSettings

pytestmark = pytest.mark.slow

PRIORS = load_prior_set("literature")


class Given(NamedTuple):
    """Visits of a cohort as text, and what its mapping says beside where they stand."""

    visits: str
    facts: Mapping[str, Any] = {}
    rest: Mapping[str, Any] = {}


def people(n: int, *visits: str) -> str:
    """Return rows of n people who all have the same visits, `week,pain,disability,work`."""
    rows = [f"p{i},{visit}" for i in range(n) for visit in visits]
    return "\n".join(["id,week,pain,rmdq,work", *rows]) + "\n"


def varied(n: int, *weeks: int) -> str:
    """Return rows of n people whose scores differ."""
    rows = [
        f"p{i},{week},{(3 * i + week) % 9 + 1},{(7 * i + week) % 22 + 1},"
        for i in range(n)
        for week in weeks
    ]
    return "\n".join(["id,week,pain,rmdq,work", *rows]) + "\n"


WORK = {"work_status": "work", "labour_force": {"constant": True}}
AT_WORK = people(3, "0,5,9,working", "13,4,8,working")

FITTED = {
    "one follow-up and nothing else": Given(varied(12, 0, 13)),
    "no follow-up": Given(varied(12, 0)),
    "nobody scored at the last visit": Given(
        varied(6, 0, 6) + "\n".join(f"p{i},13,,," for i in range(6))
    ),
    "nobody scored at baseline": Given(people(6, "0,,,", "13,4,8,", "26,3,8,")),
    "one person": Given(varied(1, 0, 6, 13)),
    "one person seen once": Given(varied(1, 0)),
    "one person of whom nothing is known": Given(varied(3, 0, 6) + "p3,0,,,\n"),
    "everyone at the floor": Given(people(6, "0,0,0,", "13,0,0,")),
    "everyone at the ceiling": Given(people(6, "0,10,24,", "13,10,24,")),
    "everyone the same": Given(people(6, "0,5,9,", "13,5,9,")),
    "an arm of one": Given(
        "id,week,pain,rmdq,work,arm\n"
        "p0,0,5,9,,a\np0,13,3,7,,a\np1,0,6,9,,b\np1,13,6,9,,b\np2,0,6,9,,b\n",
        {"arm": "arm"},
        {
            "arms": {
                "b": {"reference": True},
                "a": {"intervention": "app", "duration_weeks": 9},
            }
        },
    ),
    "nobody who moves": Given(AT_WORK, WORK),
    "one person who works": Given(AT_WORK.replace("p1,13,4,8,working", "p1,13,4,8,"), WORK),
    "work seen once": Given(people(3, "0,5,9,working", "13,4,8,"), WORK),
    "everyone out for good": Given(people(3, "0,5,9,permanently_out", "13,4,8,"), WORK),
    "a work status that nobody has": Given(people(3, "0,5,9,", "13,4,8,"), WORK),
    "one clinic": Given(
        "id,week,pain,rmdq,work,clinic\np0,0,5,9,,x\np0,13,5,9,,x\np1,0,4,9,,x\n",
        {"cluster": "clinic"},
    ),
}


AGE = {"column": "age", "domain": "personal", "kind": "continuous"}

REFUSED = {
    "nobody": (Given("id,week,pain,rmdq,work\n"), "holds no patients"),
    "nobody scored at all": (Given(people(3, "0,,,", "13,,,")), "must hold a score of pain"),
    "an outcome that nobody has": (
        Given(people(3, "0,5,,", "13,4,,")),
        "must hold a score of disability",
    ),
    "a covariate that nobody has": (
        Given(varied(3, 0, 6), rest={"covariates": {"age": AGE | {"column": "work"}}}),
        "at least two different values",
    ),
    "a covariate of one person": (
        Given(
            "id,week,pain,rmdq,age\np0,0,5,9,40\np0,13,4,8,40\n", rest={"covariates": {"age": AGE}}
        ),
        "at least two different values",
    ),
    "an arm of nobody": (
        Given(
            "id,week,pain,rmdq,arm\np0,0,5,9,b\np0,13,3,7,b\n",
            {"arm": "arm"},
            {
                "arms": {
                    "b": {"reference": True},
                    "a": {"intervention": "app", "duration_weeks": 9},
                }
            },
        ),
        "puts nobody into the arm a",
    ),
}


def mapping(given: Given) -> CohortMapping:
    columns = {"patient": "id", "week": "week", "body_region": {"constant": "neck"}}
    return CohortMapping.model_validate(
        {
            "name": "small",
            "patients": "visits.csv",
            "visits": "visits.csv",
            "columns": columns | dict(given.facts),
            "outcomes": {
                "pain": {"instrument": "pain_nrs", "column": "pain"},
                "disability": {"instrument": "rmdq", "column": "rmdq"},
            },
            **given.rest,
        }
    )


def cohort(folder: Path, given: Given) -> Cohort:
    (folder / "visits.csv").write_text(given.visits, encoding="utf-8")
    return read_cohort(mapping(given), folder)


def configured(folder: Path, given: Given, monkeypatch: pytest.MonkeyPatch) -> RunConfig:
    """Return a run of a cohort whose file has been written where the run starts."""
    (folder / "visits.csv").write_text(given.visits, encoding="utf-8")
    monkeypatch.chdir(folder)
    return RunConfig(
        cohort=mapping(given),
        sampler=SamplerSettings(chains=2, draws=20, tune=40, progress_bar=False),
        fit=FitSettings(accept_unconverged=True, predictive_draws=20),
        scenario=("usual_care", "selfback"),
        simulation=SimulationSettings(progress_bar=False),
        output=Output(folder=str(folder / "runs"), fits=str(folder / "fits")),
    )


def state(small: Cohort, model: pm.Model, size: tuple[int, int], seed: int) -> xr.Dataset:
    """Draw what the sampler would draw from the priors, and the people from a standard normal."""
    rng = np.random.default_rng(seed)
    spec, figures = model_spec(small), retest_figures(small)
    truths = [draw_truth(PRIORS, spec, figures, rng) for _ in range(size[0] * size[1])]
    drawn = {
        name: np.stack([truth[name] for truth in truths]).reshape(*size, *np.shape(value))
        for name, value in truths[0].items()
    }
    for variable in model.free_RVs:
        if variable.name in (*NUISANCES, "missing_covariate"):
            shape = tuple(int(n) for n in variable.shape.eval())
            drawn[variable.name] = np.abs(rng.normal(size=(*size, *shape)))
    return dataset(drawn)


def dataset(arrays: Mapping[str, Any]) -> xr.Dataset:
    dims = {
        name: ("chain", "draw", *(f"{name}_dim_{i}" for i in range(np.ndim(x) - 2)))
        for name, x in arrays.items()
    }
    return xr.Dataset({name: (dims[name], x) for name, x in arrays.items()})


@pytest.mark.parametrize("given", FITTED.values(), ids=FITTED)
def test_a_cohort_that_lacks_nearly_everything_goes_from_its_file_to_a_report(
    tmp_path: Path, given: Given, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = configured(tmp_path, given, monkeypatch)
    small = read_cohort(mapping(given), tmp_path)

    def sample(model: pm.Model, settings: SamplerSettings, seed: int) -> xr.DataTree:
        size = (settings.chains, settings.draws)
        rng = np.random.default_rng(seed)
        statistics = {"diverging": np.zeros(size, dtype=bool), "energy": rng.normal(size=size)}
        return xr.DataTree.from_dict(
            {"posterior": state(small, model, size, seed), "sample_stats": dataset(statistics)}
        )

    monkeypatch.setattr(fitting, "sample", sample)
    report = run(config)
    assert "UNCONVERGED" in report.read_text("utf-8")


@pytest.mark.parametrize("given", FITTED.values(), ids=FITTED)
def test_its_likelihood_is_a_number_wherever_the_priors_are(tmp_path: Path, given: Given) -> None:
    small = cohort(tmp_path, given)
    spec, data = model_spec(small), records(small, ModelSettings().time_grid)
    rng = np.random.default_rng(3)
    for _ in range(20):
        population = assemble(COMPILED, spec, draw_truth(PRIORS, spec, (), rng))
        depth = 0.1 * rng.exponential(size=data.scores.end.shape)
        latent = data.scores.severity + data.scores.end * depth
        z, eps = rng.normal(size=small.n), rng.normal(size=(small.n, population.n_linear))
        terms = log_likelihood(COMPILED, population, data, data.covariate, latent, z, eps)
        assert terms.scores.shape == (small.n,)
        for term in terms[:4]:
            assert np.isfinite(term).all()


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED)
def test_a_cohort_that_says_nothing_is_refused_with_the_reason(
    tmp_path: Path, case: tuple[Given, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    given, reason = case
    with pytest.raises(InputError, match=re.escape(reason)):
        run(configured(tmp_path, given, monkeypatch))


@pytest.mark.parametrize("name", ["one follow-up and nothing else", "one person"])
def test_it_can_be_sampled(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(configured(tmp_path, FITTED[name], monkeypatch)).is_file()
