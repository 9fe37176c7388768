"""Elicit from the evidence again, and write what ships in priors/elicited.

Usage: python -m twin.elicit natural_history
       python -m twin.elicit effects
       python -m twin.elicit trials [--replicates 400] [--only RESTORE "SPLIT, pain"]

``natural_history`` and ``effects`` take a minute each. ``trials`` writes nothing: it simulates the
published trials, prints a table of their estimates beside the published ones, and exits with status
1 where one is missed.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what is asked; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m twin.elicit", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("part", choices=("natural_history", "effects", "trials"))
    parser.add_argument("--replicates", type=int, default=400, help="trials simulated of each")
    parser.add_argument("--only", nargs="+", default=(), metavar="TRIAL", help="names in the table")
    given = parser.parse_args(arguments)
    if given.part == "natural_history":
        from priors import load_evidence
        from twin.instruments import instruments

        from .population import elicit
        from .write import POPULATION, write_population

        write_population(elicit(load_evidence(instruments=instruments())))
        print(f"written: {POPULATION}")
        return 0
    if given.part == "effects":
        from .effects import elicit_effects
        from .write import EFFECTS, write_effects

        write_effects(elicit_effects())
        print(f"written: {EFFECTS}")
        return 0
    from twin.errors import InputError

    from .trials import run_trials

    try:
        return run_trials(given.replicates, given.only)
    except InputError as error:
        print(error, file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
