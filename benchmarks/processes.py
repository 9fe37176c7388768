"""A process of its own for each thing that is measured, and the most memory it took."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

_WATCHED_EVERY = 1.0  # seconds: adding up a process's pages takes up to a tenth of one


def run_apart(arguments: list[str], cache: Path | None) -> tuple[float, int]:
    """Run a script; return the most memory its processes held together, in GiB, and its status.

    What it says on its standard error, compilers' notes for the most part, is shown if it fails.

    Parameters
    ----------
    arguments
        The script and the arguments of its command line.
    cache
        Folder for all that compilers keep; None for where they keep it otherwise.
    """
    environment = dict(os.environ)
    if cache is not None:
        environment |= {
            "PYTENSOR_FLAGS": f"base_compiledir={cache}/pytensor",
            "NUMBA_CACHE_DIR": f"{cache}/numba",
            "XDG_CACHE_HOME": str(cache),
        }
    most = 0
    with tempfile.TemporaryFile("w+") as said:
        child = subprocess.Popen([sys.executable, *arguments], env=environment, stderr=said)
        while child.poll() is None:
            most = max(most, sum(_held(pid) for pid in _family(child.pid)))
            time.sleep(_WATCHED_EVERY)
        if child.returncode:
            said.seek(0)
            sys.stderr.write(said.read())
    return most / 2**20, child.returncode


def processor_seconds() -> float:
    """Return the processor time that this process and its children have taken so far."""
    ticks = 0
    for pid in _family(os.getpid()):
        # the name, which may hold blanks, ends with the last bracket
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])  # of the user, of the system
    return ticks / os.sysconf("SC_CLK_TCK")


def _family(pid: int) -> list[int]:
    """Return a process and all that descend from it."""
    try:
        threads = list(Path(f"/proc/{pid}/task").iterdir())
        children = [int(c) for t in threads for c in (t / "children").read_text().split()]
    except OSError:  # it has just ended
        return []
    return [pid, *(one for child in children for one in _family(child))]


def _held(pid: int) -> int:
    """Return a process's resident memory in KiB, what it shares counted once in all."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)
