"""The name that was probably meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def nearest(name: object, options: Iterable[str]) -> str:
    """Return ``" Did you mean 'x'?"`` for the option most like `name`, or ``""`` if none is.

    The leading blank lets the answer follow a sentence directly.

    Examples
    --------
    >>> nearest("pain_levl", ["pain_level", "disability"])
    " Did you mean 'pain_level'?"
    """
    close = difflib.get_close_matches(str(name), list(options), n=1)
    return f" Did you mean '{close[0]}'?" if close else ""
