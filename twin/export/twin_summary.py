"""One row for each person, scenario, outcome and week reported."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from twin.outcomes.labelled import BENEFIT, DAYS_LOST_SAVED
from twin.outcomes.outcomes import Outcomes
from twin.simulate.chunk import consecutive

_KEYS = ["patient", "scenario", "outcome", "week"]
_BESIDE = ["important_change", "harm_change", "level"]
_AT_ONCE = 10_000
"""People who are written at once."""


def twin_summary(outcomes: Outcomes, verdicts: pd.Series | None = None) -> pd.DataFrame:
    """Return what each scenario gains each person over the comparator.

    Parameters
    ----------
    outcomes
        What was found.
    verdicts
        How credible each person is, by id, where they were assimilated into a fit.

    Returns
    -------
    pandas.DataFrame
        Columns ``patient``, ``scenario``, ``comparator``, ``outcome``, ``instrument``, ``week``,
        ``benefit_mean``, ``benefit_lower``, ``benefit_upper`` (score points, positive is better),
        ``probability_benefit`` and ``probability_harm`` with the changes that they count,
        ``important_change`` and ``harm_change``, and ``level`` of the intervals. Where the cohort
        has work data also ``days_lost_saved_mean``, ``..._lower`` and ``..._upper``, working days
        up to the horizon: the same in all rows of a person and scenario. Where there are verdicts
        also ``verdict``.
    """
    data = outcomes.people.transpose("patient", "scenario", "outcome", "week")
    numbers = [name for name in (*BENEFIT, *DAYS_LOST_SAVED) if name in data]
    table = data[numbers].to_dataframe(dim_order=_KEYS).reset_index()
    table = table.assign(comparator=outcomes.comparator, level=outcomes.level)
    for name in _KEYS[:3]:
        table[name] = table[name].astype(str)
    order = ["patient", "scenario", "comparator", "outcome", "instrument", "week"]
    chosen = table[[*order, *numbers, *_BESIDE]]
    if verdicts is None:
        return chosen
    return chosen.assign(verdict=chosen["patient"].map(verdicts))


def write_twin_summary(
    outcomes: Outcomes,
    provenance: Mapping[str, str | int],
    verdicts: pd.Series | None,
    path: Path,
) -> None:
    """Write `twin_summary` as Parquet, with provenance among the file's key-value metadata.

    Some people at a time: as a table they take many times what they take in the file.
    """
    told = {key.encode(): str(value).encode() for key, value in provenance.items()}
    writer: pq.ParquetWriter | None = None
    for some in consecutive(outcomes.people.sizes["patient"], _AT_ONCE):
        people = outcomes.people.isel(patient=slice(some.start, some.stop))
        found = twin_summary(replace(outcomes, people=people), verdicts)
        table = pa.Table.from_pandas(found, preserve_index=False)
        table = table.replace_schema_metadata({**(table.schema.metadata or {}), **told})
        writer = writer or pq.ParquetWriter(path, table.schema)
        writer.write_table(table)
    if writer is not None:
        writer.close()
