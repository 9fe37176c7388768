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
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import pandas as pd
import xarray as xr
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from priors.near import nearest
from twin.cohort import Cohort
from twin.cohort.cohort import Covariate
from twin.errors import InputError, Problem, from_validation
from twin.fit.frame import Frame, frame_of
from twin.instruments import Instrument, instrument, misfits

_Finite = Annotated[float, Field(allow_inf_nan=False)]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Visit(BaseModel):
    """One visit; beside these keys each outcome of the fit may have its score.

    Attributes
    ----------
    week
        Weeks since the person's baseline.
    work_status
        State at the visit.
    days_absent
        Days absent from work, as the fit's cohort reported them.
    """

    model_config = ConfigDict(frozen=True, extra="allow")
    __pydantic_extra__: dict[str, _Finite | None]

    week: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    work_status: Literal["working", "restricted", "sick_listed", "permanently_out"] | None = None
    days_absent: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None


class PersonDocument(_Frozen):
    """A person whom a fit never saw.

    Attributes
    ----------
    patient
        Id.
    arm, cluster, body_region
        As in a cohort; None where unknown: usual care, no clinic, the fit's own region.
    labour_force
        Whether the person is in the labour force.
    covariates
        By the fit's names; what is left out is filled.
    instruments
        Of outcomes that were scored on another scale than the cohort's, by name in the catalogue.
    visits
        What was seen so far.
    """

    patient: Annotated[str, Field(min_length=1)]
    arm: str | None = None
    cluster: str | None = None
    body_region: Literal["low_back", "neck", "both", "other"] | None = None
    labour_force: bool = False
    covariates: dict[str, bool | _Finite | str | None] = {}
    instruments: dict[str, str] = {}
    visits: tuple[Visit, ...] = ()


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
    scales = _scales(frame, people, where)
    problems = [problem for one in people for problem in _wrong(frame, scales, one, where)]
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


def _scales(frame: Frame, people: Sequence[PersonDocument], where: str) -> dict[str, Instrument]:
    """Return the instrument of each outcome: one for all people of a file."""
    scales, problems = dict(frame.outcomes), []
    for one in people:
        for outcome, name in one.instruments.items():
            if outcome not in frame.outcomes:
                problems.append(_not_an_outcome(frame, outcome, where))
            elif scales[outcome].name not in (frame.outcomes[outcome].name, name):
                rule = (
                    f"differs from {scales[outcome].name}, by which others of the file are scored"
                )
                problems.append(Problem(where, rule, column=f"instruments.{outcome}", value=name))
            else:
                scales[outcome] = instrument(name)
    for outcome, scale in scales.items():
        if scale.name == frame.outcomes[outcome].name:
            continue
        problems += [
            Problem(
                where,
                f"says nothing of the instrument of {outcome}, which others score by {scale.name}",
                column="instruments",
                value=one.patient,
                remedy="People who are scored by different instruments go into files of their own.",
            )
            for one in people
            if outcome not in one.instruments
        ]
    if problems:
        raise InputError(problems)
    return scales


def _not_an_outcome(frame: Frame, name: str, where: str) -> Problem:
    known = list(frame.outcomes)
    remedy = f"Outcomes of the fit: {', '.join(known)}.{nearest(name, known)}"
    return Problem(where, "is not an outcome of the fit", value=name, remedy=remedy)


def _wrong(
    frame: Frame, scales: dict[str, Instrument], one: PersonDocument, where: str
) -> Iterator[Problem]:
    for name, value in one.covariates.items():
        if name not in frame.covariates:
            known = list(frame.covariates)
            remedy = f"Covariates of the fit: {', '.join(known) or 'none'}.{nearest(name, known)}"
            yield Problem(where, "is not a covariate of the fit", value=name, remedy=remedy)
        elif isinstance(value, str) != (frame.covariates[name].kind == "nominal"):
            kind = frame.covariates[name].kind
            if value is not None:
                yield Problem(where, f"is {kind}", column=f"covariates.{name}", value=value)
    weeks = [visit.week for visit in one.visits]
    for week in sorted({week for week in weeks if weeks.count(week) > 1}):
        yield Problem(where, "is told twice", column="visits.week", value=f"{week:g}")
    for visit in one.visits:
        for name, score in (visit.__pydantic_extra__ or {}).items():
            if name not in frame.outcomes:
                yield _not_an_outcome(frame, name, where)
            elif score is not None and bool(misfits(scales[name], [score])[0]):
                yield Problem(where, f"is no score of {scales[name]}", column=name, value=score)
        if not one.labour_force and (visit.work_status or visit.days_absent is not None):
            yield Problem(
                where,
                "is told of somebody outside the labour force",
                column="visits.work_status",
                value=visit.work_status or f"{visit.days_absent:g} days absent",
                remedy="Say labour_force: true, or leave work out.",
            )


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
