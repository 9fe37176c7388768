"""Intensities and first state of one worker at one level, compiled, with their gradients."""

from __future__ import annotations

import math

from .grid import Floats
from .small_matrices import compiled
from .work import LEVEL_REFERENCE, N_TRANSIENT


@compiled
def intensities(
    log_intensity: Floats,
    worsening_slope: Floats,
    recovery_slope: Floats,
    frailty: float,
    to_full_work: float,
    from_full_work: float,
    level: Floats,
    result: Floats,
) -> None:
    """`work.log_intensities` at one level, with the log hazard ratios in force of `WORK_MOVES`."""
    worsening = frailty
    recovery = -frailty
    for k in range(len(level)):
        worsening += worsening_slope[k] * (level[k] - LEVEL_REFERENCE)
        recovery -= recovery_slope[k] * (level[k] - LEVEL_REFERENCE)
    result[0] = log_intensity[0] + worsening + from_full_work
    result[1] = log_intensity[1] + worsening + from_full_work
    result[2] = log_intensity[2] + worsening
    result[3] = log_intensity[3] + recovery + to_full_work
    result[4] = log_intensity[4] + recovery
    result[5] = log_intensity[5] + recovery + to_full_work


@compiled
def generator_gradient(
    x: Floats, x_bar: Floats
) -> tuple[float, float, float, float, float, float, float]:
    """Adjoints of the six log intensities and of that of leaving, from that of a generator."""
    return (
        x[0, 1] * (x_bar[0, 1] - x_bar[0, 0]),
        x[0, 2] * (x_bar[0, 2] - x_bar[0, 0]),
        x[1, 2] * (x_bar[1, 2] - x_bar[1, 1]),
        x[1, 0] * (x_bar[1, 0] - x_bar[1, 1]),
        x[2, 1] * (x_bar[2, 1] - x_bar[2, 2]),
        x[2, 0] * (x_bar[2, 0] - x_bar[2, 2]),
        (x[2, 2] + x[2, 0] + x[2, 1]) * x_bar[2, 2],
    )


@compiled
def first_probabilities(
    initial_logit: Floats, initial_slope: Floats, frailty: float, level: Floats, p: Floats
) -> None:
    """`work.initial_log_probabilities` of one person, as probabilities."""
    away = frailty
    for k in range(len(level)):
        away += initial_slope[k] * (level[k] - LEVEL_REFERENCE)
    first, second = initial_logit[0] + away, initial_logit[1] + away
    top = max(0.0, first, second)
    p[0] = math.exp(-top)
    p[1] = math.exp(first - top)
    p[2] = math.exp(second - top)
    p /= p.sum()


@compiled
def first_probabilities_gradient(p: Floats, p_bar: Floats, logit_bar: Floats) -> float:
    """Add to the adjoint of the log odds; return that of what shifts both of them."""
    mean_bar = p[0] * p_bar[0] + p[1] * p_bar[1] + p[2] * p_bar[2]
    shift_bar = 0.0
    for k in range(1, N_TRANSIENT):
        one = p[k] * (p_bar[k] - mean_bar)
        logit_bar[k - 1] += one
        shift_bar += one
    return shift_bar
