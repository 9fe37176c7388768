"""Quantities of a cohort as rows: what each is of, and its values in every draw."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
import xarray as xr

from .intervals import Floats

QUANTITIES = (
    "expected_score",
    "observed_score",
    "observed_change",
    "improved",
    "work_share",
    "weeks_in_state",
    "days_lost",
    "return_time",
)
"""In the order of tables; those on work stand last and may be absent."""

_SCORES = ("expected_score", "observed_score", "observed_change")
_STATE_SIGN = {"working": 1.0, "sick_listed": -1.0, "permanently_out": -1.0}
"""Whether more of a work status is better; restricted work lies between and has no direction."""


@dataclass(frozen=True, eq=False)
class Row:
    """One quantity at one week.

    Attributes
    ----------
    quantity
        One of `QUANTITIES`.
    outcome
        Outcome; empty for work.
    detail
        Criterion or work status; empty where there is neither.
    week
        Week since baseline; of what is added up over time, the last week.
    unit
        Unit of the values.
    people
        How many are averaged over.
    better
        1 where more is better, -1 where less is, 0 where neither can be said.
    values
        Shape (chain, draw, scenario).
    """

    quantity: str
    outcome: str
    detail: str
    week: int
    unit: str
    people: int
    better: float
    values: Floats


def rows(cohort: xr.Dataset, weeks: tuple[int, ...]) -> Iterator[Row]:
    """Yield every quantity at the weeks reported, but for those that are known in no draw."""
    for quantity in QUANTITIES:
        if quantity in cohort:
            array = cohort[quantity]
            if "week" in array.dims:
                array = array.sel(week=list(weeks))
            yield from _of(quantity, array, horizon=int(cohort["week"].to_numpy()[-1]))


def _of(quantity: str, array: xr.DataArray, horizon: int) -> Iterator[Row]:
    inner = ("outcome", "criterion", "work_status", "week")
    dims: list[str] = [dim for dim in inner if dim in array.dims]
    values = array.transpose(*dims, "chain", "draw", "scenario").to_numpy()
    labels = [[str(label) for label in array[dim].to_numpy()] for dim in dims]
    for place, names in zip(np.ndindex(values.shape[: len(dims)]), product(*labels), strict=True):
        if np.isnan(values[place]).all():
            continue
        at: dict[str, str] = dict(zip(dims, names, strict=True))
        outcome = at.get("outcome", "")
        yield Row(
            quantity=quantity,
            outcome=outcome,
            detail=at.get("criterion", at.get("work_status", "")),
            week=int(at.get("week", horizon)),
            unit=_unit(quantity, array, outcome),
            people=int(array.attrs["people"]),
            better=_better(quantity, array, at),
            values=values[place],
        )


def _unit(quantity: str, array: xr.DataArray, outcome: str) -> str:
    if quantity in _SCORES:
        return f"points on {array['instrument'].sel(outcome=outcome).item()}"
    return str(array.attrs["units"])


def _better(quantity: str, array: xr.DataArray, at: dict[str, str]) -> float:
    if quantity in _SCORES:
        worse = array["worse"].sel(outcome=at["outcome"]).item()
        return -1.0 if worse == "higher" else 1.0
    if "work_status" in at:
        return _STATE_SIGN.get(at["work_status"], 0.0)
    return 1.0 if quantity == "improved" else -1.0
