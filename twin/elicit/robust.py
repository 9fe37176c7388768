"""What is believed of an effect in another setting, as a mixture that data can overrule."""

from __future__ import annotations

from priors import Normal, NormalMixture

from .pool import Moments

_DIGITS = 3


def robust(found: Moments, nothing: float, doubt: float) -> Normal | NormalMixture:
    """Mix what was found with a wide component centred on none.

    Parameters
    ----------
    found
        What the evidence says.
    nothing
        SD of the sceptical component.
    doubt
        Its weight; 0 for what was found alone.
    """
    mean, sd = (round_to(value) for value in found)
    if doubt == 0:
        return Normal(mean=mean, sd=sd)
    return NormalMixture(
        weights=(round_to(1 - doubt), round_to(doubt)),
        means=(mean, 0.0),
        sds=(sd, round_to(nothing)),
    )


def round_to(value: float, digits: int = _DIGITS) -> float:
    """Round to so many digits that matter: more than Monte-Carlo errors leave."""
    return float(f"{value:.{digits}g}")
