"""Everyone's own parameters given draws of the population, whoever these were learnt from."""

from __future__ import annotations

import numpy as np
import xarray as xr

from twin.cohort import Cohort
from twin.law.dose import DoseCells
from twin.law.grid import TimeGrid
from twin.law.parameters import ModelSpec
from twin.law.records import Records
from twin.update.everyone import Run, gather, update_everyone
from twin.update.stack import Stack, stack

from .draws import populations
from .people import labelled_people, last_weeks, with_missing

_MEANINGS = {
    "population_draw": "draw of the population that this draw of the person belongs to",
    "pareto_k": "shape of the tail of the importance weights; above 0.7 not to be relied on",
    "ess": "effective number of draws",
    "log_evidence": "log density of what was recorded of the person, before it was seen",
    "method": "how the person was updated",
}


def stacked(spec: ModelSpec, posterior: xr.Dataset, grid: TimeGrid, arms: DoseCells) -> Stack:
    """Return a posterior's draws side by side, chain by chain; see `update.stack.stack`."""
    return stack([population for _, _, population in populations(spec, posterior)], grid, arms)


def updated_people(
    cohort: Cohort,
    spec: ModelSpec,
    records: Records,
    posterior: xr.Dataset,
    drawn_from: Stack,
    run: Run,
    *,
    reweigh: bool,
) -> xr.Dataset:
    """Draw everyone's parameters from the own data, given draws of the population.

    Parameters
    ----------
    cohort, spec, records
        The people; records hold them in the cohort's order.
    posterior, drawn_from
        Draws of the population, and the same from `stacked`.
    run
        Seed, threads and progress.
    reweigh
        Whether people's data tell of the population too: true for those whom it was not learnt
        from, false for those whom it was.

    Returns
    -------
    xr.Dataset
        As `people.extract_people` returns it; if `reweigh`, with ``population_draw`` (chain, draw,
        patient), the position, chain by chain, of the draw of the population that each draw
        belongs to, and for each patient ``pareto_k``, ``ess``, ``log_evidence`` and ``method``.
    """
    patients = [str(patient) for patient in cohort.patients.index]
    weeks = last_weeks(cohort, records)
    everyone = update_everyone(drawn_from, records, patients, weeks, run, reweigh=reweigh)
    found = gather(everyone, len(patients), drawn_from)
    sizes = (posterior.sizes["chain"], posterior.sizes["draw"])
    parameters = {
        name: values.reshape(*sizes, *values.shape[1:]) for name, values in found.parameters.items()
    }
    people = labelled_people(cohort, spec, posterior, parameters, weeks)
    missing = found.missing.reshape(*sizes, -1) if found.missing.size else np.empty((*sizes, 0))
    people = with_missing(people, spec, missing, np.nonzero(records.gaps.place))
    if not reweigh:
        return people
    return _with_diagnostics(
        people,
        {
            "population_draw": (("chain", "draw", "patient"), found.draw.reshape(*sizes, -1)),
            "pareto_k": ("patient", found.pareto_k),
            "ess": ("patient", found.ess),
            "log_evidence": ("patient", found.log_evidence),
            "method": ("patient", np.array(found.method, dtype=object)),
        },
    )


def _with_diagnostics(people: xr.Dataset, found: dict[str, tuple[object, ...]]) -> xr.Dataset:
    told = people.assign(found)
    for name, meaning in _MEANINGS.items():
        told[name].attrs["long_name"] = meaning
    return told
