"""A cohort as the law sees it: plain arrays, padded where people differ in number of visits."""

from __future__ import annotations

from typing import NamedTuple

from .covariates import CovariateGaps
from .dose import DoseCells
from .grid import Floats, Ints, TimeGrid


class ScoreRecords(NamedTuple):
    """Scores by person; dims person and score.

    A person's scores come first, padding last; they stand in order of week, on which the kernels
    rely.
    """

    n_scores: Ints
    """Number of scores of each person, shape (person,)."""
    week: Floats
    """Weeks since baseline, shape (person, score); 0 where padded."""
    outcome: Ints
    """Index of the outcome scored, shape (person, score); 0 where padded."""
    severity: Floats
    """Continuous severity behind the recorded score, shape (person, score): the middle of those
    that are recorded so; for a score at an end of its scale, the bound beyond which it lies; 0
    where padded."""
    end: Ints
    """-1 at the floor, +1 at the ceiling, else 0, shape (person, score)."""
    rounding_variance: Floats
    """Variance that rounding adds to a score inside its scale, width^2 / 12 with the width of the
    severities that are recorded alike; 0 elsewhere."""


class WorkRecords(NamedTuple):
    """What is known of the work of the people who have a work process, by worker and occasion.

    An occasion is a visit at which something was learnt: a state, days absent, or both. Occasions
    stand worker by worker in order of week. Between one and the next, and from where a worker's
    process begins to the first, time is cut into segments, each a stay in one cell of the grid;
    `work_layout.lay_work` makes them.
    """

    worker: Ints
    """Row of each worker among the people, shape (worker,)."""
    start_week: Floats
    """Week at whose level the process begins: that of the first occasion or, where its days reach
    back further, the beginning of the window; 0 where that is before baseline; shape (worker,)."""
    first_occasion: Ints
    """Where each worker's occasions begin, and the end of the last, shape (worker + 1,)."""
    state: Ints
    """State seen at each occasion, -1 where none was, shape (occasion,)."""
    days: Ints
    """Days absent that were reported there, -1 where none were, shape (occasion,)."""
    possible_days: Ints
    """Working days that they are a part of, 0 where none were reported, shape (occasion,)."""
    first_segment: Ints
    """Where the segments that lead to each occasion begin, and the end of the last, shape
    (occasion + 1,)."""
    window_segment: Ints
    """First segment of the time that the days are about, which ends at the occasion; where none
    were reported the segment after the last that leads to it; shape (occasion,)."""
    segment_cell: Ints
    """Cell of the grid; -1 before baseline, where levels are those at baseline and nothing is
    given; shape (segment,)."""
    segment_weeks: Floats
    """Length, shape (segment,)."""
    segment_reported: Ints
    """1 where reported days are about the segment, else 0, shape (segment,)."""
    loss: Floats
    """Share of a working day that each transient state loses, shape (3,)."""


class Entry(NamedTuple):
    """The rule by which people were enrolled."""

    outcome: int
    """Index of the outcome that had to reach the threshold."""
    bound: float
    """Lowest latent severity that is recorded as reaching it."""


class Records(NamedTuple):
    """Everything the likelihood needs of a cohort."""

    grid: TimeGrid
    scores: ScoreRecords
    covariate: Floats
    """Standardised, shape (person, covariate); NaN where missing."""
    gaps: CovariateGaps
    """What is missing of them."""
    cluster: Ints
    """Index of each person's cluster, shape (person,); -1 where unknown or there is none."""
    arm: Ints
    """Index of each person's arm, shape (person,); the reference arm is 0."""
    dose: DoseCells
    """Schedules of the arms, shape (arm, cell)."""
    entry: Entry | None
    work: WorkRecords | None
    """None where nobody has a work process."""
