"""What several interventions do to a level together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from scenarios import Combination
from twin.law.grid import Floats

from .kernel import kernel


class Part(NamedTuple):
    """Shift of levels by one intervention: what is taken up of a response, times the response."""

    uptake: Floats
    """Shape (sample, time)."""
    response: Floats
    """Severity, shape (sample, outcome)."""

    @property
    def whole(self) -> Floats:
        """Severity, shape (sample, time, outcome)."""
        return self.uptake[:, :, None] * self.response[:, None, :]


def shifted(
    level: Floats,
    combination: Combination,
    parts: Mapping[str, Part],
    interactions: Sequence[Floats],
) -> Floats:
    """Return levels shifted by several interventions, severity; the same array if by none.

    Parameters
    ----------
    level
        Severity, shape (sample, time, outcome).
    combination
        How they combine.
    parts
        Shift by each of them that has begun, by name.
    interactions
        Draws of each interaction of the combination, shape (sample,).
    """
    if not parts:
        return level
    plain = combination.at_most is None and not combination.interactions
    if plain and (combination.rule == "add" or len(parts) == 1):
        for part in parts.values():
            level = plus_product(level, np.ascontiguousarray(part.uptake), part.response)
        return level
    return level + together(
        combination, {name: part.whole for name, part in parts.items()}, interactions
    )


@kernel
def plus_product(base: Floats, by_time: Floats, by_column: Floats) -> Floats:
    """Return (sample, time, column) plus the product of (sample, time) and (sample, column)."""
    samples, times, columns = base.shape
    result = np.empty_like(base)
    for i in range(samples):
        for t in range(times):
            for k in range(columns):
                result[i, t, k] = base[i, t, k] + by_time[i, t] * by_column[i, k]
    return result


def together(
    combination: Combination, parts: Mapping[str, Floats], interactions: Sequence[Floats]
) -> Floats:
    """Shift by all of them, of the shape of each part."""
    each = list(parts.values())
    total: Floats
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
