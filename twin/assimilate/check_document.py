"""What is wrong with documents about new people, beyond their form."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from priors.near import nearest
from twin.errors import InputError, Problem
from twin.fit.frame import Frame
from twin.instruments import Instrument, instrument, misfits

from .person_document import PersonDocument

_OUT = "permanently_out"


def scales_of(frame: Frame, people: Sequence[PersonDocument], where: str) -> dict[str, Instrument]:
    """Return the instrument of each outcome: one for all people of a file.

    Raises
    ------
    InputError
        If people differ in one, or it is of no outcome of the fit.
    """
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


def wrong(
    frame: Frame, scales: dict[str, Instrument], one: PersonDocument, where: str
) -> Iterator[Problem]:
    """Yield what a document says that cannot be, by the fit's own terms."""
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
    was_out = False
    for visit in sorted(one.visits, key=lambda visit: visit.week):
        for name, score in (visit.__pydantic_extra__ or {}).items():
            if name not in frame.outcomes:
                yield _not_an_outcome(frame, name, where)
            elif score is not None and bool(misfits(scales[name], [score])[0]):
                yield Problem(where, f"is no score of {scales[name]}", column=name, value=score)
        if was_out and visit.work_status not in (None, _OUT):
            rule = "comes after permanently_out, which is for good"
            yield Problem(where, rule, column="visits.work_status", value=visit.work_status)
        was_out = was_out or visit.work_status == _OUT
        if not one.labour_force and (visit.work_status or visit.days_absent is not None):
            yield Problem(
                where,
                "is told of somebody outside the labour force",
                column="visits.work_status",
                value=visit.work_status or f"{visit.days_absent:g} days absent",
                remedy="Say labour_force: true, or leave work out.",
            )
