"""What came out, on a few lines of the terminal."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from priors.sources import TO_BE_VERIFIED
from twin.simulate.design import Design

QUANTITIES = {
    "expected_score": "expected {outcome}, {unit}",
    "days_lost": "working days lost",
}
"""What is told of a run on the terminal, and how."""


def headlines(
    contrasts: pd.DataFrame, design: Design, level: float, recalled: Iterable[str]
) -> str:
    """Return the main differences from the comparator, one a line.

    Parameters
    ----------
    contrasts
        From `twin.outcomes.table.contrasts`.
    design
        What was simulated.
    level
        Of the intervals.
    recalled
        What rests on figures that were not seen on a page, as `Scenario.recalled` says it.
    """
    if contrasts.empty:
        return f"Only {design.comparator} was simulated: nothing to compare it with."
    chosen = contrasts[contrasts["quantity"].isin(QUANTITIES)]
    lines = [f"Difference from {design.comparator}, mean [{level:.0%} interval]:"]
    for row in chosen.to_dict("records"):
        name = QUANTITIES[str(row["quantity"])].format_map(row)
        lines.append(
            f"  {row['scenario']:<18} week {row['week']:>3}  {name:<34} "
            f"{shown(row['mean']):>6} [{shown(row['lower'])}, {shown(row['upper'])}]"
            f"  {row['label']}"
        )
    unsure = "; ".join(dict.fromkeys(recalled))
    if unsure:
        lines.append(f"Rests on figures {TO_BE_VERIFIED}: {unsure}.")
    return "\n".join(lines) + "\n"


def shown(value: float) -> str:
    """Return a number to two decimals."""
    return f"{round(value, 2) + 0.0:.2f}"  # the sum turns -0.00 into 0.00
