"""A cluster finds what threads find, byte for byte, however many workers it has or loses."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from engine_kit import BLOCK_PEOPLE, DRAWS, digest, outcomes_of, ready

from twin.engine import blocks
from twin.engine.settings import EngineSettings
from twin.errors import InputError
from twin.simulate.prepared import Prepared

distributed = pytest.importorskip("distributed")

pytestmark = [
    pytest.mark.slow,
    # of the library's own event loop and sockets, which are closed when the program ends
    pytest.mark.filterwarnings("ignore"),
]

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def prepared() -> Prepared:
    return ready()


@pytest.fixture(scope="module")
def undisturbed(prepared: Prepared) -> str:
    return digest(outcomes_of(prepared))


@pytest.fixture(autouse=True)
def _few_people_a_block(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "PERSON_DRAWS", BLOCK_PEOPLE * DRAWS)
    # workers are new programs, which find our sources as this one does
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_a_cluster_started_for_the_run_changes_no_byte(
    prepared: Prepared, undisturbed: str, workers: int
) -> None:
    engine = EngineSettings(kind="dask", workers=workers)
    assert digest(outcomes_of(prepared, engine=engine)) == undisturbed


@pytest.fixture
def cluster() -> Iterator[Any]:
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None
    ) as started:
        yield started


def test_a_worker_that_is_killed_changes_only_the_time(
    prepared: Prepared,
    undisturbed: str,
    cluster: Any,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setattr(blocks, "PERSON_DRAWS", DRAWS)  # a dozen blocks: it is hit in the middle
    store = tmp_path / "store"
    victim = next(iter(cluster.workers.values())).pid
    killed = []

    def kill() -> None:
        while not list(store.glob("*/*.npz")):
            time.sleep(0.01)
        os.kill(victim, signal.SIGKILL)
        killed.append(victim)

    assassin = threading.Thread(target=kill)
    assassin.start()
    engine = EngineSettings(kind="dask", scheduler=cluster.scheduler_address)
    found = digest(outcomes_of(prepared, store, engine=engine))
    assassin.join()
    assert killed == [victim]
    assert found == undisturbed
    # what the workers stored serves a run without them
    assert digest(outcomes_of(prepared, store)) == undisturbed


def test_a_cluster_that_is_not_there_is_refused(
    prepared: Prepared, monkeypatch: pytest.MonkeyPatch
) -> None:
    from twin.engine import cluster as ours

    monkeypatch.setattr(ours, "_PATIENCE", "1s")
    engine = EngineSettings(kind="dask", scheduler="tcp://127.0.0.1:1")
    with pytest.raises(InputError, match=r"scheduler = 'tcp://127\.0\.0\.1:1' cannot be reached"):
        outcomes_of(prepared, engine=engine)


def test_without_dask_the_way_out_is_told(
    prepared: Prepared, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(InputError, match="pip install 'backtwin\\[dask\\]'"):
        outcomes_of(prepared, engine=EngineSettings(kind="dask"))


def test_a_full_disk_of_a_worker_is_told(prepared: Prepared, tmp_path: Path) -> None:
    blocked = tmp_path / "a file, not a folder"
    blocked.write_text("")
    program = (
        "from engine_kit import *\nsmall_blocks()\nimport resource, sys\n"
        "from pathlib import Path\nif __name__ == '__main__':\n"
        "    made = ready()\n"
        "    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))\n"
        "    outcomes_of(made, Path(sys.argv[1]), engine=EngineSettings(kind='dask', workers=1))\n"
    )
    file = tmp_path / "program.py"
    file.write_text(program)
    done = subprocess.run(
        [sys.executable, str(file), str(tmp_path / "store")],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}"},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert "has no room left" in done.stderr
