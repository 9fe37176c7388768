"""The convergence gate as a table."""

from __future__ import annotations

from typing import NamedTuple

import xarray as xr

from twin.fit.gate_report import Check, GateReport

from .digits import NOTHING


class GateRow(NamedTuple):
    """One rule, and the quantity that comes nearest to breaking it."""

    rule: str
    found: str
    worst: str
    passed: bool
    failing: str


def gate_rows(fit: xr.DataTree) -> list[GateRow]:
    """Return what the gate found in a fit; none where the fit does not say."""
    stored = fit.attrs.get("gate")
    if stored is None:
        return []
    return [_row(check) for check in GateReport.model_validate_json(stored).rows]


def _row(check: Check) -> GateRow:
    found = NOTHING if check.found != check.found else f"{check.found:.4g}"
    failing = f"{len(check.failing)} fail" if check.failing else ""
    return GateRow(check.rule, found, check.worst, check.passed, failing)
