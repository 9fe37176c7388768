"""What files say of people whom the fit never saw: how credible, and how well they are told."""

from __future__ import annotations

import math
from typing import Any

import xarray as xr


def assimilated(twins: xr.Dataset) -> dict[str, dict[str, Any]]:
    """Return what is said of each person, by id, ready for JSON.

    Parameters
    ----------
    twins
        From `twin.assimilate.assimilate`, with what `twin.assimilate.credibility` found.
    """
    return {
        str(patient): {
            "verdict": str(one["verdict"].item()),
            "surprise": float(one["surprise"].item()),
            "beyond": _number(one["beyond"]),
            "farthest": str(one["farthest"].item()) or None,
            "method": str(one["method"].item()),
            "pareto_k": _number(one["pareto_k"]),
            "effective_size": float(one["ess"].item()),
        }
        for patient in twins["patient"].to_numpy()
        for one in [twins.sel(patient=patient)]
    }


def _number(value: xr.DataArray) -> float | None:
    return float(value.item()) if math.isfinite(value.item()) else None
