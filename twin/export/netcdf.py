"""Datasets and trees of them as NetCDF with their provenance."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np
import xarray as xr

from twin.simulate.chunk import consecutive

# random digits hardly compress: more effort than this buys little and takes long
_COMPRESSION = {"zlib": True, "complevel": 1, "shuffle": True}
_PEOPLE = "patient"
_AT_ONCE = 2000
"""People who are written at once."""
_TOGETHER = 2**20
"""Bytes of a variable that are compressed together."""
_CACHE = 4 * _TOGETHER
"""Bytes that HDF5 holds uncompressed of each variable: unasked it holds 64 MiB of each."""


def write_netcdf(data: xr.Dataset, provenance: Mapping[str, str | int], path: Path) -> None:
    """Write a dataset, with provenance among its attributes.

    Of many people some are written at a time, as what is written is copied first.
    """
    told = data.assign_attrs(provenance)
    if told.sizes.get(_PEOPLE, 0) <= _AT_ONCE:
        told.to_netcdf(path, engine="netcdf4", encoding=_encoding(told))
        return
    with _small_cache():
        _write_by_parts(told, path)


def _write_by_parts(told: xr.Dataset, path: Path) -> None:
    parts = list(consecutive(told.sizes[_PEOPLE], _AT_ONCE))
    told.isel({_PEOPLE: slice(parts[0].start, parts[0].stop)}).to_netcdf(
        path, engine="netcdf4", encoding=_encoding(told), unlimited_dims=[_PEOPLE]
    )
    with netCDF4.Dataset(path, "a") as file:
        file.set_auto_maskandscale(False)
        for part in parts[1:]:
            for name, array in told.variables.items():
                if _PEOPLE in array.dims:
                    own = array.isel({_PEOPLE: slice(part.start, part.stop)})
                    at = (
                        slice(part.start, part.stop) if dim == _PEOPLE else slice(None)
                        for dim in array.dims
                    )
                    file[str(name)][tuple(at)] = own.to_numpy()


@contextmanager
def _small_cache() -> Iterator[None]:
    before = netCDF4.get_chunk_cache()
    netCDF4.set_chunk_cache(_CACHE, *before[1:])
    try:
        yield
    finally:
        netCDF4.set_chunk_cache(*before)


def _encoding(data: xr.Dataset) -> dict[str, Any]:
    """Compress what is numeric; of many people, so many together that each takes little to read."""
    found: dict[str, Any] = {}
    for name, array in data.data_vars.items():
        if not np.issubdtype(array.dtype, np.number) or not array.ndim:
            continue
        found[str(name)] = dict(_COMPRESSION)
        n = array.sizes.get(_PEOPLE, 0)
        if n > _AT_ONCE:
            together = min(n, max(1, _TOGETHER // (array.nbytes // n)))
            found[str(name)]["chunksizes"] = tuple(
                together if dim == _PEOPLE else size for dim, size in array.sizes.items()
            )
    return found


def write_tree(tree: xr.DataTree, provenance: Mapping[str, str | int], path: Path) -> None:
    """Write a tree of datasets, with provenance among the attributes of its root."""
    told = tree.copy()
    told.attrs = {**tree.attrs, **provenance}
    told.to_netcdf(path, engine="netcdf4")
