"""Write elicited distributions: ``python -m twin.elicit natural_history``."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path

from priors import load_evidence
from twin.instruments import instruments

from .elicited import POPULATION, write
from .population import elicit

_FOLDER = Path(__file__).resolve().parents[2] / "priors" / "elicited"


def natural_history() -> Path:
    """Elicit people and their course from the evidence; return the file written."""
    path = _FOLDER / f"{POPULATION}.yaml"
    write(path, elicit(load_evidence(instruments=instruments())))
    return path


PARTS: Mapping[str, Callable[[], Path]] = {"natural_history": natural_history}


def main() -> None:
    """Write the part that is asked for."""
    parser = argparse.ArgumentParser(prog="python -m twin.elicit", description=__doc__)
    parser.add_argument("part", choices=list(PARTS), help="what to elicit")
    print(f"written: {PARTS[parser.parse_args().part]()}")


if __name__ == "__main__":
    main()
