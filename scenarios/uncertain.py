"""A number that is not known: what is believed of it, and why."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator

from .distribution import SingleDistribution, centre, interval
from .text import Frozen, Text, fixed, number, weeks

LEVEL = 0.9
"""Of every interval that a scenario prints."""
_SHARE = f"{100 * LEVEL:.0f} %"

Label = Literal["borrowed", "assumed"]


class Uncertain(Frozen):
    """What is believed of one number.

    Attributes
    ----------
    distribution
        On the number's own scale.
    label
        ``borrowed`` from a cited source, or ``assumed``.
    source
        The citation with its evidence row, or the reason for the assumption.
    evidence
        Name of the elicited effect that it was read from; None where the numbers were typed.
    """

    distribution: SingleDistribution
    label: Label
    source: Text
    evidence: Text | None = None

    @property
    def centre(self) -> float:
        """The one value that stands for it; see `scenarios.distribution.centre`."""
        return centre(self.distribution)

    @property
    def interval(self) -> tuple[float, float]:
        """The equal-tailed 90 % interval."""
        return interval(self.distribution, LEVEL)


def _of_share(given: Uncertain) -> Uncertain:
    return _of_family(given, "beta", "a share between 0 and 1")


def _of_time(given: Uncertain) -> Uncertain:
    return _of_family(given, "log_normal", "a time in weeks above 0")


def _of_spread(given: Uncertain) -> Uncertain:
    return _of_family(given, "half_normal", "a spread, not below 0")


def _of_family(given: Uncertain, family: str, meaning: str) -> Uncertain:
    if given.distribution.family != family:
        raise ValueError(
            f"is {meaning}: its distribution must be of family {family}, "
            f"not {given.distribution.family}"
        )
    return given


UncertainShare = Annotated[Uncertain, AfterValidator(_of_share)]
UncertainTime = Annotated[Uncertain, AfterValidator(_of_time)]
UncertainSpread = Annotated[Uncertain, AfterValidator(_of_spread)]


def said_weeks(belief: Uncertain) -> str:
    """A time in words: its centre and interval."""
    lower, upper = belief.interval
    return f"{weeks(belief.centre)} ({_SHARE} interval {number(lower)} to {number(upper)})"


def said_share(belief: Uncertain) -> str:
    """A share in words: its centre and interval."""
    middle, lower, upper = (fixed(100 * x, 0) for x in (belief.centre, *belief.interval))
    return f"{middle} % ({_SHARE} interval {lower} to {upper} %)"
