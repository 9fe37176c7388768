"""What several interventions do to a level together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from scenarios import Combination
from twin.law.grid import Floats


def together(
    combination: Combination, parts: Mapping[str, Floats], interactions: Sequence[Floats]
) -> Floats | float:
    """Return the shift of levels by several interventions, severity.

    Parameters
    ----------
    combination
        How they combine.
    parts
        Shift by each of them that has begun, by name, all of one shape (sample, time, outcome).
    interactions
        Draws of each interaction of the combination, shape (sample,).
    """
    each = list(parts.values())
    total: Floats
    if not each:
        return 0.0
    if combination.rule == "largest":
        stacked = np.stack(each)
        place = np.abs(stacked).argmax(axis=0)
        total = np.take_along_axis(stacked, place[None], axis=0)[0]
    else:
        total = each[0]
        for other in each[1:]:
            total = total + other
    for one, share in zip(combination.interactions, interactions, strict=True):
        if not set(one.between) <= set(parts):
            continue
        first, second = (parts[name] for name in one.between)
        smaller = np.where(np.abs(first) < np.abs(second), first, second)
        total = total + np.where(first * second > 0, share[:, None, None] * smaller, 0.0)
    if combination.at_most is not None:
        total = np.clip(total, -combination.at_most, combination.at_most)
    return total
