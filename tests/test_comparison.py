"""Runs side by side, against tables written by hand."""

import re
import runpy
import sys
from pathlib import Path

import pytest

from twin import pipeline
from twin.config import RunConfig
from twin.pipeline.comparison import compare, compared, comparison, told_apart

ROOT = Path(__file__).resolve().parents[1]
HEAD = (
    "scenario,comparator,quantity,outcome,detail,week,unit,mean,lower,upper,level,"
    "mcse_mean,mcse_lower,mcse_upper,probability_better,people,label\n"
)
ROW = (
    "app,usual_care,expected_score,{outcome},,26,points,"
    "{mean},{lower},{upper},0.9,{mcse},0,0,1,9,x\n"
)


def run(folder: Path, *rows: str) -> Path:
    """Write what a run leaves behind of its contrasts and return the path of its report."""
    folder.mkdir(parents=True)
    (folder / "contrasts.csv").write_text(HEAD + "".join(rows), "utf-8")
    return folder / "report.html"


def row(outcome: str, mean: float, half: float, mcse: float) -> str:
    return ROW.format(outcome=outcome, mean=mean, lower=mean - half, upper=mean + half, mcse=mcse)


@pytest.fixture
def runs(tmp_path: Path) -> list[tuple[list[str], Path]]:
    pain, more = row("pain", -1.0, 0.5, 0.03), row("disability", -2.0, 1.0, 0.1)
    other = row("disability", -1.5, 2.0, 0.1), row("pain", -1.1, 0.5, 0.04)
    return [
        (["priors=literature", "seed=2"], run(tmp_path / "runs" / "a", pain, more)),
        (["priors=wide", "seed=2"], run(tmp_path / "runs" / "b", *other)),
    ]


def test_a_run_is_named_by_what_was_not_chosen_for_all() -> None:
    assert told_apart([["a=1", "b=2", "c=3"], ["a=1", "b=3", "c=4"]]) == ["b=2 c=3", "b=3 c=4"]


def test_every_contrast_has_each_run_s_estimate_and_how_far_it_moves(
    runs: list[tuple[list[str], Path]],
) -> None:
    table = compared({name: report.parent for name, (_, report) in zip("ab", runs, strict=True)})
    assert list(table["run"]) == ["a", "b", "a", "b"]
    assert list(table["outcome"]) == ["pain", "pain", "disability", "disability"]
    assert table["mean"].tolist() == [-1.0, -1.1, -2.0, -1.5]
    assert table["moved"].tolist() == pytest.approx([0, -0.1, 0, 0.5])
    # two independent simulations: their errors add as squares, 3-4-5
    assert table["mcse_moved"].tolist() == pytest.approx([0, 0.05, 0, 0.1 * 2**0.5])


def test_what_is_printed_holds_intervals_and_the_largest_move_beside_them(
    runs: list[tuple[list[str], Path]],
) -> None:
    said = compare(runs)
    assert "app, week 26, expected pain, points" in said
    assert "priors=literature   -1.00 [-1.50, -0.50]\n" in said
    assert "priors=wide         -1.10 [-1.60, -0.60]   -0.10 ± 0.05\n" in said
    # half a point on intervals of 1 (the first) and 2 (the other) to either side
    assert "The most: app, week 26, expected disability, points, by 25% of half" in said
    (written,) = runs[0][1].parent.parent.glob("comparison-*.csv")
    assert said.endswith(str(written))
    assert len(written.read_text("utf-8").splitlines()) == 1 + 4


def test_a_page_shows_each_run_s_estimate_beside_the_others(
    runs: list[tuple[list[str], Path]],
) -> None:
    compare(runs)
    (page,) = runs[0][1].parent.parent.glob("comparison-*.html")
    shown = page.read_text("utf-8")
    drawn = [
        "priors=literature −1.00 (−1.50 to −0.50); priors=wide −1.10 (−1.60 to −0.60)",
        "priors=literature −2.00 (−3.00 to −1.00); priors=wide −1.50 (−3.50 to 0.50)",
    ]
    assert re.findall(r"app, week 26: ([^\"]*)\.\"", shown) == drawn
    assert shown.count("<svg") == 2


def test_what_is_zero_under_every_choice_is_not_told(tmp_path: Path) -> None:
    none, some = row("pain", 0.0, 0.0, 0.0), row("disability", 0.0, 1.0, 0.1)
    folders = {name: run(tmp_path / name, none, some).parent for name in "ab"}
    said = comparison(compared(folders))
    assert "expected disability" in said
    assert "expected pain" not in said


def test_runs_without_a_contrast_in_common_say_so(tmp_path: Path) -> None:
    folders = {
        "a": run(tmp_path / "a", row("pain", -1.0, 0.5, 0.03)).parent,
        "b": run(tmp_path / "b", row("headache", -1.0, 0.5, 0.03)).parent,
    }
    assert comparison(compared(folders)).startswith("These runs have no contrast in common")


def swept(monkeypatch: pytest.MonkeyPatch, folder: Path, *arguments: str) -> int:
    """Start the program in a folder, with runs that only leave their contrasts behind."""

    def fake(config: RunConfig) -> Path:
        wide = config.priors.name == "wide"
        return run(folder / "runs" / config.priors.name, row("pain", -1.0 + 0.2 * wide, 0.5, 0.03))

    monkeypatch.chdir(folder)
    monkeypatch.setattr(pipeline, "run", fake)
    monkeypatch.setenv("HYDRA_FULL_ERROR", "")  # the program sets it: put it back afterwards
    monkeypatch.setattr(sys, "argv", ["run_simulation.py", *arguments])
    with pytest.raises(SystemExit) as left:
        runpy.run_path(str(ROOT / "run_simulation.py"), run_name="__main__")
    return left.value.code  # type: ignore[return-value]


def test_a_sweep_over_priors_ends_with_how_far_each_contrast_moves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert swept(monkeypatch, tmp_path, "-m", "priors=literature,wide") == 0
    said = capsys.readouterr().out
    assert "priors=wide         -0.80 [-1.30, -0.30]   0.20 ± 0.04\n" in said


def test_a_single_run_is_compared_with_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert swept(monkeypatch, tmp_path, "priors=wide") == 0
    assert "move" not in capsys.readouterr().out
