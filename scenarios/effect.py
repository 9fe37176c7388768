"""An effect: what an intervention does to one quantity."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from .modifier import Modifier
from .text import IS_LIST, Text, fixed
from .uncertain import LEVEL, Uncertain

Target = Literal[
    "pain",
    "disability",
    "recovery_rate",
    "first_return",
    "relapse",
    "exit",
    "flare_size",
    "pain_flare_size",
    "disability_flare_size",
]
Unit = Literal["score", "severity", "log_rate_ratio", "log_hazard_ratio", "log_sd_ratio"]

OUTCOMES = ("pain", "disability")
WORK_TARGETS = ("first_return", "relapse", "exit")
FLARES = "flare_size"
"""Size of the flares of every outcome; those of one are called ``pain_flare_size``."""
FLARES_OF = {f"{outcome}_{FLARES}": outcome for outcome in OUTCOMES}
_UNITS = {
    **dict.fromkeys(OUTCOMES, ("score", "severity")),
    "recovery_rate": ("log_rate_ratio",),
    **dict.fromkeys(WORK_TARGETS, ("log_hazard_ratio",)),
    **dict.fromkeys((FLARES, *FLARES_OF), ("log_sd_ratio",)),
}
_RATIO_WORDS = {
    "recovery_rate": ("the rate of the natural course", "rate ratio", "above 1 is faster"),
    "first_return": ("first return to full work", "hazard ratio", "above 1 is sooner"),
    "relapse": ("leaving full work again", "hazard ratio", "above 1 is more often"),
    "exit": ("leaving work for good", "hazard ratio", "above 1 is more often"),
    FLARES: ("the size of flares", "ratio of SDs", "above 1 is larger flares"),
    **{
        name: (f"the size of flares of {outcome}", "ratio of SDs", "above 1 is larger flares")
        for name, outcome in FLARES_OF.items()
    },
}


class Effect(Uncertain):
    """What is believed of an intervention's effect on one quantity.

    Attributes
    ----------
    target
        ``pain`` or ``disability``; ``recovery_rate``, the pace at which scores go from the start to
        the set point; ``first_return``, the intensity of the first return to full work;
        ``relapse``, that of leaving full work again after it; ``exit``, that of leaving work for
        good out of sick leave; or ``flare_size``, the SD of flares about the course, of every
        outcome, or of one (``pain_flare_size``, ``disability_flare_size``). A fit never learns
        what an arm does to flares: an effect on their size can only be stated.
    unit
        Of an outcome: ``score``, points of an instrument, or ``severity``, a fraction of its scale,
        more being worse. Of the rate: ``log_rate_ratio``. Of work: ``log_hazard_ratio``. Of flares:
        ``log_sd_ratio``, log 0.7 being flares 0.7 times as large.
    instrument
        Name in the catalogue of the instrument whose points are counted; with unit ``score`` only.
    at_week
        Weeks since its start at which everyone offered it and everyone not differed so; of outcomes
        only.
    modified_by
        Who gains more: changes of the effect, as shares of it, per unit of something about people.

    Notes
    -----
    Differences are intervention minus comparator, as published: 0.79 points of disability fewer is
    a mean of -0.79. A positive log hazard ratio of first return is a sooner return, one of relapse
    more relapse.
    """

    target: Target
    unit: Unit
    instrument: Text | None = None
    at_week: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    modified_by: Annotated[tuple[Modifier, ...], IS_LIST] = ()

    @property
    def on_outcome(self) -> bool:
        """Whether it acts on a score, not on a rate or on work."""
        return self.target in OUTCOMES

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        wrong = list(self._misfits())
        if wrong:
            raise ValueError("; ".join(wrong))
        return self

    def _misfits(self) -> Iterator[str]:
        units = _UNITS[self.target]
        if self.unit not in units:
            yield f"has unit {self.unit}, but on {self.target} it must be {' or '.join(units)}"
            return
        if self.unit == "score" and self.instrument is None:
            yield (
                "has unit score and needs the instrument whose points are counted, "
                "such as instrument: rmdq"
            )
        if self.unit != "score" and self.instrument is not None:
            yield f"has unit {self.unit}: leave out instrument, which belongs to unit score"
        if self.on_outcome and self.at_week is None:
            yield f"has unit {self.unit} and needs at_week, the week at which people differed so"
        if not self.on_outcome and self.at_week is not None:
            yield f"is a {_RATIO_WORDS[self.target][1]}, which holds throughout: leave out at_week"

    def __str__(self) -> str:
        """The effect in a line, with its label and source."""
        name: str = self.target
        if self.on_outcome:
            assert self.at_week is not None  # `_misfits` refuses an effect on a score without
            said = (
                f"{self._range(self._points)} {self._scale}, at week {round(self.at_week, 1):g}, "
                "everyone offered it against everyone not"
            )
        else:
            name, ratio, direction = _RATIO_WORDS[self.target]
            said = f"{ratio} {self._range(lambda x: fixed(math.exp(x), 2))}; {direction}"
        more = "".join(f"; {one.share()}" for one in self.modified_by)
        return f"Effect on {name}: {said}{self._doubt} [{self.label}: {self.source}]{more}"

    @property
    def _doubt(self) -> str:
        """How much of a mixture is centred on none."""
        if self.distribution.family != "normal_mixture":
            return ""
        parts = zip(self.distribution.weights, self.distribution.means, strict=True)
        on_none = sum(weight for weight, mean in parts if mean == 0)
        return f"; {100 * on_none:.0f} % of the belief is centred on none" if on_none else ""

    def _range(self, shown: Callable[[float], str]) -> str:
        lower, upper = self.interval
        return (
            f"{shown(self.centre)} ({100 * LEVEL:.0f} % interval {shown(lower)} to {shown(upper)})"
        )

    def _points(self, value: float) -> str:
        return fixed(100 * value, 1) if self.unit == "severity" else fixed(value, 2)

    @property
    def _scale(self) -> str:
        return "% of the scale" if self.unit == "severity" else f"points of {self.instrument}"
