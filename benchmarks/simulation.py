"""Person-weeks simulated per second, with all outcomes, as a ratio to drawing the shocks alone.

    python benchmarks/simulation.py RUN_FOLDER [--draws 1000] [--scenario usual_care app selfback]

RUN_FOLDER holds the ``fit.nc`` of a run of the default synthetic cohort. Times differ between
machines: the ratio says how far the simulator is from its lower bound, the random numbers.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import xarray as xr

from scenarios import load_scenario
from twin.cohort.synthetic import SyntheticSettings, synthetic_cohort
from twin.keyed import keyed_normals
from twin.outcomes.settings import OutcomeSettings
from twin.outcomes.summarise import summarise
from twin.simulate.prepare import prepare
from twin.simulate.settings import SimulationSettings
from twin.simulate.simulate import simulate


def main() -> None:
    """Print both times, the rate and the ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--scenario", nargs="+", default=["usual_care", "app", "selfback"])
    given = parser.parse_args()
    settings = SimulationSettings(draws=given.draws, progress_bar=False)
    cohort, _ = synthetic_cohort(SyntheticSettings(), seed=1)
    with xr.open_datatree(given.run / "fit.nc", decode_timedelta=False) as stored:
        fit = stored.load()
    scenarios = [load_scenario(name) for name in given.scenario]
    for _ in range(2):  # the first compiles
        since = time.perf_counter()
        ready = prepare(cohort, fit, scenarios, settings, seed=1)
        summarise(ready.design, simulate(ready), OutcomeSettings())
        simulated = time.perf_counter() - since
    design = ready.design
    samples = design.n_chains * design.n_draws
    shape = (len(design.weeks), samples, 2 * len(design.outcomes) + 1)
    since = time.perf_counter()
    for patient in design.patients:
        keyed_normals(1, "benchmark", [patient], shape)
    shocks = time.perf_counter() - since
    weeks = len(design.patients) * samples * (len(design.weeks) - 1) * len(design.scenarios)
    print(
        f"{weeks / 1e6:.1f} million person-weeks in {simulated:.1f} s: "
        f"{weeks / simulated / 1e6:.1f} million a second; shocks alone {shocks:.1f} s, "
        f"ratio {simulated / shocks:.1f}"
    )


if __name__ == "__main__":
    main()
