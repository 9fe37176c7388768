"""Fits are stored whole or not at all, and found again by what made them."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from priors import Normal, load_prior_set
from twin.cohort.synthetic import SyntheticSettings, synthetic_cohort
from twin.fit import fit as fitting
from twin.fit import plan as planning
from twin.fit.gate_report import Check, ConvergenceError, GateReport
from twin.fit.plan import FitPlan
from twin.fit.settings import FitSettings, ModelSettings, SamplerSettings
from twin.fit.store import load_fit, save_fit
from twin.fit.whole import whole_file

ROOT = Path(__file__).resolve().parents[1]
TINY = SyntheticSettings(people=12, clusters=2)


@pytest.fixture
def plan(tmp_path: Path) -> FitPlan:
    cohort, _ = synthetic_cohort(TINY, seed=1)
    return FitPlan(
        cohort=cohort,
        model=ModelSettings(),
        priors=load_prior_set("literature"),
        sampler=SamplerSettings(),
        fit=FitSettings(),
        seed=1,
        folder=tmp_path / "fits",
    )


def stored(passed: bool = True) -> xr.DataTree:
    """Return something that looks like a fit."""
    row = Check(rule="population R-hat < 1.01", worst="spread", found=1.0)
    if not passed:
        row = row.model_copy(update={"found": 2.0, "failing": ("spread",)})
    posterior = xr.Dataset(
        {
            "spread": (("chain", "draw", "outcome"), np.arange(16.0).reshape(2, 4, 2)),
            "status": ("outcome", np.array(["working", ""], dtype=object)),
        },
        coords={"outcome": np.array(["pain", "disability"], dtype=object)},
    )
    tree = xr.DataTree.from_dict({"posterior": posterior})
    tree.attrs["gate"] = GateReport(rows=(row,)).model_dump_json()
    return tree


def test_what_was_stored_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "new" / "fit.nc"
    assert load_fit(path) is None
    save_fit(stored(), path)
    found = load_fit(path)
    assert found is not None
    xr.testing.assert_identical(found["posterior"].to_dataset(), stored()["posterior"].to_dataset())
    assert found.attrs == stored().attrs


def test_a_writer_that_fails_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")

    def fail() -> None:
        with whole_file(path) as beside:
            beside.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_writer_that_is_killed_leaves_nothing_under_the_name(tmp_path: Path) -> None:
    path = tmp_path / "fit.nc"
    program = (
        "import os, signal, sys; from pathlib import Path; from twin.fit.whole import whole_file\n"
        "with whole_file(Path(sys.argv[1])) as beside:\n"
        "    beside.write_text('half'); os.kill(os.getpid(), signal.SIGKILL)"
    )
    command = [sys.executable, "-c", program, str(path)]
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False
    )
    assert done.returncode == -signal.SIGKILL
    assert load_fit(path) is None
    assert [left.suffix for left in tmp_path.iterdir()] == [".part"]
    save_fit(stored(), path)
    assert load_fit(path) is not None
    assert list(tmp_path.iterdir()) == [path]  # what the killed one left is swept away


def test_a_fit_that_is_found_is_not_sampled_again(
    plan: FitPlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[FitPlan] = []

    def new_fit(given: FitPlan, configuration: str) -> xr.DataTree:
        made.append(given)
        return stored()

    monkeypatch.setattr(fitting, "_new_fit", new_fit)
    first, second = fitting.fit_cohort(plan), fitting.fit_cohort(plan)
    assert len(made) == 1
    xr.testing.assert_identical(first, second)


def test_an_unconverged_fit_that_is_found_is_refused_until_it_is_accepted(plan: FitPlan) -> None:
    save_fit(stored(passed=False), plan.path)
    with pytest.raises(ConvergenceError):
        fitting.fit_cohort(plan)
    accepting = replace(plan, fit=FitSettings(accept_unconverged=True))
    assert fitting.fit_cohort(accepting).attrs["gate"]


def _other_prior(plan: FitPlan) -> FitPlan:
    parameters = dict(plan.priors.parameters)
    start = parameters["start_mean"]
    parameters["start_mean"] = start.model_copy(update={"distribution": Normal(mean=0.5, sd=0.15)})
    return replace(plan, priors=plan.priors.model_copy(update={"parameters": parameters}))


def _sampler(**change: Any) -> Callable[[FitPlan], FitPlan]:
    return lambda plan: replace(plan, sampler=plan.sampler.model_copy(update=change))


@pytest.mark.parametrize(
    "other",
    [
        lambda plan: replace(plan, cohort=synthetic_cohort(TINY, seed=2)[0]),
        lambda plan: replace(plan, model=ModelSettings(grid=(0, 13, 52))),
        _other_prior,
        _sampler(library="pymc"),
        _sampler(chains=2),
        _sampler(draws=10),
        _sampler(tune=10),
        _sampler(target_accept=0.95),
        lambda plan: replace(plan, fit=FitSettings(predictive_draws=3)),
        lambda plan: replace(plan, seed=2),
    ],
    ids=[
        *("cohort", "model", "priors", "library", "chains", "draws", "tune", "target_accept"),
        *("predictive_draws", "seed"),
    ],
)
def test_whatever_changes_a_number_changes_the_name(
    plan: FitPlan, other: Callable[[FitPlan], FitPlan]
) -> None:
    assert other(plan).path != plan.path


@pytest.mark.parametrize("part", ["version", "code_hash"])
def test_other_code_does_not_find_the_fit(
    plan: FitPlan, part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = plan.path
    monkeypatch.setattr(planning, part, lambda *_: "other")
    assert replace(plan).path != before


@pytest.mark.parametrize(
    "other",
    [
        _sampler(cores=1),
        _sampler(progress_bar=False),
        lambda plan: replace(plan, fit=FitSettings(accept_unconverged=True)),
        lambda plan: replace(plan, cohort=synthetic_cohort(TINY, seed=1)[0]),
    ],
    ids=["cores", "progress_bar", "accept_unconverged", "the same cohort once more"],
)
def test_what_changes_no_number_finds_the_same_fit(
    plan: FitPlan, other: Callable[[FitPlan], FitPlan]
) -> None:
    assert other(plan).path == plan.path
