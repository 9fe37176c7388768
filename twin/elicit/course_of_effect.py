"""How much of an effect lasts, from its size at two times.

The share's mean is the one by which simulated people, drawn from the priors, show at the later time
the later published difference when they show the earlier one at the earlier; its SD is that of the
ratio of the two. Two times cannot tell a share that lasts from a slow waning: the half-life keeps
its assumed distribution.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache, partial
from typing import Any

import numpy as np
from scipy.optimize import brentq

from priors import Beta
from scenarios import Intervention
from twin.fit.settings import ModelSettings
from twin.law.grid import Floats
from twin.simulate.expected_table import Table
from twin.simulate.prepare import shift_behind, shown_of
from twin.simulate.stated_exposure import stated_exposure
from twin.simulate.weekly import WeeklyCells

from .published import Contrast
from .robust import round_to
from .trial import OUTCOMES, TrialDesign, enrolled

_DRAWS = 20_000
_PEOPLE, _POPULATIONS = 50, 400
_CORRELATION = 0.5
"""Between the errors of two estimates of one trial: r of RMDQ over time (evidence 11.1)."""
_LEAST = 0.05
"""Smallest mean of a lasting share, and of what is left of it to 1: nobody knows it to be none."""
_NEAR = 1e-3
"""Of the search for the mean, well within what is written of it."""
_LOOSEST = 2.0
"""Smallest a + b: below, a beta would say that all or nothing lasts, which no ratio can."""
_KNOWN = 1e6
"""a + b of a share that is as good as known."""


def lasting_share(
    intervention: dict[str, Any], earlier: Contrast, later: Contrast, weeks: tuple[float, float]
) -> Beta:
    """Work out the distribution of a lasting share.

    Parameters
    ----------
    intervention
        As its file has it: schedule, uptake, response time and waning half-life count.
    earlier, later
        Published contrasts of one trial, points of RMDQ.
    weeks
        When they were measured; the earlier not after the end of delivery, so that the share has
        no part in what is shown then.
    """

    def kept(share: float) -> float:
        return shown_later(intervention, earlier, weeks, share) / earlier.estimate

    ratio = later.estimate / earlier.estimate
    little, much = kept(_LEAST), kept(1 - _LEAST)
    if ratio <= little:
        mean = _LEAST
    elif ratio >= much:
        mean = 1 - _LEAST
    else:
        mean = float(brentq(lambda share: kept(share) - ratio, _LEAST, 1 - _LEAST, xtol=_NEAR))
    relative = [later.error / earlier.estimate, ratio * earlier.error / earlier.estimate]
    variance = relative[0] ** 2 + relative[1] ** 2 - 2 * _CORRELATION * relative[0] * relative[1]
    slope = (much - little) / (1 - 2 * _LEAST)
    sd = math.sqrt(variance) / slope
    concentration = max(mean * (1 - mean) / sd**2 - 1, _LOOSEST)
    return Beta(a=round_to(mean * concentration), b=round_to((1 - mean) * concentration))


def shown_later(
    intervention: dict[str, Any], earlier: Contrast, weeks: tuple[float, float], share: float
) -> float:
    """Return the difference that people show later where so much of an effect lasts.

    Parameters
    ----------
    intervention, earlier, weeks
        As of `lasting_share`.
    share
        That lasts.

    Returns
    -------
    float
        Points of RMDQ.
    """
    effect = {
        "target": "disability",
        "unit": "score",
        "instrument": "rmdq",
        "at_week": weeks[0],
        "distribution": {"family": "normal", "mean": earlier.estimate, "sd": 1e-9},
        "label": "borrowed",
        "source": "the earlier contrast",
    }
    lasts = {
        "distribution": {"family": "beta", "a": share * _KNOWN, "b": (1 - share) * _KNOWN},
        "label": "assumed",
        "source": "tried",
    }
    tried = Intervention.model_validate(
        intervention | {"effects": [effect], "lasting_share": lasts}
    )
    (twins, table), grid = _anybody(), WeeklyCells.of(ModelSettings().time_grid).grid
    given = stated_exposure(
        tried, OUTCOMES, _DRAWS, grid, partial(shift_behind, twins, table), seed=1
    )
    place = list(OUTCOMES).index("disability")
    response = given.shift[:, place] * given.uptake(grid, np.array([weeks[1]]))[:, 0]
    shown = given.taken * shown_of(twins, table, place, weeks[1], response)
    return float(shown.mean()) * OUTCOMES["disability"].range


@cache
def _anybody() -> tuple[Mapping[str, Floats], Table]:
    """People of whom nothing was asked, from populations that the priors allow."""
    return enrolled(TrialDesign(_PEOPLE, 0, "disability", 13), _POPULATIONS, seed=1)
