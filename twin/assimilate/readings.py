"""The chance of everything that one more measurement may show, given each draw of a person."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from scipy.special import ndtr

from twin.cohort import WORK_STATUSES, Cohort
from twin.fit.frame import Frame
from twin.law.expected import thresholds
from twin.law.grid import Floats
from twin.law.measurement import Scale
from twin.law.records import Records
from twin.law.work import N_TRANSIENT
from twin.update.person import data_of
from twin.update.work_chance import log_work

from .own_course import OwnCourse


def score_chances(
    own: OwnCourse, outcome: int, scale: Scale, week: float, extra_variance: float = 0.0
) -> Floats:
    """Chance of every score.

    Given the flare at the last visit nothing else that was seen tells of the flare to come: it is
    an Ornstein-Uhlenbeck process with one persistence for all outcomes.

    Parameters
    ----------
    own
        The person.
    outcome
        Position of the outcome.
    scale
        The instrument; a continuous one is cut into cells.
    week
        Of the measurement, not before the person's last visit.
    extra_variance
        Of an instrument other than the fit's.

    Returns
    -------
    Floats
        Shape (draw, score), rows summing to one.
    """
    law, draw = own.stack.law, own.draw
    kept = np.exp(-(week - own.week) / law.persistence[draw])
    mean = own.levels(week)[:, outcome] + kept * own.flare[:, outcome]
    variance = (1 - kept**2) * law.flare_covariance[draw, outcome, outcome]
    variance += law.error_variance[draw, outcome] + extra_variance
    at, _ = thresholds(scale)
    below = ndtr((at - mean[:, None]) / np.sqrt(variance)[:, None])
    return np.asarray(np.diff(below, axis=1, prepend=0.0, append=1.0))


def work_records(frame: Frame, people: Cohort, patients: pd.Index, week: float) -> list[Records]:
    """Return everybody's records as they are, then with each state seen of some at a later week."""

    def seen(state: str) -> Records:
        more = pd.DataFrame({"patient": patients, "week": week, "work_status": state})
        visits = pd.concat([people.visits, more], ignore_index=True)
        return frame.records(replace(people, visits=visits))

    return [frame.records(people), *(seen(state) for state in WORK_STATUSES[:N_TRANSIENT])]


def work_chances(own: OwnCourse, cases: list[Records], row: int) -> Floats:
    """Chance of every work state, that of having left for good last, shape (draw, state).

    Parameters
    ----------
    own
        The person.
    cases
        From `work_records`.
    row
        Of the person in these.
    """
    law, edges = own.stack.law, own.stack.edges
    logs = [
        log_work(own.log_rate, own.effects, own.draw, law, edges, data_of(records, row, 1))
        for records in cases
    ]
    seen = np.exp(np.column_stack(logs[1:]) - logs[0][:, None])
    return np.column_stack([seen, np.maximum(1 - seen.sum(axis=1), 0.0)])
