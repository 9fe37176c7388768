"""What one more measurement would buy: by how much it is expected to narrow a prediction.

Asked before the measurement is made, and so of every reading that it may show, each by its chance.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from twin.cohort import Cohort
from twin.fit.frame import Frame, frame_of
from twin.fit.update import stacked
from twin.instruments import Instrument, instrument
from twin.law.expected import expected_severity
from twin.law.grid import Floats
from twin.law.measurement import Scale
from twin.law.records import Records
from twin.update.worth import Worth, worth

from .check_next_visit import check
from .newcomers import extra_variance
from .own_course import OwnCourse
from .readings import score_chances, work_chances, work_records
from .visits import people_of

WORK_STATE = "work state"
"""What the measurement of a work state is called."""
_OUT = "permanently_out"


def next_visit(
    twins: xr.DataTree,
    weeks: Sequence[float],
    *,
    outcome: str,
    week: float,
    others: Mapping[str, Sequence[str]] | None = None,
) -> xr.Dataset:
    """Return what one more measurement would tell of everyone's expected score at a week.

    The expected score is that under the person's own arm, flare and error averaged out: that of
    which more can be known. The score that will be recorded stays as uncertain by these two.

    Parameters
    ----------
    twins
        From `assimilate`, or a fit.
    weeks
        At which a visit is thought of, weeks since baseline.
    outcome, week
        The expected score that is to be known better, and when.
    others
        By outcome, further instruments that it may be measured by: read as the same share of their
        scale, with their own error, as `assimilate` reads them.

    Returns
    -------
    xr.Dataset
        Dims patient, measurement, visit_week: ``sd_after``, the root of the expected variance of
        the expected score once this one measurement is known, score units; ``share``, the share of
        the variance that is expected to go, and ``share_error``, its Monte-Carlo error. NaN for a
        week that is not after the person's last visit, and for the work state of whoever has no
        work process. For each patient ``expected``, the mean, and ``sd_now``. Attributes
        ``outcome`` and ``week``.

    Raises
    ------
    InputError
        If the outcome or an instrument is unknown, or a week is beyond the grid of person time, or
        a visit not after the last one of anybody.

    Examples
    --------
    >>> found = next_visit(twins, [13], outcome="disability", week=26)  # doctest: +SKIP
    """
    frame, people = frame_of(twins), people_of(twins)
    drawn = twins["twins"].to_dataset()
    ahead = _ahead(people, drawn, weeks)
    check(frame, outcome, week, weeks, ahead, others or {})
    measured = _measured(frame, people, others or {})
    stack = stacked(frame.spec, twins["posterior"].to_dataset(), frame.time_grid, frame.dose)
    everyone = [
        OwnCourse.of(stack, drawn.sel(patient=patient), list(frame.arms).index(str(arm)))
        for patient, arm in people.patients["arm"].items()
    ]
    scale, position = people.outcomes[outcome], list(frame.outcomes).index(outcome)
    expected = [_expected(own, position, scale, week) for own in everyone]
    names = [*measured, *([WORK_STATE] if frame.spec.has_work else [])]
    found = np.full((len(everyone), len(names), len(weeks), len(Worth._fields)), np.nan)
    for column, at in enumerate(weeks):
        asked = ahead[:, column] & _may_work(frame, people)
        cases = work_records(frame, people, people.patients.index[asked], at) if any(asked) else []
        for row in np.flatnonzero(ahead[:, column]).tolist():
            chances = _chances(everyone[row], measured, at, cases if asked[row] else [], row)
            for place, chance in enumerate(chances):
                found[row, place, column] = worth(chance, expected[row])
    told: dict[str, str | float] = {"outcome": outcome, "week": float(week)}
    return _labelled(found, np.array(expected), people, names, weeks, told)


class _Measured(NamedTuple):
    """One way to score an outcome."""

    outcome: int
    scale: Scale
    extra_variance: float


def _measured(
    frame: Frame, people: Cohort, others: Mapping[str, Sequence[str]]
) -> dict[str, _Measured]:
    """Every instrument that may be used, by outcome and name."""
    found = {}
    for position, (outcome, own) in enumerate(people.outcomes.items()):
        scales = [own, *(instrument(name) for name in others.get(outcome, ()))]
        for scale in scales:
            extra = extra_variance(frame.outcomes[outcome], scale)
            found[f"{outcome} by {scale.name}"] = _Measured(position, Scale.of(scale), extra)
    return found


def _ahead(people: Cohort, drawn: xr.Dataset, weeks: Sequence[float]) -> NDArray[np.bool_]:
    """Whether each visit thought of comes after a person's last, shape (patient, visit)."""
    last = np.where(
        people.patients.index.isin(people.visits["patient"]), drawn["week_now"].to_numpy(), -np.inf
    )
    return np.asarray(np.asarray(weeks, dtype=float) > last[:, None])


