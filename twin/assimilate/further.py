"""Further visits of people whose twins are there, as a small YAML or JSON document.

    patient: anna
    visits:
      - {week: 13, pain: 3, disability: 6, work_status: working}

Several people stand in a list. What else is known of them the twins know already.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import xarray as xr

from priors.near import nearest
from twin.cohort import Cohort
from twin.errors import InputError, Problem
from twin.fit.frame import frame_of

from .check_document import wrong
from .document import read_documents, visits_of
from .person_document import PersonDocument, Visit
from .visits import people_of, seen_twice

_SAID = {"patient", "visits"}


def read_further(path: Path, twins: xr.DataTree) -> pd.DataFrame:
    """Read further visits of people.

    Parameters
    ----------
    path
        YAML or JSON file.
    twins
        What the visits are added to.

    Returns
    -------
    pandas.DataFrame
        For `visits.add_visits`.

    Raises
    ------
    InputError
        If the file cannot be read, or says what cannot be; everything found is in it.
    """
    frame, known, where = frame_of(twins), people_of(twins), str(path)
    given = read_documents(path)
    problems = [problem for one in given for problem in _not_further(known, one, where)]
    if not problems:
        whole = [_with_what_is_known(known, one) for one in given]
        problems = [
            problem for one in whole for problem in wrong(frame, dict(known.outcomes), one, where)
        ]
    visits = visits_of(frame, given)
    problems += seen_twice(known, visits, where)
    if problems:
        raise InputError(problems)
    return visits


def _not_further(known: Cohort, one: PersonDocument, where: str) -> Iterator[Problem]:
    patients = list(known.patients.index)
    if one.patient not in patients:
        remedy = f"Assimilate this person first.{nearest(one.patient, patients)}"
        yield Problem(where, "is nobody among the twins", None, "patient", one.patient, remedy)
    for name in sorted(one.model_fields_set - _SAID):
        remedy = "Leave it out, or assimilate the person anew with all visits."
        rule = f"of {one.patient} is known already: only visits are added"
        yield Problem(where, rule, value=name, remedy=remedy)


def _with_what_is_known(known: Cohort, one: PersonDocument) -> PersonDocument:
    """Put earlier work states beside a person's new visits, which must go with them."""
    before = known.visits[known.visits["patient"] == one.patient].dropna(subset=["work_status"])
    weeks = {visit.week for visit in one.visits}
    seen = [
        Visit.model_validate({"week": week, "work_status": state})
        for week, state in zip(before["week"], before["work_status"], strict=True)
        if week not in weeks
    ]
    labour_force = bool(known.patients.loc[one.patient, "labour_force"])
    return one.model_copy(update={"labour_force": labour_force, "visits": (*seen, *one.visits)})
