"""How many people can begin something."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from .expression import Quantity
from .text import Frozen, number
from .uncertain import UncertainTime, said_weeks


class Capacity(Frozen):
    """Places that open every week; whoever finds none waits.

    Attributes
    ----------
    places_per_week
        How many people can begin in a week; a fraction adds up over weeks.
    per
        ``all``: places are shared by everyone; ``clinic``: every clinic has so many. People of no
        known clinic share places among themselves.
    priority
        Whoever has more of it, of those who wait, goes first; it is read when the person is
        referred, and counts 0 where it is not known. None: first come, first served. Ties are
        drawn by lot.
    patience_weeks
        How long people wait before they leave, a log-normal: each person has a patience of the own,
        counted in whole weeks from the one in which a place could have been taken. Whoever has
        left does not come back. None: people wait until there is a place, or a rule stops what they
        wait for.
    """

    places_per_week: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    per: Literal["all", "clinic"] = "all"
    priority: Quantity | None = None
    patience_weeks: UncertainTime | None = None

    def __str__(self) -> str:
        """How many places, and who goes first."""
        where = " in each clinic" if self.per == "clinic" else ""
        first = f"whoever has more of {self.priority}" if self.priority else "first come"
        patience = self.patience_weeks
        leaves = f", and leave after {said_weeks(patience)} [{patience.label}]" if patience else ""
        places = f"{number(self.places_per_week)} a week{where}"
        return f"{places}, {first} first served; others wait{leaves}"
