"""People that a fit never saw, in the terms of the fit.

The fit's frame says what its parameters are about. A newcomer who lacks something has it filled by
the fit's joint normal or goes without; one who brings something that the fit knows nothing of is
told so; and one who cannot be read at all is refused, with the way out.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from priors.near import nearest
from twin.cohort import Cohort
from twin.cohort.cohort import Covariate
from twin.errors import InputError, Problem
from twin.fit.frame import Frame
from twin.instruments import Instrument
from twin.law.records import Records

from .enrolment import with_enrolment


class Newcomers(NamedTuple):
    """New people as a fit reads them."""

    cohort: Cohort
    """With the fit's outcomes, covariates and arms; scores stay on their own instruments."""
    notes: tuple[str, ...]
    """What was left out, filled or assumed, in plain words."""


def newcomers(frame: Frame, people: Cohort, *, recruited: bool = False) -> Newcomers:
    """Put new people in the terms of a fit.

    Parameters
    ----------
    frame
        How the fit reads people.
    people
        The new people.
    recruited
        Whether they were enrolled by the entry threshold of the fit's cohort.

    Raises
    ------
    InputError
        If an arm, an outcome or the level of a covariate is none of the fit's.
    """
    problems = [*_unknown_outcomes(frame, people), *_unknown_arms(frame, people)]
    problems += [p for name in frame.covariates for p in _misread(frame, people, name)]
    if problems:
        raise InputError(problems)
    notes: list[str] = []
    if frame.synthetic:
        notes.append("the population was learnt from a synthetic cohort")
    cohort = replace(
        people,
        synthetic=people.synthetic or frame.synthetic,
        patients=_patients(frame, people, notes),
        visits=_visits(frame, people, notes),
        outcomes=_outcomes(frame, people, notes),
        covariates=frame.covariates,
        arms=frame.arms,
        entry=frame.entry if recruited else None,
        days_absent=people.days_absent if people.has_days else frame.days_absent,
        # whoever is in the labour force has a work process, though nobody may have seen it
        work_unseen=frame.spec.has_work,
    )
    if recruited and frame.entry is None:
        notes.append("the fit knows no entry threshold: recruited or not is the same")
    return Newcomers(cohort, tuple(notes))


def records_of_newcomers(frame: Frame, cohort: Cohort) -> Records:
    """Return newcomers' records, the error of instruments other than the fit's included.

    Severity is a share of the scale on any instrument. Where the newcomers' one is known to repeat
    itself worse than that of the fit, by published test-retest figures, the difference of the
    squared errors is added to the variance of each score; one that repeats itself better is read
    with the error of the fit's.
    """
    data = with_enrolment(frame.records(cohort))
    extra = np.array(
        [_extra_variance(frame.outcomes[name], scale) for name, scale in cohort.outcomes.items()]
    )
    if not extra.any():
        return data
    scores = data.scores
    there = np.arange(scores.week.shape[1]) < scores.n_scores[:, None]
    variance = scores.rounding_variance + np.where(there, extra[scores.outcome], 0.0)
    return data._replace(scores=scores._replace(rounding_variance=variance))


def _extra_variance(fitted: Instrument, own: Instrument) -> float:
    if own.name == fitted.name or not (own.retest and fitted.retest):
        return 0.0
    of_own, of_fitted = (
        float(np.median([figure.sem for figure in scale.retest])) / scale.range
        for scale in (own, fitted)
    )
    return max(of_own**2 - of_fitted**2, 0.0)


def _unknown_outcomes(frame: Frame, people: Cohort) -> list[Problem]:
    known = list(frame.outcomes)
    return [
        Problem(
            f"cohort {people.name}",
            "is an outcome that the fit knows nothing of",
            value=name,
            remedy=f"Its outcomes: {', '.join(known)}.{nearest(name, known)}",
        )
        for name in people.outcomes
        if name not in known
    ]


