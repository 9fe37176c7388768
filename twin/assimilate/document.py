"""One new person as a small YAML or JSON document, or several of them in a list.

    patient: anna
    arm: app                # left out: usual care, the fit's reference arm
    cluster: c03            # left out: unknown
    body_region: low_back   # left out: that of the fit's cohort
    labour_force: true
    covariates: {age: 44, depression: 11}
    instruments: {disability: odi}   # where not the cohort's own
    visits:
      - {week: 0, pain: 6, disability: 38, work_status: sick_listed}
      - {week: 6, pain: 4, days_absent: 3}

Visits may come in any order; everything but the id may be left out.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
import yaml
from pydantic import ValidationError

from twin.cohort import Cohort
from twin.cohort.cohort import Covariate
from twin.errors import InputError, Problem, from_validation
from twin.fit.frame import Frame, frame_of

from .check_document import scales_of, wrong
from .person_document import PersonDocument


def read_person(path: Path, fit: xr.DataTree) -> Cohort:
    """Read one person from a YAML or JSON file, or several from a list of them.

    Parameters
    ----------
    path
        The file.
    fit
        Stored fit, whose outcomes, covariates and arms the person is told in.

    Returns
    -------
    Cohort
        For `assimilate`.

    Raises
    ------
    InputError
        If the file cannot be read or says what cannot be; everything found is in it.
    """
    try:
        text = path.read_text("utf-8")
        given = json.loads(text) if path.suffix.lower() == ".json" else yaml.safe_load(text)
    except (OSError, UnicodeDecodeError, yaml.YAMLError, json.JSONDecodeError) as error:
        reason = " ".join(str(error).split())
        raise InputError([Problem(str(path), f"cannot be read ({reason})")]) from error
    return read_people(given if isinstance(given, list) else [given], fit, str(path))


def read_people(
    given: Sequence[Any], fit: xr.DataTree, where: str = "person", name: str = "newcomers"
) -> Cohort:
    """Return new people told as `PersonDocument` describes, as a cohort.

    Parameters
    ----------
    given
        One mapping a person.
    fit
        As for `read_person`.
    where
        What messages call the source.
    name
        Of the cohort.

    Raises
    ------
    InputError
        As from `read_person`.
    """
    frame = frame_of(fit)
    people = [_document(one, where) for one in given]
    scales = scales_of(frame, people, where)
    problems = [problem for one in people for problem in wrong(frame, scales, one, where)]
    ids = [one.patient for one in people]
    problems += [
        Problem(where, "must be told once", column="patient", value=one)
        for one in sorted({one for one in ids if ids.count(one) > 1})
    ]
    if problems:
        raise InputError(problems)
    usual = next(iter(frame.arms))
    patients = pd.DataFrame(
        {
            "arm": [one.arm or usual for one in people],
            "cluster": pd.Series([one.cluster for one in people], dtype=object),
            "body_region": [one.body_region or frame.body_regions[0] for one in people],
            "labour_force": [one.labour_force for one in people],
            **{name: _column(meaning, name, people) for name, meaning in frame.covariates.items()},
        }
    )
    patients.index = pd.Index(ids, name="patient")
    return Cohort(
        name=name,
        synthetic=False,
        patients=patients,
        visits=_visits(frame, people),
        outcomes=scales,
        covariates=frame.covariates,
        arms=frame.arms,
        days_absent=frame.days_absent,
    )


def _document(given: Any, where: str) -> PersonDocument:
    try:
        return PersonDocument.model_validate(given)
    except ValidationError as error:
        raise from_validation(error, where, PersonDocument) from error


def _column(meaning: Covariate, name: str, people: Sequence[PersonDocument]) -> pd.Series:
    values = [one.covariates.get(name) for one in people]
    if meaning.kind == "nominal":
        return pd.Series(values, dtype=object)
    return pd.Series([np.nan if value is None else float(value) for value in values], dtype=float)


def _visits(frame: Frame, people: Sequence[PersonDocument]) -> pd.DataFrame:
    rows = [
        {
            "patient": one.patient,
            "week": visit.week,
            **{name: (visit.__pydantic_extra__ or {}).get(name) for name in frame.outcomes},
            "work_status": visit.work_status,
            "days_absent": visit.days_absent,
        }
        for one in people
        for visit in one.visits
    ]
    names = ["patient", "week", *frame.outcomes, "work_status", "days_absent"]
    numbers = dict.fromkeys(["week", *frame.outcomes, "days_absent"], float)
    table = pd.DataFrame(rows, columns=names).astype({**numbers, "work_status": object})
    return table.astype({"patient": str})
