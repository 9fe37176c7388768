"""How functions are compiled, and where what was compiled is kept.

numba keeps compiled code until the file that a function stands in changes, but knows nothing of
what the function calls in other files: a caller would go on with the old code of those. What is
compiled here is kept in a folder named by a hash of all sources that hold compiled functions, so
that nothing out of date is ever found.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import numba
from numba.core import config

_CONFIG: Any = config  # sets its attributes at run time, so that no type checker sees them
_PACKAGE = Path(__file__).resolve().parents[1]
REORDERED = {"reassoc", "contract", "arcp", "nsz"}
"""For `fastmath`: sums may be reordered for speed, but infinities and NaN keep their meaning."""
_COMPILED = ("law", "update", "simulate", "outcomes")
"""Parts of the package that hold compiled functions."""


class Compiler(Protocol):
    """A decorator that compiles functions."""

    def __call__[F: Callable[..., Any]](self, function: F, /) -> F:
        """Return the function, compiled at first use."""
        ...


def compiling(**options: Any) -> Compiler:
    """Return a decorator that compiles at first use and keeps what it compiled.

    Parameters
    ----------
    options
        Of `numba.njit`, beside its error model, which is NumPy's: dividing by zero gives infinity.
    """

    def compiled[F: Callable[..., Any]](function: F, /) -> F:
        # where code is kept is asked when a function is decorated; other packages keep their places
        before = _CONFIG.CACHE_DIR
        _CONFIG.CACHE_DIR = _folder()
        try:
            made: F = numba.njit(cache=True, error_model="numpy", **options)(function)
            return made
        finally:
            _CONFIG.CACHE_DIR = before

    return compiled


def source_hash(*folders: Path) -> str:
    """Return the SHA-256 of the Python sources that stand in folders."""
    digest = hashlib.sha256()
    for file in sorted(file for folder in folders for file in folder.glob("*.py")):
        digest.update(file.name.encode("utf-8"))
        digest.update(file.read_bytes())
    return digest.hexdigest()


@cache
def _folder() -> str:
    """Make the folder, and remove those of older sources; numba's own choice if it cannot be."""
    name = source_hash(*(_PACKAGE / part for part in _COMPILED))[:16]
    for place in (_PACKAGE / "__pycache__", Path.home() / ".cache" / "backtwin"):
        kept = place / "compiled"
        try:
            (kept / name).mkdir(parents=True, exist_ok=True)
        except OSError:
            continue
        for other in kept.iterdir():
            if other.name != name:
                shutil.rmtree(other, ignore_errors=True)
        return str(kept / name)
    return str(_CONFIG.CACHE_DIR)
