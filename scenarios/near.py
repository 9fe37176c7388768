"""The name that was probably meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def hint(name: object, options: Iterable[str]) -> str:
    """Return ``" Did you mean 'x'?"`` for the option most like `name`, or ``""`` if none is."""
    close = difflib.get_close_matches(str(name), list(options), n=1)
    return f" Did you mean '{close[0]}'?" if close else ""
