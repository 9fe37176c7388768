"""When people come to a visit, and when they stay away."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq
from scipy.special import expit

from twin.cohort.synthetic.settings import SyntheticSettings
from twin.law.grid import Floats

_LOG_ODDS = 50.0  # bounds within which every share is found: beyond, probabilities are 0 or 1


def visit_weeks(settings: SyntheticSettings, rng: np.random.Generator) -> Floats:
    """Weeks since baseline at which each person is due, shape (person, visit)."""
    planned = np.asarray(settings.visit_weeks, dtype=float)
    shift = rng.uniform(-1, 1, (settings.people, len(planned))) * settings.visit_jitter_weeks
    shift[:, 0] = 0
    return planned + shift.round(2)


def attendance(
    settings: SyntheticSettings, severity: Floats, rng: np.random.Generator
) -> npt.NDArray[np.bool_]:
    """Who comes to which visit.

    Staying away depends on the severity recorded at the last visit attended: missing at random.

    Parameters
    ----------
    settings
        The expected share that stays away from each visit, and how much severity adds.
    severity
        That would be recorded, shape (person, visit).
    rng
        Source of randomness.
    """
    came = np.ones(severity.shape, dtype=np.bool_)
    last = severity[:, 0].copy()
    for visit in range(1, severity.shape[1]):
        away = _chance(settings.missing_shares[visit], settings.missing_slope * last)
        came[:, visit] = rng.random(len(severity)) >= away
        last = np.where(came[:, visit], severity[:, visit], last)
    return came


def _chance(share: float, tendency: Floats) -> Floats:
    """Chance of staying away: logistic in the tendency, with the wanted mean."""
    if share == 0:
        return np.zeros(len(tendency))
    intercept = brentq(
        lambda a: float(expit(a + tendency).mean()) - share,
        -_LOG_ODDS - tendency.max(),
        _LOG_ODDS - tendency.min(),
    )
    return np.asarray(expit(intercept + tendency))
