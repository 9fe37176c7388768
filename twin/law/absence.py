"""Days absent: an overdispersed count about the time that the work process expects to be lost.

Of the working days of a window a person reports how many were lost. The count is beta-binomial,

    days ~ BetaBinomial(possible days, share precision, (1 - share) precision),

about the share of the window that is expected to be lost given the states that were seen by its
end. The precision says how far people's own time strays from what is expected: absence comes in
spells, so that most windows lose nothing and a few lose all.
"""

from __future__ import annotations

import numpy as np

from .grid import Floats, Ints
from .ops import Array, ArrayOps

INSIDE = 1e-6
"""What keeps an expected share off 0 and 1, where a single unexpected day would be impossible: one
day in some 4,000 years of work."""


def inside(share: Array) -> Array:
    """Draw a share a little away from 0 and 1."""
    return INSIDE + (1 - 2 * INSIDE) * share


def log_probability(
    xp: ArrayOps, days: Ints, possible_days: Ints, share: Array, precision: Array
) -> Array:
    """Log probability of the days that were reported.

    Parameters
    ----------
    xp
        Array operations.
    days
        Days lost, of any shape.
    possible_days
        Days that could be lost, at least `days`, same shape; where it is 0 the result is 0.
    share
        Expected share, from `inside`, same shape.
    precision
        A scalar.

    Returns
    -------
    Array
        Same shape.
    """
    lost, kept = share * precision, (1 - share) * precision
    log_ways = (
        xp.log_gamma(possible_days + 1.0)
        - xp.log_gamma(days + 1.0)
        - xp.log_gamma(possible_days - days + 1.0)
    )
    return (
        log_ways
        + xp.log_gamma(days + lost)
        + xp.log_gamma(possible_days - days + kept)
        - xp.log_gamma(possible_days + precision)
        - xp.log_gamma(lost)
        - xp.log_gamma(kept)
        + xp.log_gamma(precision)
    )


def draw(possible_days: Ints, share: Floats, precision: float, rng: np.random.Generator) -> Ints:
    """Draw days lost; arguments as for `log_probability`."""
    chance = rng.beta(share * precision, (1 - share) * precision)
    return np.asarray(rng.binomial(possible_days, chance), dtype=np.int64)
