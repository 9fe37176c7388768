"""What was observed and what is known of people, kept with the fit so that it explains itself."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from twin.cohort import Cohort


def observed_data(cohort: Cohort) -> xr.Dataset:
    """Return a cohort's visits as arrays, padded where people have fewer.

    Returns
    -------
    xr.Dataset
        Dims patient, visit (counted from 0 for each person), outcome; ``score`` in score units, NaN
        where missing or padded, ``week`` since baseline, NaN where padded, ``work_status``, empty
        where not seen, and ``days_absent``, NaN where not reported.
    """
    number = cohort.visits.groupby("patient").cumcount()
    numbered = cohort.visits.assign(visit=number).set_index(["patient", "visit"])
    # a person without a visit has a row of its own, all of it padding
    table = numbered.to_xarray().reindex(patient=cohort.patients.index.to_numpy(dtype=object))
    scores = [table[name].to_numpy().astype(float) for name in cohort.outcomes]
    work = table["work_status"].to_numpy().astype(object)
    return xr.Dataset(
        {
            "score": (("patient", "visit", "outcome"), np.stack(scores, axis=-1)),
            "week": (("patient", "visit"), table["week"].to_numpy()),
            "work_status": (("patient", "visit"), np.where(pd.isna(work), "", work)),
            "days_absent": (("patient", "visit"), table["days_absent"].to_numpy().astype(float)),
        },
        coords={
            "patient": table["patient"].to_numpy(),
            "visit": table["visit"].to_numpy(),
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
