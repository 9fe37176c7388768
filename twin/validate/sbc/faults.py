"""Faults to plant in the generator, so that calibration proves that it can fail.

Each changes what a cohort is generated from, while the truth that is ranked stays as it was: what a
fit sees is then what a law with that fault would have produced.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from twin.law.grid import Floats
from twin.law.work import TRANSITIONS

type Values = Mapping[str, Floats]
type Fault = Callable[[Values], Values]


def none(values: Values) -> Values:
    """Generate by the law itself."""
    return values


def wrong_sign_of_rate(values: Values) -> Values:
    """Generate with the mean log rate's sign turned: courses are over within days."""
    return {**values, "log_rate_mean": -values["log_rate_mean"]}


def misscaled_error(values: Values) -> Values:
    """Generate with flares and errors half as large again as they should be."""
    return {**values, "spread": 1.5 * values["spread"]}


def transposed_transition(values: Values) -> Values:
    """Generate with the intensities of each move and of the move back exchanged."""
    back = [TRANSITIONS.index((b, a)) for a, b in TRANSITIONS]
    return {**values, "log_intensity": np.asarray(values["log_intensity"])[back]}


FAULTS: dict[str, Fault] = {
    "none": none,
    "wrong_sign_of_rate": wrong_sign_of_rate,
    "misscaled_error": misscaled_error,
    "transposed_transition": transposed_transition,
}
"""By name, for the command line."""
