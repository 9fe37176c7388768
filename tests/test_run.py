"""A run goes from a configuration to a folder of results, and the second time does not sample."""

import hashlib
import json
import os
import re
import signal
import subprocess
import sys
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from twin.cohort.synthetic import SyntheticSettings
from twin.config import AssimilationSettings, Output, RunConfig
from twin.config.run_config import PriorChoice
from twin.errors import InputError
from twin.export.schema import check
from twin.fit import fit as fitting
from twin.fit import whole
from twin.fit.gate_report import ConvergenceError
from twin.fit.settings import FitSettings, SamplerSettings
from twin.fit.store import load_fit
from twin.pipeline import run
from twin.population.settings import PopulationSettings
from twin.report.tables import estimate, tidy
from twin.simulate.settings import SimulationSettings
from twin.twins import TwinEnsemble

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[1]
FILES = {
    *("fit.nc", "truth.nc", "twins.nc", "trajectories.nc", "twin_summary.parquet"),
    *("scenario_summary.csv", "contrasts.csv", "care.csv", "summary.json", "report.html"),
    "diagnostics.nc",
}
TOO_FEW = SamplerSettings(chains=2, draws=20, tune=40, progress_bar=False)
SCENARIOS = ("usual_care", "app", "selfback")
DRAWN: list[xr.DataTree] = []
"""What the one sampling of this module drew."""


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> RunConfig:
    folder = tmp_path_factory.mktemp("run")
    return RunConfig(
        cohort=SyntheticSettings(people=12, clusters=2),
        sampler=TOO_FEW,
        fit=FitSettings(accept_unconverged=True, predictive_draws=4),
        scenario=SCENARIOS,
        simulation=SimulationSettings(progress_bar=False),
        output=Output(folder=str(folder / "runs"), fits=str(folder / "fits")),
    )


@pytest.fixture(scope="module")
def report(config: RunConfig) -> Path:
    sample = fitting.sample

    def noted(*given: Any) -> xr.DataTree:
        DRAWN.append(sample(*given))
        return DRAWN[0]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fitting, "sample", noted)
        return run(config)


@pytest.fixture(scope="module")
def results(report: Path) -> Path:
    return report.parent


def manifest_of(folder: Path) -> dict[str, Any]:
    """Return a run's manifest, having checked that the files are those that it lists."""
    manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_text("utf-8"))
    for name, digest in manifest["files"].items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest, name
    return manifest


def visible(html: str) -> str:
    """Return the text of a page's body, without figures."""
    body = re.sub(r"<(svg|style)\b.*?</\1>", " ", html, flags=re.DOTALL)
    return unescape(re.sub(r"<[^>]*>", " ", body))


def elsewhere(config: RunConfig, folder: Path, **change: Any) -> RunConfig:
    """Return the same run with its results in another folder; the fit stays where it is."""
    output = config.output.model_copy(update={"folder": str(folder)})
    return config.model_copy(update={"output": output, **change})


def test_a_run_returns_the_path_of_its_report(report: Path) -> None:
    assert report.name == "report.html"
    assert report.read_text("utf-8").startswith("<!DOCTYPE html>")


def test_the_manifest_says_where_every_file_came_from(config: RunConfig, results: Path) -> None:
    manifest = manifest_of(results)
    assert manifest["schema"] == 2
    assert RunConfig.model_validate(manifest["configuration"]).model_dump() == config.model_dump()
    assert manifest["cohort"]["synthetic"] is True
    assert manifest["fit"]["accepted_unconverged"] is True
    assert [scenario["name"] for scenario in manifest["scenarios"]] == list(SCENARIOS)
    assert set(manifest["files"]) == FILES
    assert {file.name for file in results.iterdir()} == FILES | {"manifest.json"}
    stages = {"cohort", "fit", "simulation", "diagnostics", "exports", "report"}
    assert set(manifest["timings"]) == stages


def test_a_fit_opens_with_xarray_alone_and_holds_every_group(results: Path) -> None:
    with xr.open_datatree(results / "fit.nc") as fit:
        assert set(fit.children) == {
            *("posterior", "twins", "sample_stats", "estimands", "observed_data"),
            *("constant_data", "prior_predictive", "posterior_predictive"),
        }
        assert not {"z", "eps", "beyond_end"} & set(fit["posterior"])
        matrix = fit["posterior"]["flare_correlation_matrix"]
        assert (abs(matrix.sel(outcome="pain", outcome_other="pain") - 1) < 1e-9).all()


