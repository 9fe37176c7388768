"""What a next visit would tell, as a table."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import xarray as xr

from twin.fit.whole import whole_file

NEXT_VISIT_CSV = "next_visit.csv"


def next_visit_table(outlook: Mapping[str, xr.Dataset]) -> pd.DataFrame:
    """Return a row for each person, outcome, measurement and week of a visit.

    Parameters
    ----------
    outlook
        From `twin.assimilate.next_visit`, by outcome.

    Returns
    -------
    pandas.DataFrame
        Columns ``patient``, ``outcome``, ``foretold_week``, ``measurement``, ``visit_week``,
        ``expected``, ``sd_now``, ``sd_after`` (score units), ``share`` and ``share_error``.
    """
    tables = []
    for outcome, found in outlook.items():
        table = found.to_dataframe().reset_index().dropna(subset=["share"])
        tables.append(
            table.assign(outcome=outcome, foretold_week=found.attrs["week"])[
                [
                    *("patient", "outcome", "foretold_week", "measurement", "visit_week"),
                    *("expected", "sd_now", "sd_after", "share", "share_error"),
                ]
            ]
        )
    return pd.concat(tables, ignore_index=True)


def write_next_visit(outlook: Mapping[str, xr.Dataset], folder: Path) -> Path:
    """Write `next_visit_table` as CSV and return its path."""
    path = folder / NEXT_VISIT_CSV
    with whole_file(path) as beside:
        next_visit_table(outlook).to_csv(beside, index=False, lineterminator="\n")
    return path
