"""A twin keeps what it has seen: visits are added to those that are there."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import xarray as xr

from twin.cohort import Cohort
from twin.errors import InputError, Problem
from twin.fit.frame import frame_of
from twin.instruments import Instrument

from .assimilate import Assimilator


def add_visits(
    twins: xr.DataTree,
    visits: pd.DataFrame,
    *,
    workers: int = 1,
    progress: str = "",
) -> xr.DataTree:
    """Return twins that know of further visits.

    All visits are assimilated anew, with the random numbers of the first time, so that visits that
    come one by one end where those that come at once do: the same, to the last bit.

    Parameters
    ----------
    twins
        From `assimilate`, perhaps stored and read again.
    visits
        Columns ``patient``, ``week``, and any of the outcomes, ``work_status`` and ``days_absent``;
        they may lie between earlier ones.
    workers, progress
        As for `assimilate`.

    Raises
    ------
    InputError
        If a visit is of somebody unknown, or of a week that was seen already.
    """
    known = people_of(twins)
    problems = [*_strangers(known, visits), *_seen_twice(known, visits)]
    if problems:
        raise InputError(problems)
    every = pd.concat([known.visits, visits], ignore_index=True)
    return Assimilator(twins, _draws(twins)).assimilate(
        replace(known, visits=every),
        seed=int(twins.attrs["seed"]),
        workers=workers,
        recruited=bool(twins.attrs["recruited"]),
        progress=progress,
    )


def people_of(twins: xr.DataTree) -> Cohort:
    """Return the people of a tree of twins, with all that was seen of them."""
    frame = frame_of(twins)
    facts, seen = twins["constant_data"].to_dataset(), twins["observed_data"].to_dataset()
    names = ["arm", "cluster", "body_region", "labour_force", *frame.covariates]
    patients = pd.DataFrame({name: facts[name].to_numpy() for name in names})
    patients.index = pd.Index(facts["patient"].to_numpy().astype(str), name="patient")
    for name in ("arm", "cluster", "body_region", *frame.levels):
        patients[name] = _words(patients[name])
    outcomes = [str(name) for name in seen["outcome"].to_numpy()]
    return Cohort(
        name=str(twins.attrs["cohort"]),
        synthetic=bool(twins.attrs["synthetic"]),
        patients=patients.astype({"labour_force": bool}),
        visits=_visits(seen, outcomes),
        outcomes={
            name: Instrument.model_validate_json(str(facts["instrument"].sel(outcome=name).item()))
            for name in outcomes
        },
        covariates=frame.covariates,
        arms=frame.arms,
        days_absent=frame.days_absent,
    )


def _draws(twins: xr.DataTree) -> int:
    return int(twins["twins"].sizes["chain"] * twins["twins"].sizes["draw"])


def _visits(seen: xr.Dataset, outcomes: list[str]) -> pd.DataFrame:
    there = np.isfinite(seen["week"].to_numpy())
    person, _ = np.nonzero(there)
    work = seen["work_status"].to_numpy()[there]
    return pd.DataFrame(
        {
            "patient": seen["patient"].to_numpy().astype(str)[person],
            "week": seen["week"].to_numpy()[there],
            **{name: seen["score"].sel(outcome=name).to_numpy()[there] for name in outcomes},
            "work_status": _words(pd.Series(work)),
            "days_absent": seen["days_absent"].to_numpy()[there],
        }
    )


def _words(stored: pd.Series) -> pd.Series:
    """Texts, missing where they were stored empty."""
    return stored.astype(object).where(stored != "", None).astype("str")


def _strangers(known: Cohort, visits: pd.DataFrame) -> list[Problem]:
    there = set(known.patients.index)
    remedy = "Assimilate this person first."
    return [
        Problem("visits", "is nobody among the twins", column="patient", value=one, remedy=remedy)
        for one in sorted(set(visits["patient"].astype(str)) - there)
    ]


def _seen_twice(known: Cohort, visits: pd.DataFrame) -> list[Problem]:
    both = visits.merge(known.visits[["patient", "week"]], on=["patient", "week"])
    return [
        Problem(
            "visits",
            f"is a week at which {patient} was seen already",
            column="week",
            value=f"{week:g}",
            remedy="Leave the visit out, or assimilate the person anew with the corrected one.",
        )
        for patient, week in zip(both["patient"], both["week"], strict=True)
    ]
