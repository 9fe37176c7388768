"""Elicit from the evidence again, and write what ships in priors/elicited.

Usage: python -m twin.elicit natural_history

``natural_history`` takes a minute.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what is asked; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m twin.elicit", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("part", choices=("natural_history",))
    parser.parse_args(arguments)
    from priors import load_evidence
    from twin.instruments import instruments

    from .elicited import FILE, write
    from .population import elicit

    write(FILE, elicit(load_evidence(instruments=instruments())))
    print(f"written: {FILE}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
