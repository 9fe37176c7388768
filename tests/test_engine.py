"""Where and in what portions people are simulated changes nothing; what was done is found again."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import replace
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from engine_kit import (
    BLOCK_PEOPLE,
    DRAWS,
    NAMES,
    digest,
    measures,
    outcomes_of,
    ready,
)

from twin.engine import blocks, job, local
from twin.engine.blocks import blocks as cut
from twin.engine.job import Job, share_twice
from twin.engine.progress import progress
from twin.engine.store import Store
from twin.outcomes.tally import Joining, Tally
from twin.simulate.part import part, under
from twin.simulate.person import simulate_person
from twin.simulate.prepared import Prepared

ROOT = Path(__file__).resolve().parents[1]
KIT = ROOT / "tests" / "engine_kit.py"
EDITED = "digital_self_management"
SECONDS = 300


@pytest.fixture(scope="module")
def prepared() -> Prepared:
    return ready()


@pytest.fixture(autouse=True)
def _few_people_a_block(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "PERSON_DRAWS", BLOCK_PEOPLE * DRAWS)


@pytest.fixture(scope="module")
def undisturbed(prepared: Prepared) -> str:
    """Hash of all outcomes of one thread, one block, nothing stored."""
    return digest(outcomes_of(prepared, at_once=1000))


# Portions


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("size", [1, 7, 1000])
def test_threads_and_chunks_change_no_byte(
    prepared: Prepared, undisturbed: str, threads: int, size: int
) -> None:
    assert digest(outcomes_of(prepared, threads=threads, at_once=size)) == undisturbed


def test_blocks_change_no_byte(
    prepared: Prepared, undisturbed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for people in (1, 5, 1000):
        monkeypatch.setattr(blocks, "PERSON_DRAWS", people * DRAWS)
        assert digest(outcomes_of(prepared)) == undisturbed


def test_a_part_simulates_as_the_whole_does(prepared: Prepared) -> None:
    own = under(part(prepared, 4, 7), {"usual_care", "stepped_care"})
    places = [NAMES.index("usual_care"), NAMES.index("stepped_care")]
    for person in (4, 6):
        whole, alone = simulate_person(prepared, person), simulate_person(own, person - 4)
        np.testing.assert_array_equal(whole.expected[places], alone.expected)
        np.testing.assert_array_equal(whole.recorded[places], alone.recorded)
        np.testing.assert_array_equal(whole.work[places], alone.work)


def test_neighbours_are_joined_in_any_order_and_strangers_refused() -> None:
    parts = [
        Tally(at, 2, {"n": np.array([at])}, {"who": np.array([at, at + 1])}) for at in (3, 5, 7)
    ]
    for order in permutations(parts):
        joining = Joining()
        for one in order:
            joining.add(one)
        found = joining.tally()
        assert (found.first, found.people, found.sums["n"].tolist()) == (3, 6, [15])
        assert found.rows["who"].tolist() == [3, 4, 5, 6, 7, 8]
    joining = Joining()
    for one in (parts[0], parts[2]):
        joining.add(one)
    with pytest.raises(ValueError, match="people 3 to 4 and those from 7 on"):
        joining.tally()


def test_blocks_hold_everybody_once() -> None:
    for people, draws in ((1, 10**9), (700, 1000), (5, 1)):
        found = [person for block in cut(people, draws) for person in block]
        assert found == list(range(people))


def test_about_as_many_people_are_simulated_twice_as_are_needed() -> None:
    for people in (1, 40, 240, 100_000):
        assert min(people, 32) <= people * share_twice(people) < 64


# Names of results


def keys(prepared: Prepared, **change: Any) -> dict[str, str]:
    whole = Job.of(prepared, measures(prepared))
    return replace(whole.block(range(2, 5)), **change).keys()


def test_a_name_depends_on_all_that_counts_and_on_nothing_else(prepared: Prepared) -> None:
    before = keys(prepared)
    assert keys(prepared) == before
    assert len(set(before.values())) == len(NAMES)
    # who else is there, and which other scenarios, does not count
    few = under(part(prepared, 2, 5), {"usual_care", "app"})
    alone = replace(Job.of(few, measures(few)), twice=share_twice(12))
    assert alone.keys() == {name: before[name] for name in ("usual_care", "app")}
    # a person's twin, a seed and a level do
    start = prepared.twins["start"].copy()
    start[3, 0, 0] += 1e-12
    others = [
        replace(prepared, twins={**prepared.twins, "start": start}),
        replace(prepared, seed=prepared.seed + 1),
        replace(prepared, noise=prepared.noise._replace(flare_sd=2 * prepared.noise.flare_sd)),
    ]
    for other in others:
        assert not set(keys(other).values()) & set(before.values())
    level = measures(prepared)
    level = replace(level, settings=level.settings.model_copy(update={"level": 0.8}))
    assert not set(keys(prepared, measures=level).values()) & set(before.values())
    # outside the block it does not
    start = prepared.twins["start"].copy()
    start[9] += 1
    assert keys(replace(prepared, twins={**prepared.twins, "start": start})) == before


def test_a_name_depends_on_the_code(prepared: Prepared, monkeypatch: pytest.MonkeyPatch) -> None:
    before = keys(prepared)
    monkeypatch.setattr(job, "_code", lambda: "another")
    assert not set(keys(prepared).values()) & set(before.values())


# What is stored


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, tuple[str, ...]]]:
    """First person and scenarios of each job that is computed and not found."""
    seen: list[tuple[int, tuple[str, ...]]] = []
    threaded = local.threaded

    def noted(own: Job, *how: int) -> Any:
        seen.append((own.first, own.prepared.design.scenarios))
        return threaded(own, *how)

    monkeypatch.setattr(local, "threaded", noted)
    return seen


def test_what_is_stored_is_found_again(
    prepared: Prepared, undisturbed: str, tmp_path: Path, computed: list[Any]
) -> None:
    assert digest(outcomes_of(prepared, tmp_path)) == undisturbed
    assert [first for first, _ in computed] == [0, 3, 6, 9]
    computed.clear()
    assert digest(outcomes_of(prepared, tmp_path)) == undisturbed
    assert computed == []


def test_an_edited_scenario_alone_is_computed_again(
    prepared: Prepared, tmp_path: Path, computed: list[Any]
) -> None:
    outcomes_of(prepared, tmp_path)
    computed.clear()
    edited = ready(change={EDITED: {"uptake": {"mean": 0.4}}})
    found = outcomes_of(edited, tmp_path)
    # beside the comparator, for the pairs
    assert {names for _, names in computed} == {("usual_care", EDITED)}
    assert digest(found) == digest(outcomes_of(edited))
    before = outcomes_of(prepared).cohort["expected_score"]
    moved = (found.cohort["expected_score"] != before).any(("chain", "draw", "week", "outcome"))
    assert moved.to_series().to_dict() == {name: name == EDITED for name in NAMES}


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "words"])
def test_a_damaged_file_is_computed_again(
    prepared: Prepared, undisturbed: str, tmp_path: Path, damage: str
) -> None:
    outcomes_of(prepared, tmp_path)
    for file in tmp_path.glob("*/*.npz"):
        content = bytearray(file.read_bytes())
        if damage == "flipped":
            content[len(content) // 2] ^= 0xFF
        kept = {"cut": content[: len(content) // 2], "empty": b"", "words": b"not an archive"}
        file.write_bytes(bytes(kept.get(damage, content)))
    assert digest(outcomes_of(prepared, tmp_path)) == undisturbed
    assert digest(outcomes_of(prepared, tmp_path)) == undisturbed


def test_the_files_used_longest_ago_are_swept_first(tmp_path: Path) -> None:
    store = Store(tmp_path)
    tally = Tally(0, 1, {"n": np.arange(1000)}, {})
    names = [f"{number:02d}key" for number in range(4)]
    for age, name in enumerate(names):
        store.save(name, tally)
        os.utime(store.path(name), (age, age))
    size = store.path(names[0]).stat().st_size
    assert store.load(names[0], 0) is not None  # used now, so that it goes last
    store.sweep(2 * size)
    assert [store.path(name).exists() for name in names] == [True, False, False, True]


# Faults


def started(folder: Path, result: Path, first: str = "") -> subprocess.Popen[str]:
    """Start the program, a line of Python before everything else."""
    script = f"{first}\nimport runpy, sys\nrunpy.run_path(sys.argv.pop(1), run_name='__main__')"
    return subprocess.Popen(
        [sys.executable, "-c", script, str(KIT), str(folder), str(result)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{KIT.parent}"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def begun(running: subprocess.Popen[str]) -> None:
    assert running.stdout is not None
    assert running.stdout.readline() == "simulating\n"


def killed_and_resumed(tmp_path: Path, kills: int, seed: int) -> tuple[str, int]:
    """Kill a run at random moments, go on each time; return its hash, and how often it was hit."""
    result, folder = tmp_path / "result", tmp_path / "store"
    with started(tmp_path / "other", tmp_path / "undisturbed") as whole:
        begun(whole)
        since = time.monotonic()
        assert whole.wait(SECONDS) == 0
    lasts = time.monotonic() - since
    moments, hits = random.Random(seed), 0
    for _ in range(kills):
        with started(folder, result) as running:
            begun(running)
            time.sleep(moments.uniform(0, lasts))
            running.kill()
            hits += running.wait(SECONDS) == -signal.SIGKILL
        if result.exists():  # it was done before: begin again
            assert result.read_text() == (tmp_path / "undisturbed").read_text()
            result.unlink()
            for file in folder.glob("*/*.npz"):
                file.unlink()
    with started(folder, result) as running:
        assert running.wait(SECONDS) == 0
    assert not list(folder.glob("*/.*"))  # what a killed writer left is swept, or never was
    assert result.read_text() == (tmp_path / "undisturbed").read_text()
    return result.read_text(), hits


@pytest.mark.slow
def test_a_killed_run_goes_on_and_ends_with_the_same_bytes(
    tmp_path: Path, undisturbed: str
) -> None:
    found, hits = killed_and_resumed(tmp_path, kills=3, seed=1)
    assert found == undisturbed
    assert hits >= 1


@pytest.mark.validate
def test_twenty_kills_change_nothing(tmp_path: Path, undisturbed: str) -> None:
    found, hits = killed_and_resumed(tmp_path, kills=20, seed=2)
    assert found == undisturbed
    assert hits >= 10


@pytest.mark.slow
def test_two_programs_share_a_folder(tmp_path: Path, undisturbed: str) -> None:
    results = [tmp_path / "one", tmp_path / "two"]
    one, two = (started(tmp_path / "store", result) for result in results)
    with one, two:
        assert [one.wait(SECONDS), two.wait(SECONDS)] == [0, 0]
    assert [result.read_text() for result in results] == [undisturbed, undisturbed]
    stored = len(list((tmp_path / "store").glob("*/*.npz")))
    assert stored == len(NAMES) * len(list(cut(12, DRAWS)))


@pytest.mark.slow
def test_a_full_disk_is_told_and_what_was_stored_serves_the_next_run(
    prepared: Prepared, undisturbed: str, tmp_path: Path, computed: list[Any]
) -> None:
    folder = tmp_path / "store"
    outcomes_of(under(part(prepared, 0, 3), set(NAMES)), folder)
    before = {file: file.read_bytes() for file in folder.glob("*/*.npz")}
    smallest = min(map(len, before.values()))

    limits = f"({smallest // 2}, {smallest // 2})"
    no_room = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, {limits})"
    with started(folder, tmp_path / "result", no_room) as running:
        _, errors = running.communicate(timeout=SECONDS)
    assert running.returncode != 0
    assert f"InputError: {folder}: has no room left" in errors.strip().splitlines()[-1]
    assert {file: file.read_bytes() for file in folder.rglob("*.npz")} == before
    assert not list(folder.rglob("*.part"))
    assert digest(outcomes_of(prepared, folder)) == undisturbed


# Progress


def test_progress_is_quiet_unless_somebody_looks_on(capsys: pytest.CaptureFixture[str]) -> None:
    with progress(10, shown=True) as done:
        done(5)
    assert capsys.readouterr().out == ""


def test_progress_tells_people_rate_and_time_left() -> None:
    from io import StringIO

    from rich.console import Console

    console = Console(file=StringIO(), force_terminal=True, width=120)
    with progress(1000, shown=True, console=console) as done:
        for _ in range(5):
            done(100)
            time.sleep(0.15)
    assert isinstance(console.file, StringIO)
    told = console.file.getvalue()
    assert "500/1000" in told
    assert "a second" in told
    assert "0:00:0" in told
