"""How surprising each person is: the Pareto k of leaving the person out."""

from __future__ import annotations

import numpy as np

from twin.report import digits
from twin.report.content import ReportContent

from .canvas import heading, panel, svg
from .figure import Picture
from .looks import INK, MUTED

_HEIGHT = 210.0
_WARNING = "#D55E00"


def left_out(content: ReportContent) -> list[Picture]:
    """Return one panel, people in order of k and without names; none where nobody was left out."""
    if content.diagnostics is None or "leave_one_out" not in content.diagnostics.children:
        return []
    people = content.diagnostics["leave_one_out"].to_dataset()
    k = np.sort(people["pareto_k"].to_numpy())
    limit = float(people.attrs["largest_k"])
    high = k > limit
    figure, axes = panel(_HEIGHT)
    place = np.arange(1, len(k) + 1)
    axes.plot(place[~high], k[~high], "o", color=MUTED, ms=3.5)
    axes.plot(place[high], k[high], "D", color=_WARNING, ms=5.5, mec=INK, mew=0.7)
    axes.axhline(limit, color=_WARNING, lw=1.2, ls=(0, (4, 2)))
    axes.annotate(
        f"limit {digits.number(limit, 2)}",
        (0.02, limit),
        xycoords=("axes fraction", "data"),
        xytext=(0, 4),
        textcoords="offset points",
        color=_WARNING,
        fontsize=11.5,
    )
    heading(axes, "Pareto k of each person")
    axes.set_xlabel("people, from the least to the most surprising")
    axes.grid(axis="y")
    axes.margins(y=0.15)
    axes.tick_params(length=3)
    note = f"{int(high.sum())} of {digits.count(len(k))} people lie above the limit."
    alt = (
        "Pareto k of the importance weights of leaving each person out, people in order of k; "
        f"limit {digits.number(limit, 2)}. {note}"
    )
    return [Picture("Who is hard to foretell from the others", svg(figure, "left-out", alt), note)]
