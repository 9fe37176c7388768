"""What holds a parameter of a course that no figure tells: wide, and in no study's favour."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .matching import Weak

_WEAK: dict[str, tuple[float, float]] = {
    # severity: anywhere on the scale
    "start_mean": (0.4, 0.4),
    "set_point_mean": (0.3, 0.4),
    # log per week: half-lives of 0.7 to 37 weeks are within two SDs
    "log_rate_mean": (-2.0, 1.0),
    # log severity: 0.2 within a factor of 2.7
    "start_sd": (np.log(0.2), 0.5),
    "set_point_sd": (np.log(0.2), 0.5),
    # Fisher's z: correlations of 0 to 0.88
    "correlation": (0.7, 0.35),
}
"""Mean and SD by parameter, on the scale on which it is matched; all assumed."""


def weak(names: Sequence[str]) -> Weak:
    """Return the weak beliefs of parameters, in the order of their names."""
    mean, sd = zip(*(_WEAK[name] for name in names), strict=True)
    return Weak(np.array(mean), np.array(sd))
