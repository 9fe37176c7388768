"""Coverage study: do 90 % intervals hold the truth nine times in ten? Takes hours.

Usage: python -m twin.validate [--seeds 20] [--people 240] [--chains 4] [--draws 1000]
    [--folder runs/validate]

Truths are drawn from the priors `literature`, moderated: a draw is repeated where it makes a cohort
that nobody would run. That is where fewer than a quarter of the people screened would pass the
entry rule, where the SD of severity exceeds 0.6 at a visit, or where somebody's work status would
change more than daily. The study can be stopped and taken up again: a cohort whose outcome is
stored, made by the same method, is not fitted again. Exit status 1 where coverage fails.
"""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError

from twin.fit.settings import SamplerSettings
from twin.fit.versions import versions
from twin.fit.whole import whole_file
from twin.validate.command import as_typed, count
from twin.validate.coverage import Outcome, method_hash, study_one
from twin.validate.table import table
from twin.validate.verdict import judge


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the study and print its table; return the exit status."""
    given = _parser().parse_args(arguments)
    folder = Path(given.folder)
    sampler = SamplerSettings(chains=given.chains, draws=given.draws, progress_bar=False)
    folder.mkdir(parents=True, exist_ok=True)
    outcomes = []
    for seed in range(1, given.seeds + 1):
        place = folder / f"seed-{seed:03}-people-{given.people}.json"
        outcome = _stored(place, sampler)
        known = outcome is not None
        if outcome is None:
            outcome = study_one(seed, given.people, sampler, folder)
            with whole_file(place) as beside:
                beside.write_text(outcome.model_dump_json(indent=1), "utf-8")
        outcomes.append(outcome)
        print(_progress(outcome, given.seeds, known=known), flush=True)
    verdict = judge(outcomes)
    command = shlex.join(["python", "-m", "twin.validate", *as_typed(given)])
    provenance = {
        "command": command,
        "seeds": [outcome.seed for outcome in outcomes],
        "people": given.people,
        "method": method_hash(given.people, sampler),
        "versions": dict(versions()),
    }
    result = {"passed": verdict.passed, "literally_passed": verdict.literally_passed}
    page = f"{command}\n\n{table(verdict)}\n"
    print(f"\n{page}", end="")
    with whole_file(folder / "coverage.txt") as beside:
        beside.write_text(page + f"\n{json.dumps(provenance)}\n", "utf-8")
    with whole_file(folder / "coverage.json") as beside:
        counts = verdict._asdict()
        beside.write_text(json.dumps(provenance | result | counts, indent=1), "utf-8")
    return 0 if verdict.passed else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m twin.validate",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--seeds", type=count, default=20, help="number of cohorts; seeds 1, 2, ..."
    )
    parser.add_argument("--people", type=count, default=240, help="people in each cohort")
    usual = SamplerSettings()
    parser.add_argument("--chains", type=count, default=usual.chains, help="chains of a fit")
    parser.add_argument("--draws", type=count, default=usual.draws, help="draws of a chain")
    parser.add_argument("--folder", default="runs/validate", help="where outcomes are kept")
    return parser


def _stored(place: Path, sampler: SamplerSettings) -> Outcome | None:
    """Return a stored outcome, or None where there is none by this very method."""
    try:
        outcome = Outcome.model_validate_json(place.read_text("utf-8"))
    except (FileNotFoundError, ValidationError):
        return None
    return outcome if outcome.method == method_hash(outcome.people, sampler) else None


def _progress(outcome: Outcome, seeds: int, *, known: bool) -> str:
    inside = sum(outcome.population.values())
    persons = sum(held for held, _ in outcome.persons.values())
    people = sum(asked for _, asked in outcome.persons.values())
    gate = "converged" if outcome.converged else "FAILED ITS GATE"
    took = "stored" if known else f"{outcome.seconds:.0f} s"
    return (
        f"cohort {outcome.seed} of {seeds}: {gate}, covers {inside} of {len(outcome.population)}"
        f" population parameters and {persons / people:.1%} of person effects ({took})"
    )


if __name__ == "__main__":
    sys.exit(main())
