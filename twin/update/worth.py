"""What one more measurement is expected to tell of a quantity: how much of its variance goes.

With draws s of a person's posterior, a quantity Y_s and the chance p_s(z) of every reading z that
an instrument may show,

    p(z) = mean_s p_s(z),   Var(Y | z) by weights p_s(z),   E Var(Y | z) = sum_z p(z) Var(Y | z):

nothing is simulated, because the readings can be counted. The variance that is left never exceeds
the present one on average, and its difference is the expected reduction.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from twin.law.grid import Floats

_GROUPS = 20
"""Of draws, left out in turn for Monte-Carlo errors: neighbours along a chain stay together."""


class Worth(NamedTuple):
    """What a measurement is expected to tell of a quantity."""

    sd_now: float
    """SD of the quantity as things are."""
    sd_after: float
    """Root of its expected variance once the measurement is known."""
    share: float
    """Share of the variance that is expected to go, 0 to 1 but for Monte-Carlo error."""
    error: float
    """Monte-Carlo standard error of the share."""


def worth(chance: Floats, quantity: Floats) -> Worth:
    """Return what a measurement is expected to tell of a quantity.

    Parameters
    ----------
    chance
        Of each reading in each draw, the rows summing to one, shape (draw, reading).
    quantity
        Shape (draw,); not the same in all draws.
    """
    before, after = _variances(chance, quantity)
    groups = np.arange(len(quantity)) * _GROUPS // len(quantity)
    left_out = []
    for group in range(_GROUPS):
        kept = groups != group
        now, then = _variances(chance[kept], quantity[kept])
        left_out.append(1 - then / now)
    spread = np.var(left_out) * (_GROUPS - 1)
    share = 1 - after / before
    return Worth(float(np.sqrt(before)), float(np.sqrt(after)), share, float(np.sqrt(spread)))


def _variances(chance: Floats, quantity: Floats) -> tuple[float, float]:
    """Variance of a quantity, and the variance expected once a reading is known.

    Each variance is divided by one less the sum of squared weights, as by n - 1 where these are
    equal: few draws that agree with a rare reading are not taken for certainty.
    """
    off = quantity - quantity.mean()
    total = chance.sum(axis=0)
    seen = total > 0
    weight = chance[:, seen] / total[seen]
    freedom = 1 - (weight**2).sum(axis=0)
    mean = off @ weight
    within = (off**2) @ weight - mean**2
    # a reading that a single draw allows has no variance to tell: as if nothing were learnt
    now = float((off**2).sum() / (len(off) - 1))
    each = np.where(freedom > 1e-9, within / np.maximum(freedom, 1e-9), now)
    return now, float(each @ total[seen] / total[seen].sum())