def test_the_files_say_the_same_figures(results: Path) -> None:
    told = json.loads((results / "summary.json").read_text("utf-8"))
    check(told)
    rows = {"quantities": "scenario_summary.csv", "contrasts": "contrasts.csv"}
    for key, name in rows.items():
        table = tidy(pd.read_csv(results / name))
        kept = [(one["name"], row) for one in told["scenarios"] for row in one[key]]
        assert len(kept) == len(table) > 0
        index = ["scenario", "quantity", "outcome", "detail", "week"]
        by_row = table.set_index(index)
        assert by_row.index.is_unique
        for scenario, row in kept:
            which = (row["quantity"], row["outcome"] or "", row["detail"] or "", row["week"])
            found = by_row.loc[(scenario, *which)]
            for figure in ("mean", "lower", "upper"):
                assert_same(row["estimate"][figure], found[figure])
                assert_same(row["monte_carlo_error"][figure], found[f"mcse_{figure}"])


def assert_same(told: float | None, stored: float) -> None:
    """Assert that a figure is the same in JSON, where null stands for none, and in a table."""
    assert np.isnan(stored) if told is None else told == stored


def test_the_reports_figures_are_those_of_the_files(results: Path) -> None:
    html = (results / "report.html").read_text("utf-8")
    section = html[html.index('id="differences"') : html.index('id="persons"')]
    shown = " ".join(visible(section).split())
    table = tidy(pd.read_csv(results / "contrasts.csv"))
    chosen = table[table["quantity"].isin(["expected_score", "days_lost"])]
    assert set(chosen["scenario"]) == {"app", "selfback"}
    for _, row in chosen.iterrows():
        cell = estimate(row, 1.0, signed=True)
        assert f"{cell.mean} {cell.interval} {cell.error}" in shown


def test_the_people_of_every_file_are_those_of_the_cohort(results: Path) -> None:
    twins = pd.read_parquet(results / "twin_summary.parquet")
    with xr.open_dataset(results / "trajectories.nc") as courses:
        assert courses.sizes["patient"] == twins["patient"].nunique() == 12
        assert list(courses["scenario"].values) == list(SCENARIOS)
        assert list(courses["week"].values) == list(range(53))
    assert set(twins["scenario"]) == set(SCENARIOS) - {"usual_care"}


def test_the_diagnostics_of_every_person_stand_in_a_file_and_in_the_appendix(
    results: Path,
) -> None:
    with xr.open_datatree(results / "diagnostics.nc") as found:
        people = found["leave_one_out"].to_dataset().load()
        learnt = found["contraction"].to_dataset().load()
    assert people.sizes["patient"] == 12
    html = (results / "report.html").read_text("utf-8")
    shown = " ".join(visible(html[html.index('id="appendix"') :]).split())
    for patient in people["patient"].where(people["pareto_k"] > people.attrs["largest_k"]).values:
        assert str(patient) == "nan" or str(patient) in shown
    told = json.loads((results / "summary.json").read_text("utf-8"))["effects"]
    assert [one["effect"] for one in told] == list(learnt["effect"].values)
    np.testing.assert_allclose([one["contraction"] for one in told], learnt["contraction"])


def test_everything_about_an_unconverged_fit_says_so(results: Path) -> None:
    shown = visible((results / "report.html").read_text("utf-8"))
    assert "UNCONVERGED" in shown
    assert "NOT PASSED" in shown
    assert "SYNTHETIC" in shown
    assert json.loads((results / "summary.json").read_text("utf-8"))["converged"] is False
    assert manifest_of(results)["fit"]["converged"] is False


