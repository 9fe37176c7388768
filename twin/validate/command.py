"""What the command lines of the studies have in common."""

from __future__ import annotations

import argparse


def count(text: str) -> int:
    """Read a whole number of at least 1.

    Raises
    ------
    argparse.ArgumentTypeError
        If it is smaller.
    """
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} must be at least 1")
    return number


def as_typed(given: argparse.Namespace) -> list[str]:
    """Return arguments as they would be typed, defaults included."""
    return [part for name, value in vars(given).items() for part in (f"--{name}", str(value))]
