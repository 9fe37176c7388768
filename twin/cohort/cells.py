"""What the text of a cell says: a number, a truth, or one of a list of values."""

from __future__ import annotations

import math

_TRUE = ("true", "yes", "on", "y", "1", "1.0")
_FALSE = ("false", "no", "off", "n", "0", "0.0")


def number(text: str | None) -> float:
    """Return the finite number that a text spells with a decimal point, NaN if it spells none."""
    try:
        value = float(text) if text and "_" not in text else math.nan
    except ValueError:
        return math.nan
    return value if math.isfinite(value) else math.nan


def truth(text: str | None) -> float:
    """Return 1 for true, yes, y, on and 1, 0 for their opposites (any case), else NaN."""
    word = text.lower() if text else ""
    return 1.0 if word in _TRUE else 0.0 if word in _FALSE else math.nan


def token(value: str | bool | float) -> str:
    """Return one spelling for values that files and YAML write differently.

    The number 1 is ``1``, ``1.0`` or ``"1"``; and YAML reads a bare ``yes`` as true.

    Examples
    --------
    >>> token("2.0") == token(2), token("yes") == token(True)
    (True, True)
    """
    text = str(value).strip()
    spelt = number(text)
    if not math.isnan(spelt):
        return f"{spelt:.17g}"
    return {1.0: "true", 0.0: "false"}.get(truth(text), text)
