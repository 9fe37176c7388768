"""Seconds, memory and verdict of the gate for the full joint model at the size of a large trial.

    python benchmarks/joint.py [--people 461] [--cores 2] [--seed 1]

Pain, disability and work, five visits, with the default cohort's covariates and clinics, by the
default sampler, in a process of its own. The sampler's own seconds are those of "sampling";
compilation is what "sampling, with compilation" has beyond them.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path

from processes import run_apart

from priors import load_prior_set
from twin.cohort.synthetic import SyntheticSettings, synthetic_cohort
from twin.fit.fit import fit_cohort, gate_report
from twin.fit.plan import FitPlan
from twin.fit.settings import FitSettings, ModelSettings, SamplerSettings

MOST_GIB = 2.0
MOST_SECONDS = 300.0
"""Of sampling on two cores: the limits that this benchmark holds the engine to."""


def fit(given: argparse.Namespace) -> None:
    """Fit, and print seconds and the gate's verdict."""
    cohort, _ = synthetic_cohort(SyntheticSettings(people=given.people), seed=given.seed)
    with tempfile.TemporaryDirectory() as folder:
        fitted = fit_cohort(
            FitPlan(
                cohort=cohort,
                model=ModelSettings(),
                priors=load_prior_set("literature"),
                sampler=SamplerSettings(cores=given.cores, progress_bar=False),
                # a fit that fails the gate is to be looked at too
                fit=FitSettings(accept_unconverged=True),
                seed=given.seed,
                folder=Path(folder),
            )
        )
    timings, statistics = json.loads(fitted.attrs["timings"]), fitted["sample_stats"]
    for stage, seconds in timings.items():
        print(f"{seconds:8.1f} s  {stage}")
    steps = float(statistics["n_steps"].mean())
    print(f"{steps:8.1f}    leapfrog steps a draw, {statistics['n_steps'].size} draws")
    print(gate_report(fitted))
    if not gate_report(fitted).passed or timings["sampling"] > MOST_SECONDS:
        sys.exit(1)


def main() -> None:
    """Run the fit apart and print the most memory it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=461)
    parser.add_argument("--cores", type=int, default=os.cpu_count())
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--fit", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.fit:
        fit(given)
        return
    memory, status = run_apart([*sys.argv, "--fit"], cache=None)
    print(f"{memory:8.2f} GiB at most (limit {MOST_GIB:g})")
    if status or memory > MOST_GIB:
        sys.exit("outside the limits, or failed")


if __name__ == "__main__":
    main()
