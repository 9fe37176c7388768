"""Print a set of priors: each parameter, what it implies in clinical units, what it rests on.

Usage: python -m priors [SET] [--without COHORT] [--list]

Exit status 2 where there is no set of that name.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from priors import load_prior_set, prior_set_names

_DEFAULT = "literature"


def main(arguments: Sequence[str] | None = None) -> int:
    """Print what is asked for and return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m priors",
        description="Print a set of priors: what each implies, and what it rests on.",
    )
    parser.add_argument("set", nargs="?", default=_DEFAULT, help=f"name of a set; {_DEFAULT}")
    parser.add_argument("--list", action="store_true", help="name the sets and stop")
    parser.add_argument(
        "--without",
        metavar="COHORT",
        action="append",
        default=[],
        help="leave out what came from this cohort, as a fit of it does",
    )
    given = parser.parse_args(arguments)
    try:
        if given.list:
            for name in prior_set_names():
                print(f"{name:<24}{load_prior_set(name).description}")
        else:
            print(load_prior_set(given.set, given.without))
        sys.stdout.flush()
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    except BrokenPipeError:  # whoever read has seen enough, as `head` has
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


if __name__ == "__main__":
    sys.exit(main())
