"""A person's natural course, in every posterior draw. Compiled."""

from __future__ import annotations

import numpy as np

from twin.law import course
from twin.law.grid import Floats
from twin.law.scalars import SCALAR

from .kernel import kernel


@kernel
def natural_course(start: Floats, set_point: Floats, log_rate: Floats, week: Floats) -> Floats:
    """Level without any intervention.

    Parameters
    ----------
    start, set_point
        Severity, shape (sample, outcome).
    log_rate
        Log of the rate per week, same shape.
    week
        Weeks since baseline, shape (sample, time), or (1, time) where they are the same in all
        samples.

    Returns
    -------
    Floats
        Severity, shape (sample, time, outcome).
    """
    samples, outcomes = start.shape
    result = np.empty((samples, week.shape[1], outcomes))
    for i in range(samples):
        own = week[min(i, len(week) - 1)]
        for k in range(outcomes):
            rate = np.exp(log_rate[i, k])
            for t in range(len(own)):
                result[i, t, k] = course.step(SCALAR, start[i, k], set_point[i, k], rate, own[t])
    return result
