"""Memory is foretold within a quarter of what is taken, and what does not fit is refused."""

from __future__ import annotations

import importlib.util
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from twin.engine import memory
from twin.engine.memory import MB, Memory, Size, half_of_free, held_now
from twin.errors import InputError

SIZE = Size(people=240, draws=1000, weeks=53, outcomes=2, scenarios=4, drawn=4000)
AMPLE = 2**40
ROOT = Path(__file__).resolve().parents[1]


def room(limit: int, size: Size = SIZE, threads: int = 2) -> memory.Room:
    return Memory(size, 0, limit, threads).room(size.draws)


def test_with_ample_memory_all_threads_work() -> None:
    found = room(AMPLE)
    assert found.threads == 2
    assert found.needed < AMPLE


def test_threads_give_way_to_a_limit() -> None:
    ample, least = room(AMPLE, threads=4).needed, memory.needed(SIZE, 0, threads=1)
    rooms = [room(int(limit), threads=4) for limit in np.linspace(ample, least, 40)]
    assert all(one.needed <= one.limit for one in rooms)
    assert list(dict.fromkeys(one.threads for one in rooms)) == [4, 3, 2, 1]


def test_what_does_not_fit_is_refused_with_what_would() -> None:
    limit = room(AMPLE, replace(SIZE, draws=100), threads=1).needed
    with pytest.raises(InputError) as refused:
        room(limit)
    told = str(refused.value)
    assert f"simulation.memory_mb = {limit // MB} is not enough" in told
    draws = int(told.split("simulation.draws=")[1].split(maxsplit=1)[0])
    assert room(limit, replace(SIZE, draws=draws)).needed <= limit
    more = int(told.split("allow more with simulation.memory_mb=")[1].split(",", maxsplit=1)[0])
    assert room(more * MB).needed <= more * MB
    with pytest.raises(InputError):  # no more is asked for than it takes
        room((more - 1) * MB)


def test_where_fewer_draws_do_not_help_none_are_proposed() -> None:
    with pytest.raises(InputError) as refused:
        room(16 * MB)
    assert "simulation.draws" not in str(refused.value)
    assert "simulate fewer people" in str(refused.value)


def test_the_system_tells_what_is_held_and_free() -> None:
    held = held_now()
    assert 10 * MB < held < 2**36
    assert half_of_free() > held
    kept = bytearray(os.urandom(1)) * (64 * MB)  # written to, so that it is really held
    assert 60 * MB < held_now() - held < 80 * MB
    del kept


def test_a_limit_of_the_programs_group_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "memory.max").write_text(f"{300 * MB}\n")
    (tmp_path / "memory.current").write_text(f"{100 * MB}\n")
    monkeypatch.setattr(memory, "_CGROUP", tmp_path)
    assert half_of_free() - held_now() < 101 * MB
    (tmp_path / "memory.max").write_text("max\n")
    assert half_of_free() - held_now() > 101 * MB


@pytest.mark.slow
@pytest.mark.parametrize(("people", "draws", "scenarios"), [(60, 200, 2), (40, 1000, 4)])
def test_what_is_foretold_is_within_a_quarter_of_what_is_taken(
    people: int, draws: int, scenarios: int
) -> None:
    foretold, peak = benchmark().measured(people, draws, scenarios, threads=2)
    assert foretold / peak == pytest.approx(1, abs=0.25)


def benchmark() -> Any:
    spec = importlib.util.spec_from_file_location("memory", ROOT / "benchmarks" / "memory.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
