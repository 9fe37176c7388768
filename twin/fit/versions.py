"""Which code makes a fit: versions of packages, and a hash of our own sources."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from functools import cache
from importlib import metadata
from pathlib import Path
from types import MappingProxyType

from twin.law.compiling import source_hash

_PACKAGES = (
    "backtwin",
    "pymc",
    "pytensor",
    "nutpie",
    "numpyro",
    "jax",
    "numba",
    "arviz",
    "numpy",
    "xarray",
)


@cache  # they stand still while we run, and looking them up takes longer than a twin
def versions() -> Mapping[str, str]:
    """Return the versions of Python and of the packages that can change a number."""
    found = {"python": platform.python_version()} | {name: version(name) for name in _PACKAGES}
    return MappingProxyType(found)


def version(package: str) -> str:
    """Return the version of an installed package; ``"checkout"`` where it is not installed."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "checkout"


@cache  # what was loaded counts, not what is edited while it runs
def code_hash() -> str:
    """Return the SHA-256 of the sources of the law, of the update and of the fit.

    Versions stand still between releases; without this, a changed law would find the fit of the
    old one.
    """
    here = Path(__file__).resolve().parent
    return source_hash(here, here.parent / "law", here.parent / "update")
