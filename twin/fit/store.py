"""Fits on disk, as NetCDF."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
import xarray as xr

from twin.errors import InputError, Problem

from .whole import whole_file

_ENGINE: Final = "netcdf4"
_COMPRESSION = {"zlib": True, "complevel": 4, "shuffle": True}


def save_fit(tree: xr.DataTree, path: Path) -> None:
    """Write a fit whole or not at all; see `whole_file`."""
    with whole_file(path) as beside:
        tree.to_netcdf(beside, engine=_ENGINE, encoding=_encoding(tree))


def load_fit(path: Path) -> xr.DataTree | None:
    """Read a fit into memory; None where there is none.

    Raises
    ------
    InputError
        If there is a file, but of another kind or damaged.
    """
    if not path.exists():
        return None
    try:
        # weeks since a person's baseline are numbers, whatever a reader of NetCDF takes them for
        with xr.open_datatree(
            path, engine=_ENGINE, decode_times=False, decode_timedelta=False
        ) as stored:
            return stored.load()
    except OSError as error:
        rule = f"cannot be read as a stored fit ({' '.join(str(error).split())})"
        remedy = "Fits and twins are NetCDF files: fit.nc or assimilated.nc in the folder of a run."
        raise InputError([Problem(str(path), rule, remedy=remedy)]) from error


def _encoding(tree: xr.DataTree) -> dict[str, Any]:
    """Compress what is numeric; strings cannot be."""
    return {
        group.path: {
            str(name): dict(_COMPRESSION)
            for name, array in group.data_vars.items()
            if np.issubdtype(array.dtype, np.number) and array.ndim
        }
        for group in tree.subtree
    }
