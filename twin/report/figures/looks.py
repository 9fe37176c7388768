"""Colours, lines and markers: told apart without colour too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

INK = "#1f2a37"
MUTED = "#5b6776"
GRID = "#e3e7ec"

# Okabe and Ito's palette, made to be told apart with any colour vision. Its yellow is left out
# of the lines: it is too pale on white.
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
_DASHES = ("-", (0, (7, 2)), (0, (7, 2, 1.5, 2)), (0, (3, 1.5)), "-", (0, (7, 2)))
_MARKERS = ("o", "s", "^", "D", "v", "P")
_REFERENCE = "#4a4a4a"

STATE_FILLS = {
    "working": ("#0072B2", ""),
    "restricted": ("#56B4E9", ""),
    "sick_listed": ("#E69F00", "///"),
    "permanently_out": ("#333333", ""),
}
"""Fill and hatching of each work state; blue is at work."""


@dataclass(frozen=True)
class Look:
    """Colour, dash and marker of a scenario, an arm or a chain."""

    colour: str
    dash: str | tuple[float, tuple[float, ...]]
    marker: str


def looks(names: Sequence[str], reference: str | None = None) -> dict[str, Look]:
    """Return a look for each name; the reference is grey and dotted."""
    others = [name for name in names if name != reference]
    found = {
        name: Look(
            _COLOURS[i % len(_COLOURS)], _DASHES[i % len(_DASHES)], _MARKERS[i % len(_MARKERS)]
        )
        for i, name in enumerate(others)
    }
    if reference is not None:
        found[reference] = Look(_REFERENCE, (0, (1, 1.4)), "X")
    return found
