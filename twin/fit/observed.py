"""What was observed and what is known of people, kept with the fit so that it explains itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from twin.cohort import Cohort

from .score_records import patient_rows


def observed_data(cohort: Cohort) -> xr.Dataset:
    """Return a cohort's visits as arrays, padded where people have fewer.

    Returns
    -------
    xr.Dataset
        Dims patient, visit (counted from 0 for each person), outcome; ``score`` in score units, NaN
        where missing or padded, ``week`` since baseline, NaN where padded, ``work_status``, empty
        where not seen, and ``days_absent``, NaN where not reported.
    """
    visits = cohort.visits
    person, number = patient_rows(cohort), visits.groupby("patient").cumcount()
    shape = (cohort.n, int(number.max()) + 1 if len(visits) else 0)
    place = (person.to_numpy(), number.to_numpy())

    def padded(values: pd.Series, nothing: object) -> npt.NDArray[Any]:
        table = np.full(shape, nothing)
        table[place] = values
        return table

    scores = [padded(visits[name].astype(float), np.nan) for name in cohort.outcomes]
    work = visits["work_status"].astype(object)
    words = padded(work.where(work.notna(), ""), np.array("", dtype=object))
    return xr.Dataset(
        {
            "score": (("patient", "visit", "outcome"), np.stack(scores, axis=-1)),
            "week": (("patient", "visit"), padded(visits["week"].astype(float), np.nan)),
            "work_status": (("patient", "visit"), words),
            "days_absent": (
                ("patient", "visit"),
                padded(visits["days_absent"].astype(float), np.nan),
            ),
        },
        coords={
            "patient": cohort.patients.index.to_numpy(dtype=object),
            "visit": np.arange(shape[1]),
            "outcome": np.asarray(list(cohort.outcomes), dtype=object),
        },
    )


def constant_data(cohort: Cohort) -> xr.Dataset:
    """Return what is known of people besides their visits, and the scales of their scores.

    Returns
    -------
    xr.Dataset
        By patient: ``arm``, ``cluster`` and ``body_region`` (empty where unknown), ``labour_force``
        (0 or 1) and every covariate, with ``label``, ``domain`` and ``units`` as attributes. By
        outcome: ``instrument``, the whole `Instrument` as JSON. Attributes: names of the
        ``covariates``, and the ``reference_arm``.
    """
    people = cohort.patients
    words = ["arm", "cluster", "body_region"]
    nominal = [name for name, meaning in cohort.covariates.items() if meaning.kind == "nominal"]
    data = xr.Dataset(
        {name: ("patient", _text(people[name])) for name in [*words, *nominal]}
        | {"labour_force": ("patient", people["labour_force"].to_numpy(int))}
        | {
            name: ("patient", people[name].to_numpy(float))
            for name in cohort.covariates
            if name not in nominal
        }
        | {
            "instrument": (
                "outcome",
                np.array([s.model_dump_json() for s in cohort.outcomes.values()], dtype=object),
            )
        },
        coords={
            "patient": people.index.to_numpy(dtype=object),
            "outcome": np.asarray(list(cohort.outcomes), dtype=object),
        },
        attrs={"covariates": list(cohort.covariates), "reference_arm": next(iter(cohort.arms))},
    )
    for name, meaning in cohort.covariates.items():
        label = meaning.label or name
        data[name].attrs.update(label=label, domain=meaning.domain, units=meaning.unit)
    return data


def _text(values: pd.Series[str]) -> npt.NDArray[np.object_]:
    return np.asarray(values.fillna("").astype(str), dtype=object)
