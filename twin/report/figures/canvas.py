"""An empty figure in the house style, and a finished one as SVG for the page."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
from markupsafe import Markup, escape
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .looks import GRID, INK, MUTED

WIDTH = 340.0
"""Width of a figure, points: about that of a phone, so that its text keeps its size there."""

_POINTS_PER_INCH = 72

# Any: matplotlib's settings are typed by a list of all their names
_STYLE: Any = {
    "font.family": "sans-serif",
    # comes with matplotlib and is wider than what pages are read with: labels fit everywhere
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 12.0,
    "axes.labelsize": 12.0,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "hatch.linewidth": 1.4,
    "lines.linewidth": 2.0,
    "text.color": INK,
    "text.parse_math": False,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.labelsize": 11.5,
    "ytick.labelsize": 11.5,
    # the same figure is the same bytes
    "svg.hashsalt": "twin.report",
    "svg.fonttype": "none",
}
_NO_METADATA = dict.fromkeys(("Creator", "Date", "Format", "Type"))


@contextmanager
def house_style() -> Iterator[None]:
    """Draw in the house style inside the block, whatever the user's own settings are."""
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(_STYLE)
        yield


def panel(height: float, width: float = WIDTH) -> tuple[Figure, Axes]:
    """Return a figure of a size in points, with one set of axes."""
    size = (width / _POINTS_PER_INCH, height / _POINTS_PER_INCH)
    figure = Figure(figsize=size, layout="constrained")
    return figure, figure.subplots()


def heading(axes: Axes, text: str) -> None:
    """Write what the vertical axis is above it, where it is read without turning the head."""
    axes.set_title(text, loc="left", fontsize=11.5, color=MUTED, pad=8)


def apart(positions: list[float], least: float) -> list[float]:
    """Return positions moved up and down until neighbours are so far apart; order is kept."""
    order = sorted(range(len(positions)), key=lambda i: positions[i])
    placed = [positions[i] for i in order]
    for _ in range(len(placed) * 20):
        crowded = [
            (i, least - (placed[i + 1] - placed[i]))
            for i in range(len(placed) - 1)
            if placed[i + 1] - placed[i] < least - 1e-9
        ]
        if not crowded:
            break
        for i, lack in crowded:
            placed[i] -= lack / 2
            placed[i + 1] += lack / 2
    found = [0.0] * len(positions)
    for i, position in zip(order, placed, strict=True):
        found[i] = position
    return found


def svg(figure: Figure, name: str, alt: str) -> Markup:
    """Return a figure as SVG to stand inside HTML.

    Parameters
    ----------
    figure
        Finished figure.
    name
        Unique in the page: ids inside the picture begin with it.
    alt
        What the figure shows, in words, for who cannot see it.
    """
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata=_NO_METADATA, transparent=True)
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>\s*", "", text, flags=re.DOTALL)
    # its one style rule is in the page's own sheet, where it touches nothing else
    text = re.sub(r"<style[^>]*>.*?</style>", "", text, flags=re.DOTALL)
    text = re.sub(r"<defs>\s*</defs>\s*", "", text)
    text = re.sub(r"<!--.*?-->\s*", "", text, flags=re.DOTALL)
    text = text.replace("'DejaVu Sans', sans-serif", "inherit").replace("'DejaVu Sans'", "inherit")
    text = _own_ids(text, name)
    box = re.search(r'viewBox="[^"]*"', text)
    assert box is not None  # matplotlib always writes one
    head = f'<svg {box[0]} role="img" aria-label="{escape(alt)}">'
    return Markup(head + text[text.index(">") + 1 :].strip())


def _own_ids(text: str, name: str) -> str:
    """Drop ids that nothing refers to; begin the others with the figure's name."""
    used = set(re.findall(r'(?:href="#|url\(#)([^")]+)', text))
    prefix = re.sub(r"[^A-Za-z0-9-]", "-", name)

    def kept(match: re.Match[str]) -> str:
        return f' id="{prefix}-{match[1]}"' if match[1] in used else ""

    text = re.sub(r' id="([^"]*)"', kept, text)
    text = re.sub(r'href="#([^"]+)"', rf'href="#{prefix}-\1"', text)
    return re.sub(r"url\(#([^)]+)\)", rf"url(#{prefix}-\1)", text)
