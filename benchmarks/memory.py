"""Memory of a simulation as it is foretold, and as it is measured.

    python benchmarks/memory.py [--people 60 400] [--draws 200 1000] [--scenarios 2 4] [--threads 2]

People are drawn from published evidence, and each size is simulated by a program of its own, which
prints what was foretold before anything large was there, and its peak. The ratio says how good the
constants of `twin.engine.memory` are on this machine.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from itertools import product
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
NAMES = ("usual_care", "selfback", "exercise", "workplace", "digital_self_management")
_KB = 1024


def main() -> None:
    """Print a line for each size."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name, default in (
        *(("people", [60, 400]), ("draws", [200, 1000])),
        *(("scenarios", [2, 4]), ("threads", [2])),
    ):
        parser.add_argument(f"--{name}", nargs="+", type=int, default=default)
    given = parser.parse_args()
    for size in product(given.people, given.draws, given.scenarios, given.threads):
        foretold, peak = measured(*size)
        people, draws, scenarios, threads = size
        print(
            f"{people:>6} people x {draws:>4} draws x {scenarios} scenarios, {threads} threads: "
            f"foretold {foretold / 2**20:>5.0f} MiB, measured {peak / 2**20:>5.0f} MiB, "
            f"ratio {foretold / peak:.2f}",
            flush=True,
        )


def measured(people: int, draws: int, scenarios: int, threads: int) -> tuple[int, int]:
    """Return bytes foretold and measured, of a program that simulates."""
    done = subprocess.run(
        [sys.executable, __file__, "--one", *map(str, (people, draws, scenarios, threads))],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    foretold, peak = done.stdout.split()[-2:]
    return int(foretold), int(peak)


def one(people: int, draws: int, scenarios: int, threads: int) -> None:
    """Simulate, and print bytes foretold and the peak."""
    from tempfile import TemporaryDirectory

    from twin.engine.memory import Memory, Size, held_now
    from twin.engine.settings import EngineSettings
    from twin.engine.simulated import simulated
    from twin.engine.store import Store

    size = Size(people, draws, 53, 2, scenarios, draws, from_evidence=True)
    room = Memory(size, held_now(), 2**50, threads).room(draws)

    from priors import load_evidence, load_prior_set
    from scenarios import load_scenario
    from twin.export.netcdf import write_netcdf
    from twin.fit.settings import ModelSettings
    from twin.instruments import instruments
    from twin.outcomes.measures import Measures
    from twin.outcomes.settings import OutcomeSettings
    from twin.outcomes.table import contrasts
    from twin.pipeline import outputs  # noqa: F401  whatever a run loads
    from twin.population.cohort import evidence_cohort
    from twin.population.draw import draw_twins
    from twin.population.settings import PopulationSettings
    from twin.simulate.prepare import prepare
    from twin.simulate.settings import SimulationSettings

    cohort = evidence_cohort(
        PopulationSettings(people=people, draws=draws), load_evidence(instruments=instruments()), 1
    )
    priors = load_prior_set("literature").of_outcomes(tuple(cohort.outcomes))
    twins = draw_twins(cohort, ModelSettings(), priors, draws, 1)
    chosen = [load_scenario(name) for name in NAMES[:scenarios]]
    prepared = prepare(cohort, twins, chosen, SimulationSettings(draws=draws), 1)
    measures = Measures.of(prepared.design, OutcomeSettings())
    with TemporaryDirectory() as folder:
        outcomes = simulated(
            prepared,
            measures,
            store=Store(Path(folder)),
            engine=EngineSettings(),
            threads=room.threads,
            progress_bar=False,
        ).outcomes()
        contrasts(outcomes, {})
        write_netcdf(outcomes.trajectories, {}, Path(folder) / "trajectories.nc")
    peak = _peak()
    print(room.needed, peak)


def _peak() -> int:
    """Most bytes that this program has held: `ru_maxrss` counts its parent before it, too."""
    status = Path("/proc/self/status").read_text("ascii")
    return int(status.split("VmHWM:")[1].split(maxsplit=1)[0]) * _KB


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        one(*map(int, sys.argv[2:]))
    else:
        main()