def test_the_same_run_again_does_not_sample(
    config: RunConfig, report: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def sample(*_: object) -> None:
        pytest.fail("sampled")

    before = manifest_of(report.parent)["files"]
    monkeypatch.setattr(fitting, "sample", sample)
    assert run(config) == report
    after = manifest_of(report.parent)
    assert after["fit"]["found"] is True
    for name in ("scenario_summary.csv", "contrasts.csv", "summary.json", "report.html"):
        assert after["files"][name] == before[name], name


def test_what_does_nothing_makes_no_difference_at_all(
    config: RunConfig, report: Path, tmp_path: Path
) -> None:
    done = run(elsewhere(config, tmp_path, scenario=("usual_care", "null")))
    assert done.parent.name != report.parent.name
    table = pd.read_csv(done.parent / "contrasts.csv")
    figures = table[["mean", "lower", "upper", "mcse_mean", "mcse_lower", "mcse_upper"]]
    compared = table["mean"].notna()  # no worker away at the start: nobody's return to compare
    assert compared.sum() > 30
    assert (figures[compared] == 0).all(axis=None)
    assert set(table["quantity"][~compared]) <= {"return_time"}


def test_a_run_that_is_killed_leaves_no_half_a_file_and_completes_when_run_again(
    config: RunConfig, results: Path, tmp_path: Path
) -> None:
    """It is killed in the midst of writing its last file but one, the report."""
    again = elsewhere(config, tmp_path)
    program = (
        "import os, signal, sys; from pathlib import Path\n"
        "from twin.config import RunConfig; from twin.pipeline import run\n"
        "write = Path.write_text\n"
        "def half(path, text, **how):\n"
        "    if 'report.html' not in path.name: return write(path, text, **how)\n"
        "    write(path, text[: len(text) // 2], **how); os.kill(os.getpid(), signal.SIGKILL)\n"
        "Path.write_text = half\n"
        "run(RunConfig.model_validate_json(sys.argv[1]))"
    )
    killed = subprocess.run(
        [sys.executable, "-c", program, again.model_dump_json()],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    folder = tmp_path / results.name
    left = {file.name for file in folder.iterdir() if not file.name.startswith(".")}
    assert left == FILES - {"report.html"}
    same_as(folder, results, left)

    assert run(again) == folder / "report.html"
    assert manifest_of(folder)["fit"]["found"] is True
    same_as(folder, results, FILES)


def same_as(folder: Path, whole_run: Path, names: set[str]) -> None:
    """Assert that files hold what those of a run that was not killed hold."""
    for name in names:
        if name.endswith(".nc"):
            with xr.open_datatree(folder / name) as one, xr.open_datatree(whole_run / name) as two:
                xr.testing.assert_equal(one, two)
        elif name.endswith(".parquet"):
            tables = [pd.read_parquet(place / name) for place in (folder, whole_run)]
            pd.testing.assert_frame_equal(*tables)
        elif name != "summary.json":  # which repeats the configuration and so the folder
            assert (folder / name).read_bytes() == (whole_run / name).read_bytes(), name
        else:
            one, two = (json.loads((place / name).read_bytes()) for place in (folder, whole_run))
            del one["configuration"]["output"], two["configuration"]["output"]
            assert one == two


@pytest.mark.parametrize("name", ["contrasts.csv", "trajectories.nc", "manifest.json"])
def test_a_run_that_is_interrupted_leaves_nothing_of_the_file_it_was_writing(
    name: str, config: RunConfig, results: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flush = whole._flush

    def interrupted(path: Path) -> None:
        if name in path.name:
            raise KeyboardInterrupt
        flush(path)

    monkeypatch.setattr(whole, "_flush", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(elsewhere(config, tmp_path))
    left = {file.name for file in (tmp_path / results.name).iterdir()}
    assert left <= FILES - {name}


def test_an_unconverged_fit_is_not_stored_unless_accepted(
    config: RunConfig, results: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fitting, "sample", lambda *_: DRAWN[0])
    output = Output(folder=str(tmp_path / "runs"), fits=str(tmp_path / "fits"))
    strict = config.model_copy(update={"fit": FitSettings(), "output": output})
    with pytest.raises(ConvergenceError, match=r"fit\.accept_unconverged=true"):
        run(strict)
    assert not list(tmp_path.rglob("*.*"))


# ---- people whom the fit never saw


ANNA = """
patient: anna
covariates: {age: 44, depression: 7}
labour_force: true
visits:
  - {week: 6, pain: 4, disability: 9, work_status: restricted}
  - {week: 0, pain: 6, disability: 13, work_status: sick_listed}
"""


@pytest.fixture
def newcomer(tmp_path: Path) -> AssimilationSettings:
    file = tmp_path / "anna.yaml"
    file.write_text(ANNA, "utf-8")
    return AssimilationSettings(visits=str(file), draws=40, workers=1)


def test_people_whom_the_fit_never_saw_are_simulated_without_a_refit(
    config: RunConfig, results: Path, newcomer: AssimilationSettings, tmp_path: Path
) -> None:
    page = run(elsewhere(config, tmp_path, twins=newcomer))
    assert len(DRAWN) == 1  # the fit of the first run is what was taken
    told = manifest_of(page.parent)
    assert told["assimilated"]["into"] == "synthetic"
    assert set(told["assimilated"]["people"]) == {"anna"}
    assert set(told["files"]) == FILES - {"fit.nc", "truth.nc"} | {"assimilated.nc"}
    assert "PEOPLE THE FIT NEVER SAW" in visible(page.read_text("utf-8"))
    summary = pd.read_parquet(page.parent / "twin_summary.parquet")
    assert set(summary["patient"]) == {"anna"}
    assert set(summary["verdict"]) == {"credible"}
    kept = load_fit(page.parent / "assimilated.nc")
    assert kept is not None
    assert "disability 9 (week 6)" in str(TwinEnsemble(kept)["anna"])
    assert "credible as somebody of the fit's population" in str(TwinEnsemble(kept)["anna"])
    summary_json = json.loads((page.parent / "summary.json").read_text("utf-8"))
    check(summary_json)
    person = summary_json["assimilated"]["people"]["anna"]
    assert person["verdict"] == "credible"
    assert person == told["assimilated"]["people"]["anna"]


def test_further_visits_are_added_to_the_twins_of_an_earlier_run(
    config: RunConfig,
    results: Path,
    newcomer: AssimilationSettings,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    first = run(elsewhere(config, tmp_path, twins=newcomer))
    file = tmp_path / "later.yaml"
    file.write_text("patient: anna\nvisits: [{week: 13, pain: 6, disability: 13}]\n", "utf-8")
    told: dict[str, Any] = {"visits": str(file), "earlier": str(first.parent / "assimilated.nc")}
    later = newcomer.model_copy(update={**told, "next_weeks": (26.0,)})
    page = run(elsewhere(config, tmp_path, twins=later))
    printed, text = capsys.readouterr().out, visible(page.read_text("utf-8"))
    for news in (
        "Twin anna: week 13 told pain 6, disability 13",
        "Next visit of anna: disability expected at week 26 is",
    ):
        assert news in printed
        assert news in text
    assert "not needed" in printed
    table = pd.read_csv(page.parent / "next_visit.csv")
    assert set(table["measurement"]) == {"pain by pain_nrs", "disability by rmdq", "work state"}
    assert "next_visit.csv" in manifest_of(page.parent)["files"]
    # as if all had been told at once
    file.write_text(f"{ANNA}  - {{week: 13, pain: 6, disability: 13}}\n", "utf-8")
    at_once = run(
        elsewhere(config, tmp_path, twins=newcomer.model_copy(update={"visits": str(file)}))
    )
    one, other = (
        load_fit(place.parent / "assimilated.nc")["twins"].to_dataset()  # type: ignore[index]
        for place in (page, at_once)
    )
    xr.testing.assert_identical(one.drop_vars("surprise"), other.drop_vars("surprise"))
    # the run must be of the fit that they were assimilated into, and the file of people there
    with pytest.raises(InputError, match="with other settings of priors"):
        run(elsewhere(config, tmp_path, twins=later, priors=PriorChoice(name="wide")))
    with pytest.raises(InputError, match="'covariates' of anna is known already"):
        run(elsewhere(config, tmp_path, twins=later.model_copy(update={"visits": newcomer.visits})))
    for other, message in (
        (file, "cannot be read as a stored fit"),
        (results / "fit.nc", "holds no twins that were assimilated"),
    ):
        with pytest.raises(InputError, match=message):
            run(elsewhere(config, tmp_path, twins=later.model_copy(update={"earlier": str(other)})))


def test_somebody_outside_the_cohort_is_refused_unless_that_is_accepted(
    config: RunConfig, results: Path, newcomer: AssimilationSettings, tmp_path: Path
) -> None:
    file = Path(newcomer.visits)
    file.write_text(file.read_text("utf-8").replace("age: 44", "age: 440"), "utf-8")
    with pytest.raises(InputError, match="'anna' is outside the cohort: age lies"):
        run(elsewhere(config, tmp_path, twins=newcomer))
    forced = newcomer.model_copy(update={"accept_outside": True})
    page = run(elsewhere(config, tmp_path, twins=forced))
    assert "Outside the cohort: anna." in visible(page.read_text("utf-8"))
    summary = pd.read_parquet(page.parent / "twin_summary.parquet")
    assert set(summary["verdict"]) == {"outside the cohort"}


def test_nobody_is_assimilated_into_a_fit_that_is_not_there(
    config: RunConfig, newcomer: AssimilationSettings, tmp_path: Path
) -> None:
    output = Output(folder=str(tmp_path / "runs"), fits=str(tmp_path / "fits"))
    with pytest.raises(InputError, match="stored fit of cohort synthetic, and there is none"):
        run(config.model_copy(update={"output": output, "twins": newcomer}))
    assert not (tmp_path / "runs").exists()


def test_without_any_fit_people_are_assimilated_into_what_the_evidence_says(
    config: RunConfig, tmp_path: Path
) -> None:
    file = tmp_path / "people.yaml"
    file.write_text("- {patient: anna, visits: [{week: 0, pain: 7}]}\n- {patient: ben}\n", "utf-8")
    settings = {
        "cohort": None,
        "population": PopulationSettings(people=40),
        "twins": AssimilationSettings(visits=str(file), draws=40, workers=1),
        "scenario": ("usual_care", "selfback"),
    }
    page = run(elsewhere(config, tmp_path, **settings))
    text = visible(page.read_text("utf-8"))
    assert "populations drawn from published evidence; nothing was fitted" in text
    assert set(manifest_of(page.parent)["assimilated"]["people"]) == {"anna", "ben"}