def _may_work(frame: Frame, people: Cohort) -> NDArray[np.bool_]:
    """Who has a work process that is not over, shape (patient,)."""
    gone = people.visits.loc[people.visits["work_status"] == _OUT, "patient"]
    at_all = people.patients["labour_force"].to_numpy(bool) & frame.spec.has_work
    return np.asarray(at_all & ~people.patients.index.isin(gone))


def _expected(own: OwnCourse, outcome: int, scale: Instrument, week: float) -> Floats:
    """Score expected at a week in every draw."""
    law, draw = own.stack.law, own.draw
    variance = law.flare_covariance[draw, outcome, outcome] + law.error_variance[draw, outcome]
    severity = expected_severity(own.levels(week)[:, outcome], variance, Scale.of(scale))
    return np.asarray(scale.from_severity(severity))


def _chances(
    own: OwnCourse, measured: Mapping[str, _Measured], week: float, cases: list[Records], row: int
) -> Iterator[Floats]:
    """Chances of the readings of each measurement, the work state last."""
    for one in measured.values():
        yield score_chances(own, one.outcome, one.scale, week, one.extra_variance)
    if cases:
        yield work_chances(own, cases, row)


def _labelled(
    found: Floats,
    expected: Floats,
    people: Cohort,
    names: list[str],
    weeks: Sequence[float],
    told: dict[str, str | float],
) -> xr.Dataset:
    dims = ("patient", "measurement", "visit_week")
    dataset = xr.Dataset(
        {
            "expected": ("patient", expected.mean(axis=1)),
            "sd_now": ("patient", expected.std(axis=1, ddof=1)),
            "sd_after": (dims, found[..., Worth._fields.index("sd_after")]),
            "share": (dims, found[..., Worth._fields.index("share")]),
            "share_error": (dims, found[..., Worth._fields.index("error")]),
        },
        {
            "patient": people.patients.index.to_numpy(dtype=object),
            "measurement": np.array(names, dtype=object),
            "visit_week": np.asarray(weeks, dtype=float),
        },
        told,
    )
    for name, meaning in _MEANINGS.items():
        dataset[name].attrs["long_name"] = meaning
    return dataset


_MEANINGS = {
    "expected": "mean of the expected score, score units",
    "sd_now": "its standard deviation, score units",
    "sd_after": "root of its variance expected once the measurement is known, score units",
    "share": "share of its variance that the measurement is expected to remove",
    "share_error": "Monte-Carlo standard error of the share",
}


def in_words(found: xr.Dataset, patient: str) -> str:
    """Return what each measurement would tell of a person, the most telling first.

    Parameters
    ----------
    found
        From `next_visit`.
    patient
        Who.
    """
    own = found.sel(patient=patient)
    asked = own.stack(asked=("visit_week", "measurement")).dropna("asked", subset=["share"])
    head = (
        f"Next visit of {patient}: {found.attrs['outcome']} expected at week "
        f"{found.attrs['week']:g} is {own['expected'].item():.1f}, SD {own['sd_now'].item():.2f}"
    )
    order = asked["share"].to_numpy().argsort(kind="stable")[::-1]
    lines = [_line(asked.isel(asked=place)) for place in order]
    return "\n".join([head, *lines])


def _line(one: xr.Dataset) -> str:
    share, error = max(one["share"].item(), 0.0), one["share_error"].item()
    return (
        f"  week {one['visit_week'].item():g}: {one['measurement'].item():<24} leaves an SD of "
        f"{one['sd_after'].item():.2f}, {share:.0%} of the variance gone (± {error:.0%})"
    )