def _unknown_arms(frame: Frame, people: Cohort) -> list[Problem]:
    if len(people.arms) == 1:  # a cohort without arms, all of it under usual care
        return []
    known = list(frame.arms)
    return [
        Problem(
            f"cohort {people.name}",
            "is an arm that the fit knows nothing of",
            column="arm",
            value=name,
            remedy=f"Its arms: {', '.join(known)}; no arms at all are read as {known[0]}."
            f"{nearest(name, known)}",
        )
        for name in sorted(people.patients["arm"].unique())
        if name not in known
    ]


def _misread(frame: Frame, people: Cohort, name: str) -> list[Problem]:
    """Return what keeps a covariate of the newcomers from being read as the fit's."""
    given, fitted = people.covariates.get(name), frame.covariates[name]
    if given is None:
        return []
    if given.kind != fitted.kind:
        rule = f"is {given.kind} where the fit's is {fitted.kind}"
        return [Problem(f"cohort {people.name}", rule, column=name, remedy="Correct its kind.")]
    if fitted.kind != "nominal":
        return []
    levels = frame.levels[name]
    return [
        Problem(
            f"cohort {people.name}",
            "is a level that the fit never met",
            column=name,
            value=level,
            remedy=f"Its levels: {', '.join(levels)}; leave it empty to have it filled."
            f"{nearest(level, levels)}",
        )
        for level in sorted(people.patients[name].dropna().unique())
        if level not in levels
    ]


def _patients(frame: Frame, people: Cohort, notes: list[str]) -> pd.DataFrame:
    patients = people.patients
    columns: dict[str, Any] = {}
    if len(people.arms) == 1:
        columns["arm"] = next(iter(frame.arms))
    for name, meaning in frame.covariates.items():
        if name not in people.covariates:
            columns[name] = _nothing(meaning, patients)
            notes.append(f"{meaning.label or name} is not given: filled from the other covariates")
    strangers = [name for name in people.covariates if name not in frame.covariates]
    notes += [f"{name} is left out: the fit knows nothing of it" for name in strangers]
    found = set(patients["body_region"].unique())
    strange = sorted(found - set(frame.body_regions))
    if strange:
        notes.append(
            f"pain in {', '.join(strange)}, where the cohort had it in "
            f"{', '.join(frame.body_regions)}: read as if it were there"
        )
    unknown = sorted(set(patients["cluster"].dropna()) - set(frame.spec.clusters))
    if unknown and frame.spec.clusters:
        notes.append(f"clusters that the fit never met are drawn anew: {', '.join(unknown)}")
    if unknown and not frame.spec.clusters:
        columns["cluster"] = pd.Series(None, patients.index, dtype="str")
        notes.append("clusters are left out: the fit has none")
    return patients.assign(**columns)


def _nothing(meaning: Covariate, patients: pd.DataFrame) -> pd.Series:
    if meaning.kind == "nominal":
        return pd.Series(None, patients.index, dtype="str")
    return pd.Series(np.nan, patients.index)


def _visits(frame: Frame, people: Cohort, notes: list[str]) -> pd.DataFrame:
    visits = people.visits
    absent: dict[str, Any] = {
        name: np.nan for name in frame.outcomes if name not in people.outcomes
    }
    notes += [f"{name} was not scored" for name in absent]
    if not frame.spec.has_work and people.has_work:
        absent |= {"work_status": None, "days_absent": np.nan}
        notes.append("work is left out: the fit has no work process")
    elif not frame.spec.has_days and people.has_days:
        absent["days_absent"] = np.nan
        notes.append("days absent are left out: the fit has none to learn their precision from")
    return visits.assign(**absent)


def _outcomes(frame: Frame, people: Cohort, notes: list[str]) -> dict[str, Instrument]:
    scales = {}
    for name, fitted in frame.outcomes.items():
        own = people.outcomes.get(name, fitted)
        scales[name] = own
        if own.name != fitted.name:
            error = (
                "with its own error"
                if own.retest and fitted.retest
                else ("with that one's error, as no test-retest figure tells the difference")
            )
            notes.append(
                f"{name} was scored by {own.name} where the cohort has {fitted.name}: read as the "
                f"same share of the scale, in its own steps and {error}"
            )
    return scales
