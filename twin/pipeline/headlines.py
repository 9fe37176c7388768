"""What came out, on a few lines of the terminal."""

from __future__ import annotations

import pandas as pd

from twin.simulate.design import Design

QUANTITIES = {
    "expected_score": "expected {outcome}, {unit}",
    "days_lost": "working days lost",
}
"""What is told of a run on the terminal, and how."""


def headlines(contrasts: pd.DataFrame, design: Design, level: float) -> str:
    """Return the main differences from the comparator, one a line.

    Parameters
    ----------
    contrasts
        From `twin.outcomes.table.contrasts`.
    design
        What was simulated.
    level
        Of the intervals.
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
    return "\n".join(lines) + "\n"


def shown(value: float) -> str:
    """Return a number to two decimals."""
    return f"{round(value, 2) + 0.0:.2f}"  # the sum turns -0.00 into 0.00
