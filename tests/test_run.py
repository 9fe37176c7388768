"""A run goes from a configuration to a folder of results, and the second time does not sample."""

import hashlib
import json
from pathlib import Path

import pytest
import xarray as xr

from twin.cohort.synthetic import SyntheticSettings
from twin.config import Output, RunConfig
from twin.fit import fit as fitting
from twin.fit.gate_report import ConvergenceError
from twin.fit.settings import FitSettings, SamplerSettings
from twin.pipeline import run

pytestmark = pytest.mark.slow

TOO_FEW = SamplerSettings(chains=2, draws=20, tune=40, progress_bar=False)


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> RunConfig:
    folder = tmp_path_factory.mktemp("run")
    return RunConfig(
        cohort=SyntheticSettings(people=12, clusters=2),
        sampler=TOO_FEW,
        fit=FitSettings(accept_unconverged=True, predictive_draws=4),
        output=Output(folder=str(folder / "runs"), fits=str(folder / "fits")),
    )


@pytest.fixture(scope="module")
def results(config: RunConfig) -> Path:
    return run(config)


def test_the_manifest_says_where_every_file_came_from(config: RunConfig, results: Path) -> None:
    manifest = json.loads((results / "manifest.json").read_text("utf-8"))
    assert RunConfig.model_validate(manifest["configuration"]).model_dump() == config.model_dump()
    assert manifest["cohort"]["synthetic"] is True
    assert manifest["fit"]["accepted_unconverged"] is True
    assert set(manifest["files"]) == {"fit.nc", "truth.nc"}
    for name, digest in manifest["files"].items():
        assert hashlib.sha256((results / name).read_bytes()).hexdigest() == digest


def test_a_fit_opens_with_xarray_alone_and_holds_every_group(results: Path) -> None:
    with xr.open_datatree(results / "fit.nc") as fit:
        assert set(fit.children) == {
            *("posterior", "twins", "sample_stats", "estimands", "observed_data"),
            *("constant_data", "prior_predictive", "posterior_predictive"),
        }
        assert not {"z", "eps", "beyond_end"} & set(fit["posterior"])
        matrix = fit["posterior"]["flare_correlation_matrix"]
        assert (abs(matrix.sel(outcome="pain", outcome_other="pain") - 1) < 1e-9).all()


def test_the_same_run_again_does_not_sample(
    config: RunConfig, results: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def sample(*_: object) -> None:
        pytest.fail("sampled")

    monkeypatch.setattr(fitting, "sample", sample)
    assert run(config) == results
    assert json.loads((results / "manifest.json").read_text("utf-8"))["fit"]["found"] is True


def test_an_unconverged_fit_is_not_stored_unless_accepted(
    config: RunConfig, results: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = Output(folder=str(tmp_path / "runs"), fits=str(tmp_path / "fits"))
    strict = config.model_copy(update={"fit": FitSettings(), "output": output})
    with pytest.raises(ConvergenceError, match=r"fit\.accept_unconverged=true"):
        run(strict)
    assert not list(tmp_path.rglob("*.nc"))
