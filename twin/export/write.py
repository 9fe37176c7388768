"""A run's files for programs, each whole or not at all."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import xarray as xr

from twin.fit.whole import whole_file
from twin.outcomes.outcomes import Outcomes
from twin.outcomes.settings import OutcomeSettings
from twin.outcomes.table import contrasts as contrast_table
from twin.outcomes.table import scenario_summary
from twin.simulate.design import Design

from .assimilated import assimilated
from .document import document
from .facts import ExportFacts
from .netcdf import write_netcdf
from .schema import check
from .twin_summary import write_twin_summary

SUMMARY_CSV = "scenario_summary.csv"
CONTRASTS_CSV = "contrasts.csv"
CARE_CSV = "care.csv"
TWIN_SUMMARY = "twin_summary.parquet"
TRAJECTORIES = "trajectories.nc"
TWINS = "twins.nc"
SUMMARY_JSON = "summary.json"


def write_exports(
    folder: Path,
    outcomes: Outcomes,
    design: Design,
    twins: xr.Dataset,
    facts: ExportFacts,
    settings: OutcomeSettings,
    *,
    summary: pd.DataFrame | None = None,
    contrasts: pd.DataFrame | None = None,
    learnt: xr.Dataset | None = None,
) -> list[Path]:
    """Write the tables, the courses, the twins and the summary of a run.

    Parameters
    ----------
    folder
        Where to; made if it is missing.
    outcomes, design, settings
        What was found, of what, and by which thresholds.
    twins
        Person parameters, as `twin.fit.people.extract_people` gives them.
    facts
        Where all this comes from.
    summary, contrasts
        The tables of `twin.outcomes.table`, where they were made already.
    learnt
        From `twin.diagnose.contraction`, where effects of arms are compared with their priors.

    Returns
    -------
    list of Path
        The files, in the order in which they were written.

    Raises
    ------
    ValueError
        If the summary does not keep its contract; nothing is written then.
    """
    if summary is None:
        summary = scenario_summary(outcomes)
    if contrasts is None:
        contrasts = contrast_table(outcomes, facts.joint_labels())
    told = document(outcomes, design, facts, settings, summary, contrasts, learnt)
    if facts.assimilated_into is not None:
        told["assimilated"] = {"into": facts.assimilated_into, "people": assimilated(twins)}
    check(told)

    provenance = facts.attributes()
    paths = []
    tables = {SUMMARY_CSV: summary, CONTRASTS_CSV: contrasts, CARE_CSV: outcomes.care}
    for name, table in tables.items():
        with whole_file(folder / name) as beside:
            table.to_csv(beside, index=False, lineterminator="\n")
        paths.append(folder / name)
    with whole_file(folder / TWIN_SUMMARY) as beside:
        unseen = facts.assimilated_into is not None
        verdicts = twins["verdict"].to_series() if unseen else None
        write_twin_summary(outcomes, provenance, verdicts, beside)
    paths.append(folder / TWIN_SUMMARY)
    for name, data in ((TRAJECTORIES, outcomes.trajectories), (TWINS, twins)):
        with whole_file(folder / name) as beside:
            write_netcdf(data, provenance, beside)
        paths.append(folder / name)
    with whole_file(folder / SUMMARY_JSON) as beside:
        text = json.dumps(told, indent=2, allow_nan=False, ensure_ascii=False)
        beside.write_text(text + "\n", encoding="utf-8")
    return [*paths, folder / SUMMARY_JSON]
