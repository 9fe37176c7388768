"""Whole simulated paths of a few people, every draw and week, for whoever wants to look at them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr

from twin.law.work import WORK_STATES

from .person import simulate_person
from .prepared import Prepared


def full_paths(prepared: Prepared, patients: Sequence[str]) -> xr.Dataset:
    """Simulate people again and keep everything: the shocks are theirs, so it is the same.

    Parameters
    ----------
    prepared
        From `prepare.prepare`.
    patients
        Ids of people of the design.

    Returns
    -------
    xr.Dataset
        ``expected_score`` and ``recorded_score`` (scenario, chain, draw, patient, week, outcome)
        in score units, and ``work_state`` (scenario, chain, draw, patient, week): the code of the
        state at the week's end, named in its attributes, -1 without a work process.
    """
    design = prepared.design
    found = [simulate_person(prepared, design.patients.index(patient)) for patient in patients]
    expected, recorded, work = (
        np.stack(part, axis=2) for part in list(zip(*found, strict=True))[:3]
    )
    split = (len(design.scenarios), design.n_chains, design.n_draws)
    dims = ("scenario", "chain", "draw", "patient", "week")
    states = {"flag_values": np.arange(len(WORK_STATES)), "flag_meanings": " ".join(WORK_STATES)}
    return xr.Dataset(
        {
            "expected_score": (
                (*dims, "outcome"),
                expected.reshape(*split, *expected.shape[2:]),
                {"long_name": "expected recorded score", "units": "score"},
            ),
            "recorded_score": (
                (*dims, "outcome"),
                recorded.reshape(*split, *recorded.shape[2:]),
                {"long_name": "one simulated recorded score", "units": "score"},
            ),
            "work_state": (
                dims,
                work.reshape(*split, *work.shape[2:]),
                {"long_name": "work state at the week's end", **states},
            ),
        },
        coords={
            "scenario": np.asarray(design.scenarios, dtype=object),
            "chain": np.arange(design.n_chains),
            "draw": np.arange(design.n_draws),
            "patient": np.asarray(patients, dtype=object),
            "week": ("week", design.weeks, {"units": "week", "long_name": "time since baseline"}),
            "outcome": np.asarray(design.outcomes, dtype=object),
        },
    )
