"""What makes an uptake or an effect larger in some people than in others."""

from __future__ import annotations

import math

from .expression import Quantity
from .text import fixed, number
from .uncertain import LEVEL, Uncertain


class Modifier(Uncertain):
    """A change per unit of something about people.

    Attributes
    ----------
    by
        The quantity, such as ``female`` or ``(age - 48) / 10``: of whoever has 0 the statement is
        true as it stands, so centre it on the people it is about. Where it is not known it
        counts 0.
    """

    by: Quantity

    def odds(self) -> str:
        """The change of a share in words, as a ratio of odds."""
        middle, lower, upper = (fixed(math.exp(x), 2) for x in (self.centre, *self.interval))
        return f"odds times {middle} ({lower} to {upper}) per unit of {self.by} [{self.label}]"

    def share(self) -> str:
        """The change of an effect in words, as a share of it."""
        middle, lower, upper = (number(100 * x) for x in (self.centre, *self.interval))
        interval = f"{100 * LEVEL:.0f} % interval {lower} to {upper}"
        return f"{middle} % ({interval}) of it more per unit of {self.by} [{self.label}]"
