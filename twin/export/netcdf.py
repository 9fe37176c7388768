"""Datasets and trees of them as NetCDF with their provenance."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

# random digits hardly compress: more effort than this buys little and takes long
_COMPRESSION = {"zlib": True, "complevel": 1, "shuffle": True}


def write_netcdf(data: xr.Dataset, provenance: Mapping[str, str | int], path: Path) -> None:
    """Write a dataset, with provenance among its attributes."""
    encoding: dict[str, Any] = {
        str(name): dict(_COMPRESSION)
        for name, array in data.data_vars.items()
        if np.issubdtype(array.dtype, np.number) and array.ndim
    }
    told = data.assign_attrs(provenance)
    told.to_netcdf(path, engine="netcdf4", encoding=encoding)


def write_tree(tree: xr.DataTree, provenance: Mapping[str, str | int], path: Path) -> None:
    """Write a tree of datasets, with provenance among the attributes of its root."""
    told = tree.copy()
    told.attrs = {**tree.attrs, **provenance}
    told.to_netcdf(path, engine="netcdf4")
