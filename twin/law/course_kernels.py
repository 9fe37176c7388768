"""The course of a score at one time, compiled, with its gradient: what both kernels read.

Names: `x_bar` is the gradient of the target with respect to x.
"""

from __future__ import annotations

import math

from .grid import Floats
from .small_matrices import compiled


@compiled
def uptake_at(dose: Floats, response_rate: float, edges: Floats, week: float) -> float:
    """Uptake at one time: `course.uptake`."""
    uptake = 0.0
    from_start = 0.0
    known = False  # exponentials are dear: none for the reference arm, one for each cell of others
    for c in range(len(dose)):
        if week <= edges[c]:
            break
        if dose[c] == 0.0:
            known = False
            continue
        if not known:
            from_start = math.exp(-response_rate * (week - edges[c]))
            known = True
        after_end = week - edges[c + 1]
        from_end = math.exp(-response_rate * after_end) if after_end > 0 else 1.0
        uptake += dose[c] * (from_end - from_start)
        from_start = from_end
    return uptake


@compiled
def uptake_gradient(
    dose: Floats,
    response_rate: float,
    edges: Floats,
    week: float,
    uptake_bar: float,
    dose_bar: Floats,
) -> float:
    """Add to dose_bar, and return the gradient with respect to the response rate."""
    if uptake_bar == 0.0:
        return 0.0
    from_start = math.exp(-response_rate * week)
    response_rate_bar = 0.0
    for c in range(len(dose)):
        if week <= edges[c]:
            break
        after_start = week - edges[c]
        after_end = max(week - edges[c + 1], 0.0)
        from_end = math.exp(-response_rate * after_end) if after_end > 0 else 1.0
        dose_bar[c] += (from_end - from_start) * uptake_bar
        response_rate_bar += dose[c] * (after_start * from_start - after_end * from_end)
        from_start = from_end
    return response_rate_bar * uptake_bar


@compiled
def level_at(
    rate: Floats,
    effects: Floats,
    dose: Floats,
    response_rate: float,
    edges: Floats,
    week: float,
    level: Floats,
) -> None:
    """Fill one person's levels at one time."""
    outcomes = len(level)
    uptake = uptake_at(dose, response_rate, edges, week)
    for k in range(outcomes):
        remaining = math.exp(-rate[k] * week)
        level[k] = (
            remaining * effects[k]
            + (1 - remaining) * effects[outcomes + k]
            + uptake * effects[2 * outcomes + k]
        )


@compiled
def level_gradient(
    rate: Floats,
    effects: Floats,
    dose: Floats,
    response_rate: float,
    edges: Floats,
    week: float,
    level_bar: Floats,
    rate_bar: Floats,
    effects_bar: Floats,
    dose_bar: Floats,
) -> float:
    """Add to rate_bar, effects_bar and dose_bar; return the gradient of the response rate."""
    outcomes = len(level_bar)
    uptake = uptake_at(dose, response_rate, edges, week)
    uptake_bar = 0.0
    for k in range(outcomes):
        remaining = math.exp(-rate[k] * week)
        effects_bar[k] += remaining * level_bar[k]
        effects_bar[outcomes + k] += (1 - remaining) * level_bar[k]
        effects_bar[2 * outcomes + k] += uptake * level_bar[k]
        rate_bar[k] -= week * remaining * (effects[k] - effects[outcomes + k]) * level_bar[k]
        uptake_bar += effects[2 * outcomes + k] * level_bar[k]
    return uptake_gradient(dose, response_rate, edges, week, uptake_bar, dose_bar)
