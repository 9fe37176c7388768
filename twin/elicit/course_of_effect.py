"""How much of an effect lasts, from its size at two times.

With uptake u(t) = a(t) + share b(t), linear in the lasting share because the dose is, a simulated
trial of many people finds at the later time the earlier effect times E[u(later) / u(earlier)]. The
share's mean is the one for which that is the published ratio, its SD the ratio's by the same slope.
Two times cannot tell a share that lasts from a slow waning: the half-life keeps its assumed
distribution.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from priors import Beta
from scenarios.intervention import Schedule
from scenarios.uncertain import Uncertain
from twin.fit.settings import ModelSettings
from twin.law import course, dose
from twin.law.backends import NUMPY
from twin.law.dose import DoseCells, DoseSchedule, read_on_grid
from twin.law.grid import Floats

from .published import Contrast
from .robust import round_to

_DRAWS = 20_000
_CORRELATION = 0.5
"""Between the errors of two estimates of one trial: r of RMDQ over time (evidence 11.1)."""
_LEAST = 0.05
"""Smallest mean of a lasting share, and of what is left of it to 1: nobody knows it to be none."""
_LOOSEST = 2.0
"""Smallest a + b: below, a beta would say that all or nothing lasts, which no ratio can."""


def lasting_share(
    intervention: dict[str, Any], earlier: Contrast, later: Contrast, weeks: tuple[float, float]
) -> Beta:
    """Work out the distribution of a lasting share.

    Parameters
    ----------
    intervention
        As its file has it: schedule, response time and waning half-life count.
    earlier, later
        Published contrasts of one trial.
    weeks
        When they were measured; the earlier not after the end of delivery.
    """
    none, slope = _ratio_of_uptakes(intervention, weeks)
    ratio = later.estimate / earlier.estimate
    relative = [later.error / earlier.estimate, ratio * earlier.error / earlier.estimate]
    variance = relative[0] ** 2 + relative[1] ** 2 - 2 * _CORRELATION * relative[0] * relative[1]
    mean = min(max((ratio - none) / slope, _LEAST), 1 - _LEAST)
    sd = math.sqrt(variance) / slope
    concentration = max(mean * (1 - mean) / sd**2 - 1, _LOOSEST)
    return Beta(a=round_to(mean * concentration), b=round_to((1 - mean) * concentration))


def _ratio_of_uptakes(
    intervention: dict[str, Any], weeks: tuple[float, float]
) -> tuple[float, float]:
    """Expected ratio of uptakes where nothing lasts, and its rise where everything does."""
    rng = np.random.default_rng(1)
    response, waning = (
        np.asarray(Uncertain.model_validate(intervention[name]).distribution.draw(rng, (_DRAWS,)))
        for name in ("response_time", "waning_half_life")
    )
    plan = Schedule.model_validate(intervention["schedule"])
    grid = ModelSettings().time_grid
    schedule = DoseSchedule(plan.start_week, plan.duration_weeks, plan.ramp_weeks)
    cells = read_on_grid(schedule, grid)
    each = DoseCells(*(np.broadcast_to(part, (_DRAWS, grid.n_cells)) for part in cells))
    at = np.broadcast_to(np.asarray(weeks, dtype=float), (_DRAWS, 2))

    def ratio(share: float) -> Floats:
        doses = dose.dose(NUMPY, each, np.full(_DRAWS, share), waning)
        taken_up = course.uptake(NUMPY, grid, doses, 1 / response, at)
        return np.asarray(taken_up[:, 1] / taken_up[:, 0])

    none, everything = float(ratio(0.0).mean()), float(ratio(1.0).mean())
    return none, everything - none
