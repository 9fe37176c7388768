"""One person's data, and what each draw of the population expects of that person."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from twin.law.grid import Floats, Ints
from twin.law.records import Records, WorkRecords

from .stack import Stack


class Data(NamedTuple):
    """One person's records as the compiled likelihood takes them, some copies of them in a row.

    Copies let one call weigh several candidates. Names are those of `records.ScoreRecords`.
    """

    arm: Ints
    n_scores: Ints
    week: Floats
    outcome: Ints
    severity: Floats
    end: Ints
    rounding_variance: Floats
    work: WorkRecords
    """Of nobody where the person has no work process."""

    @property
    def n_ends(self) -> int:
        """Number of scores at an end of their scale."""
        return int((self.end[0] != 0).sum())

    @property
    def works(self) -> bool:
        """Whether the person has a work process."""
        return len(self.work.worker) > 0

    @property
    def empty(self) -> bool:
        """Whether nothing was recorded."""
        return not self.works and self.n_scores[0] == 0


class Placed(NamedTuple):
    """What every draw expects of one person: affine in the coordinates `x`.

    These are the rate's standard normal and those of the missing covariates.
    """

    log_rate: Floats
    """At the origin, shape (draw, outcome)."""
    log_rate_slope: Floats
    """By coordinate, alike for all outcomes, shape (draw, coordinate)."""
    linear: Floats
    """Mean of the linear effects at the origin, shape (draw, linear effect)."""
    linear_slope: Floats
    """By coordinate, shape (draw, coordinate, linear effect)."""


def data_of(records: Records, person: int, copies: int) -> Data:
    """Return one person's data.

    Parameters
    ----------
    records
        Of whoever; nothing of the others is read, nor how many they are.
    person
        Row.
    copies
        How many.
    """
    scores = records.scores
    n = max(int(scores.n_scores[person]), 1)

    def scored(values: np.ndarray) -> np.ndarray:
        return np.ascontiguousarray(np.tile(values[person, :n], (copies, 1)))

    return Data(
        arm=np.full(copies, records.arm[person]),
        n_scores=np.full(copies, scores.n_scores[person]),
        week=scored(scores.week),
        outcome=scored(scores.outcome),
        severity=scored(scores.severity),
        end=scored(scores.end),
        rounding_variance=scored(scores.rounding_variance),
        work=_work(records, person, copies),
    )


def _work(records: Records, person: int, copies: int) -> WorkRecords:
    """Return the person's occasions and segments, counted from the first of them."""
    work = records.work
    row = np.empty(0) if work is None else np.flatnonzero(work.worker == person)
    if work is None or not row.size:
        ints, floats = np.empty(0, dtype=np.int64), np.empty(0)
        zero = np.zeros(1, dtype=np.int64)
        return WorkRecords(
            worker=ints,
            start_week=floats,
            first_occasion=zero,
            state=ints,
            days=ints,
            possible_days=ints,
            first_segment=zero,
            window_segment=ints,
            segment_cell=ints,
            segment_weeks=floats,
            segment_reported=ints,
            loss=np.zeros(3),
        )
    w = row[0]
    a, b = work.first_occasion[w], work.first_occasion[w + 1]
    s, e = work.first_segment[a], work.first_segment[b]
    occasions, segments = b - a, e - s
    copy = np.arange(copies)

    def repeated(values: np.ndarray) -> np.ndarray:
        return np.tile(values, copies)

    def counted(values: np.ndarray) -> np.ndarray:
        return np.asarray((copy[:, None] * segments + values - s).ravel())

    return WorkRecords(
        worker=copy,
        start_week=repeated(work.start_week[w : w + 1]),
        first_occasion=np.arange(copies + 1) * occasions,
        state=repeated(work.state[a:b]),
        days=repeated(work.days[a:b]),
        possible_days=repeated(work.possible_days[a:b]),
        first_segment=np.append(counted(work.first_segment[a:b]), copies * segments),
        window_segment=counted(work.window_segment[a:b]),
        segment_cell=repeated(work.segment_cell[s:e]),
        segment_weeks=repeated(work.segment_weeks[s:e]),
        segment_reported=repeated(work.segment_reported[s:e]),
        loss=work.loss,
    )


class Gaps(NamedTuple):
    """One person's covariates: what is known, and the missing ones by their standard normals."""

    known: Floats
    """Standardised, missing ones at their expected value, shape (covariate,)."""
    column: Ints
    """Which are missing, shape (gap,)."""
    factor: Floats
    """Lower factor of the covariance of the missing ones, shape (gap, gap)."""

    def fill(self, noise: Floats) -> Floats:
        """Covariates that standard normals stand for, shapes (..., gap) to (..., covariate)."""
        filled = np.tile(self.known, (*noise.shape[:-1], 1))
        filled[..., self.column] += np.einsum("...h,gh->...g", noise, self.factor)
        return filled


def gaps_of(records: Records, person: int) -> Gaps:
    """Return one person's covariates."""
    gaps = records.gaps
    column = np.flatnonzero(gaps.place[person])
    own = gaps.place[person, column] - 1
    known = gaps.observed[person].copy()
    known[column] = gaps.mean[own]
    return Gaps(known, column, gaps.weight[own, : len(own)])


def place(stack: Stack, gaps: Gaps, arm: int, cluster: int) -> Placed:
    """Return what every draw expects of a person.

    Sums are NumPy's own: a library of linear algebra may add up in another order on more threads.
    """
    of_covariates = stack.linear_slope[:, arm, 1:]
    linear = stack.linear[:, arm, cluster] + np.einsum("c,dcq->dq", gaps.known, of_covariates)
    by_known = np.einsum("c,dc->d", gaps.known, stack.log_rate_slope[:, 1:])
    missing = np.einsum("gh,dgq->dhq", gaps.factor, of_covariates[:, gaps.column])
    missing_rate = np.einsum("gh,dg->dh", gaps.factor, stack.log_rate_slope[:, 1 + gaps.column])
    return Placed(
        log_rate=stack.log_rate + by_known[:, None],
        log_rate_slope=np.concatenate([stack.log_rate_slope[:, :1], missing_rate], axis=1),
        linear=linear,
        linear_slope=np.concatenate([stack.linear_slope[:, arm, :1], missing], axis=1),
    )
