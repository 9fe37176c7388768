"""What an effect rests on, in the words that every page and file uses."""

from __future__ import annotations

from collections.abc import Iterable

ESTIMATED = "estimated"
SYNTHETIC = "estimated (synthetic)"
LABELS = (ESTIMATED, SYNTHETIC, "borrowed", "assumed")


def label(name: str, synthetic: bool) -> str:
    """Return a label as it is shown: what was learnt from generated people says so."""
    return SYNTHETIC if synthetic and name == ESTIMATED else name


def joint_label(names: Iterable[str], synthetic: bool) -> str:
    """Return the labels of a scenario's effects as one, each once, in the order of `LABELS`.

    Examples
    --------
    >>> joint_label(["assumed", "estimated", "assumed"], synthetic=True)
    'estimated (synthetic), assumed'
    """
    shown = {label(name, synthetic) for name in names}
    return ", ".join(name for name in LABELS if name in shown)
