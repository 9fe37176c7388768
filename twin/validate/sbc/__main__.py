"""Simulation-based calibration: are posteriors as wide, and where, as they say? Takes an hour.

Usage: python -m twin.validate.sbc [--replicates 200] [--people 40] [--chains 2] [--tune 300]
    [--draws 500] [--workers 2] [--fault none] [--folder runs/sbc]

The study can be stopped and taken up again: a replicate whose outcome is stored, made by the same
method, is not fitted again. How many workers there are changes no number. Exit status 1 where a
rank is not uniform or too many replicates fail. A fault can be planted, to see that it is found.
"""

from __future__ import annotations

import argparse
import json
import shlex
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError

from twin.fit.settings import SamplerSettings
from twin.fit.versions import versions
from twin.fit.whole import whole_file
from twin.validate.command import as_typed, count
from twin.validate.sbc.design import PEOPLE, method_hash
from twin.validate.sbc.faults import FAULTS
from twin.validate.sbc.replicate import Outcome
from twin.validate.sbc.table import table
from twin.validate.sbc.verdict import judge
from twin.validate.sbc.workers import run_replicates

SAMPLER = SamplerSettings(chains=2, tune=300, draws=500, cores=1, progress_bar=False)
"""Short: each replicate asks for some hundred effective draws, not for reportable ones."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the study and print its table; return the exit status."""
    given = _parser().parse_args(arguments)
    sampler = SAMPLER.model_copy(
        update={"chains": given.chains, "tune": given.tune, "draws": given.draws}
    )
    folder = Path(given.folder)
    folder.mkdir(parents=True, exist_ok=True)
    outcomes: dict[int, Outcome] = {}
    missing: list[int] = []
    for seed in range(1, given.replicates + 1):
        outcome = _stored(_place(folder, seed, given), given, sampler)
        if outcome is None:
            missing.append(seed)
        else:
            outcomes[seed] = outcome
    if outcomes:
        print(f"{len(outcomes)} of {given.replicates} replicates are stored", flush=True)
    since = time.perf_counter()
    found = run_replicates(missing, given.people, sampler, given.fault, given.workers)
    for done, outcome in enumerate(found, start=1):
        outcomes[outcome.seed] = outcome
        with whole_file(_place(folder, outcome.seed, given)) as beside:
            beside.write_text(outcome.model_dump_json(indent=1), "utf-8")
        left = (time.perf_counter() - since) / done * (len(missing) - done)
        print(_progress(outcome, len(outcomes), given.replicates, left), flush=True)
    ordered = [outcomes[seed] for seed in sorted(outcomes)]
    verdict = judge(ordered)
    command = shlex.join(["python", "-m", "twin.validate.sbc", *as_typed(given)])
    page = f"{command}\n\n{table(verdict, ordered)}\n"
    print(f"\n{page}", end="")
    with whole_file(folder / "sbc.txt") as beside:
        beside.write_text(page, "utf-8")
    stored = {
        "command": command,
        "seeds": [outcome.seed for outcome in ordered],
        "method": method_hash(given.people, sampler),
        "versions": dict(versions()),
        "seconds_of_replicates": round(sum(outcome.seconds for outcome in ordered)),
        "passed": verdict.passed,
        **verdict._asdict(),
    }
    with whole_file(folder / "sbc.json") as beside:
        beside.write_text(json.dumps(stored, indent=1), "utf-8")
    return 0 if verdict.passed else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m twin.validate.sbc",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--replicates", type=count, default=200, help="number of replicates; seeds 1, 2, ...")
    add("--people", type=count, default=PEOPLE, help="people in each cohort")
    add("--chains", type=count, default=SAMPLER.chains, help="chains of a fit")
    add("--tune", type=count, default=SAMPLER.tune, help="draws of a chain spent on adaptation")
    add("--draws", type=count, default=SAMPLER.draws, help="draws of a chain")
    add("--workers", type=count, default=2, help="processes, one a core")
    add("--fault", choices=list(FAULTS), default="none", help="what to plant in the generator")
    add("--folder", default="runs/sbc", help="where outcomes are kept")
    return parser


def _place(folder: Path, seed: int, given: argparse.Namespace) -> Path:
    return folder / f"seed-{seed:03}-people-{given.people}-fault-{given.fault}.json"


def _stored(place: Path, given: argparse.Namespace, sampler: SamplerSettings) -> Outcome | None:
    """Return a stored outcome, or None where there is none by this very method."""
    try:
        outcome = Outcome.model_validate_json(place.read_text("utf-8"))
    except (FileNotFoundError, ValidationError):
        return None
    return outcome if outcome.method == method_hash(given.people, sampler) else None


def _progress(outcome: Outcome, done: int, replicates: int, left: float) -> str:
    said = "converged" if outcome.converged else "DID NOT CONVERGE"
    return (
        f"replicate {done} of {replicates} (seed {outcome.seed}): {said}, worst R-hat"
        f" {outcome.rhat[1]:.3f}, ESS {outcome.ess[1]:.0f}, {outcome.divergences} divergences,"
        f" {outcome.seconds:.0f} s; about {left / 60:.0f} min left"
    )


if __name__ == "__main__":
    sys.exit(main())
