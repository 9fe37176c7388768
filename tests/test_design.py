"""A design of experiments covers every field's range in as many runs as are asked for."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT

from twin.config.design import designed
from twin.errors import InputError

UPTAKE, START = "++scenarios.selfback.uptake.mean", "++scenarios.selfback.schedule.start_week"


def columns(*arguments: str) -> dict[str, list[str]]:
    """Return the values of each field, run by run."""
    runs = [dict(one.split("=", 1) for one in run) for run in designed(arguments)]
    return {key: [run[key] for run in runs] for key in runs[0]}


def test_each_run_takes_another_part_of_every_range() -> None:
    found = columns("design=10", f"{UPTAKE}=interval(0.2,0.7)", f"{START}=interval(0,30)")
    for key, wanted in ((UPTAKE, np.arange(0.225, 0.7, 0.05)), (START, np.arange(1.5, 30, 3))):
        np.testing.assert_allclose(sorted(map(float, found[key])), wanted)
    # in an order of its own
    assert np.argsort(found[UPTAKE]).tolist() != np.argsort(found[START]).tolist()


def test_whole_numbers_and_choices_come_equally_often() -> None:
    found = columns("-m", "design=12", "a=int(interval(1,4))", "b=x,y,z", "scenario=[u,a],[u,b]")
    assert sorted(found["a"]) == sorted(list("1234") * 3)
    assert sorted(found["b"]) == sorted(list("xyz") * 4)
    assert sorted(found["scenario"]) == ["[u,a]"] * 6 + ["[u,b]"] * 6
    assert set(found) == {"a", "b", "scenario"}  # without -m: every run is one


def test_one_field_more_leaves_the_others_as_they_were_and_a_seed_deals_anew() -> None:
    alone = columns("design=9", "a=interval(0,1)", "seed=4")
    both = columns("design=9", "b=interval(0,1)", "a=interval(0,1)", "seed=4")
    assert both["a"] == alone["a"]
    assert both["seed"] == ["4"] * 9
    assert columns("design=9", "a=interval(0,1)", "seed=5")["a"] != alone["a"]


def test_without_a_design_arguments_are_what_they_were() -> None:
    arguments = ["-m", "seed=1,2", "scenario=[usual_care,app]"]
    assert designed(arguments) == [arguments]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["design=1", "a=1,2"], "design = 1 must be a whole number of runs, at least 2"),
        (["design=few", "a=1,2"], "design = 'few' must be a whole number of runs"),
        (["design=4", "seed=3"], "'design' has nothing to vary. Give ranges, such as"),
        (["a=interval(0,1)"], "'a' is a range: say in how many runs it is to be tried. Add design"),
    ],
)
def test_a_design_that_cannot_be_meant_is_refused(arguments: list[str], says: str) -> None:
    with pytest.raises(InputError) as refused:
        designed(arguments)
    assert says in str(refused.value)


def started(tmp_path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Start the program with a run that says what it was given."""
    program = (
        "import sys, runpy, twin.pipeline.comparison\n"
        "def run(config):\n"
        "    print('ran', config.seed, dict(config.scenarios))\n"
        "twin.pipeline.run = run\n"
        "twin.pipeline.comparison.compare = lambda runs: f'compared {len(runs)}'\n"
        "sys.argv.pop(0); runpy.run_path(sys.argv[0], run_name='__main__')"
    )
    return subprocess.run(
        [sys.executable, "-c", program, str(ROOT / "run_simulation.py"), *arguments],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_run_of_a_design_is_made_and_all_are_compared(tmp_path: Path) -> None:
    field = "scenarios.selfback.uptake.mean"
    done = started(tmp_path, "design=3", "seed=2", f"{field}=interval(0.2,0.8)")
    assert done.returncode == 0, done.stderr
    *ran, compared = [line for line in done.stdout.splitlines() if not line.startswith("Report")]
    values = sorted(float(line.split("'mean': ")[1].rstrip("}")) for line in ran)
    assert values == pytest.approx([0.3, 0.5, 0.7])
    assert compared == "compared 3"


def test_a_range_without_a_design_ends_with_one_clear_message(tmp_path: Path) -> None:
    done = started(tmp_path, "scenarios.selfback.uptake.mean=interval(0.2,0.8)")
    assert done.returncode == 2
    assert "Add design=8." in done.stderr
    assert "Traceback" not in done.stderr
