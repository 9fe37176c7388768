"""Every scenario that ships runs, prints itself, and stands in the gallery."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from conftest import ROOT

from scenarios import ScenarioLibrary
from scenarios.__main__ import main
from twin.cohort import Cohort, read_cohort
from twin.config import RunConfig
from twin.errors import InputError
from twin.fit.settings import ModelSettings
from twin.pipeline.chosen import chosen_scenarios
from twin.population.settings import PopulationSettings
from twin.preview.gallery import section
from twin.preview.preview import WEEKS, preview
from twin.preview.words import told
from twin.simulate.check import check_scenarios
from twin.simulate.prepare import prepare
from twin.simulate.settings import SimulationSettings
from twin.simulate.simulate import simulate

LIBRARY = ScenarioLibrary()
OF_ARMS = ("app", "pain_reprocessing")
SETTINGS = SimulationSettings(draws=8, progress_bar=False)
FEW = PopulationSettings(people=12, draws=16)


def test_every_scenario_that_needs_no_other_trial_runs_on_the_default_cohort(
    trial: tuple[Cohort, xr.DataTree],
) -> None:
    names = [name for name in LIBRARY.names if name != "pain_reprocessing"]
    scenarios = [LIBRARY.load(name) for name in names]
    check_scenarios(scenarios, trial[0], ModelSettings().time_grid, SETTINGS)
    prepared = prepare(*trial, scenarios, SETTINGS, seed=1)
    for chunk in simulate(prepared):
        assert np.isfinite(chunk.expected).all()
        assert chunk.care is not None
        base = names.index("usual_care")
        for place, name in enumerate(names):
            differs = (chunk.expected[place] != chunk.expected[base]).any()
            assert differs == (name not in ("usual_care", "null", "workplace"))


@pytest.mark.parametrize("name", sorted({*LIBRARY.names} - {*OF_ARMS, "usual_care"}))
def test_every_scenario_runs_on_people_from_evidence(name: str) -> None:
    found = preview(LIBRARY.load(name), LIBRARY, FEW, seed=1)
    for outcome in ("pain", "disability"):
        assert found.difference[outcome].shape == (3, len(WEEKS))
        assert np.isfinite(found.difference[outcome]).all()
    assert all(f"week {week:>2}" in told(found) for week in WEEKS)


def test_the_documented_scenario_does_all_that_it_says() -> None:
    tried = LIBRARY.load("docs/scenario.yaml")
    assert "give 0.5 times the planned dose of coach" in " ".join(str(tried).split())
    found = preview(tried, LIBRARY, FEW, seed=1)
    assert found.in_force["flare_plan"][1] == 1
    assert 0 < found.in_force["coach"].max() < 1
    assert (found.difference["disability"][0] != 0).all()


@pytest.mark.parametrize("name", OF_ARMS)
def test_what_an_arm_has_to_tell_is_not_previewed(name: str) -> None:
    with pytest.raises(InputError, match="takes its effect from an arm"):
        preview(LIBRARY.load(name), LIBRARY, FEW, seed=1)


@pytest.mark.parametrize("name", sorted({*LIBRARY.names} - {"app", "usual_care"}))
def test_every_scenario_suits_the_trial_of_pain_reprocessing(name: str, shared_data: Path) -> None:
    from hydra import compose, initialize_config_dir

    from twin.config import run_config

    with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
        composed = compose(
            "config", overrides=["cohort=ashar2022", f"scenario=[usual_care,'{name}']"]
        )
    config: RunConfig = run_config(composed)
    cohort = read_cohort(config.cohort, ROOT)  # type: ignore[arg-type]
    if not cohort.has_work and name == "workplace":
        with pytest.raises(InputError, match="no work status"):
            chosen_scenarios(config, cohort)
    else:
        assert len(chosen_scenarios(config, cohort)) == 2


# The command


def test_the_list_names_every_scenario(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in printed] == list(LIBRARY.names)


def test_one_is_printed_with_what_it_would_do_and_drawn(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    picture = tmp_path / "stepped.svg"
    arguments = ["stepped_care", "--people", "12", "--draws", "16", "--draw", str(picture)]
    assert main(arguments) == 0
    printed = capsys.readouterr().out
    assert str(LIBRARY.load("stepped_care")) in printed
    assert "week 26  pain" in printed
    assert "points of rmdq" in printed
    drawn = picture.read_text("utf-8")
    assert drawn.startswith("<svg")
    assert "Exercise therapy: at most" in drawn


def test_people_of_a_kind_are_asked_about_and_named(capsys: pytest.CaptureFixture[str]) -> None:
    few = ["--people", "12", "--draws", "16"]
    chosen = ["--population", "risk_group=[high]", "age=[40,60]", "digital_access=true"]
    assert main(["selfback", *few]) == 0
    everyone = capsys.readouterr().out
    assert main(["selfback", *few, *chosen]) == 0
    printed = capsys.readouterr().out
    assert "evidence (risk group high; age 40, 60; digital access yes), offered it" in printed
    assert printed.splitlines()[-4:] != everyone.splitlines()[-4:]


def test_a_kind_of_people_that_there_is_not_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["selfback", "--population", "risk_gruop=[high]"]) == 2
    assert "Did you mean 'risk_group'?" in capsys.readouterr().err
    assert main(["selfback", "--population", "risk_group=[hihg]"]) == 2
    assert "must be 'low', 'medium' or 'high'" in capsys.readouterr().err


def test_a_name_that_is_none_is_refused_with_the_nearest(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["steped_care"]) == 2
    assert "Did you mean 'stepped_care'?" in capsys.readouterr().err


def test_a_folder_of_ones_own_is_listed(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("{extends: selfback, title: My own}", encoding="utf-8")
    assert main(["--folder", str(tmp_path)]) == 0
    assert "My own" in capsys.readouterr().out


def test_listing_loads_nothing_heavy() -> None:
    code = (
        "import sys; from scenarios.__main__ import main; main([]); "
        "assert not {'pymc', 'matplotlib', 'jax', 'xarray'} & set(sys.modules), 'heavy'"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True)


def test_the_gallery_tells_every_scenario_as_it_is_now() -> None:
    page = (ROOT / "docs" / "scenarios.md").read_text("utf-8")
    for name in LIBRARY.names:
        assert section(LIBRARY.load(name)) in page, (
            f"{name} has changed: make the page again with python -m scenarios --gallery docs"
        )
        drawn = (ROOT / "docs" / "scenarios" / f"{name}.svg").exists()
        assert drawn == (name not in (*OF_ARMS, "usual_care"))
