"""Numbers as people read them: no digit that Monte-Carlo error leaves open.

Every number on the page passes through here.
"""

from __future__ import annotations

import math

MINUS = "\N{MINUS SIGN}"
SPACE = "\N{NO-BREAK SPACE}"
NOTHING = "\N{EN DASH}"
_MOST = 4  # decimals; a score, a share or a number of days is never read more finely
_OPEN = 2  # units; more, and the last decimal would be noise
_EXACT = 2  # decimals of a number without spread or error that is not whole


def places(value: float, lower: float, upper: float, error: float, significant: int = 2) -> int:
    """Return how many decimals of an estimate and its interval are worth reading.

    Parameters
    ----------
    value, lower, upper
        Estimate and interval, in the unit in which they are shown.
    error
        Largest Monte-Carlo standard error among them, same unit. It is never more than
        `_OPEN` units of the last decimal shown.
    significant
        Significant digits of half the interval's width.

    Examples
    --------
    >>> places(-0.8123, -1.2, -0.4, error=0.05)
    1
    >>> places(-0.8123, -1.2, -0.4, error=0.002)
    2
    """
    half = (upper - lower) / 2
    if not math.isfinite(half) or half <= 0:
        readable = 0 if _whole(value) else _EXACT
    else:
        readable = significant - 1 - math.floor(math.log10(half))
    justified = (
        math.floor(-math.log10(error / _OPEN)) if math.isfinite(error) and error > 0 else _MOST
    )
    return max(0, min(readable, justified, _MOST))


def number(value: float, decimals: int, *, signed: bool = False) -> str:
    """Return a number with so many decimals; a dash for NaN, and no negative zero.

    Examples
    --------
    >>> number(-1.25, 1), number(0.42, 1, signed=True), number(-0.01, 1)
    ('−1.2', '+0.4', '0.0')
    """
    if math.isnan(value):
        return NOTHING
    if math.isinf(value):
        return f"{MINUS if value < 0 else ''}\N{INFINITY}"
    text = f"{abs(value):,.{decimals}f}"
    if not text.strip("0.,"):
        return text
    return f"{MINUS if value < 0 else '+' if signed else ''}{text}"


def interval(lower: float, upper: float, decimals: int) -> str:
    """Return an interval: ``0.4 to 1.6``."""
    if math.isnan(lower) or math.isnan(upper):
        return NOTHING
    return f"{number(lower, decimals)} to {number(upper, decimals)}"


def error(value: float) -> str:
    """Return a Monte-Carlo standard error, one significant digit; 0 where there is none.

    Examples
    --------
    >>> error(0.0096), error(0.031), error(0.0)
    ('0.01', '0.03', '0')
    """
    if math.isnan(value):
        return NOTHING
    if value <= 0:
        return "0"
    rounded = float(f"{value:.0e}")
    return number(rounded, max(0, -math.floor(math.log10(rounded))))


def percent(share: float, decimals: int = 0) -> str:
    """Return a share from 0 to 1 in per cent."""
    if math.isnan(share):
        return NOTHING
    return f"{number(100 * share, decimals)}{SPACE}%"


def probability(value: float) -> str:
    r"""Return a probability in per cent; draws never justify saying never or always.

    Examples
    --------
    >>> probability(0.998), probability(0.5)
    ('>\xa099\xa0%', '50\xa0%')
    """
    if math.isnan(value):
        return NOTHING
    if value > 0.99:
        return f">{SPACE}99{SPACE}%"
    if value < 0.01:
        return f"<{SPACE}1{SPACE}%"
    return percent(value)


def level(value: float) -> str:
    """Return the level of an interval: ``90 %``."""
    return f"{value * 100:g}{SPACE}%"


def plain(value: float) -> str:
    """Return a number that was chosen, such as a threshold, as it was written."""
    return f"{value:g}".replace("-", MINUS)


def count(value: int) -> str:
    """Return a count, thousands apart."""
    return f"{value:,}"


def _whole(value: float) -> bool:
    return math.isfinite(value) and value == round(value)
