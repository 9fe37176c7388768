"""A cohort as the law sees it: plain arrays, padded where people differ in number of visits."""

from __future__ import annotations

from typing import NamedTuple

from .covariates import CovariateGaps
from .dose import DoseCells
from .grid import Floats, Ints, TimeGrid


class ScoreRecords(NamedTuple):
    """Scores by person; dims person and score. A person's scores come first, padding last."""

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
    """Work states of the people who have a work process, as intervals between observations.

    An interval is made of segments, each the stay of one person in one cell of the grid.
    """

    worker: Ints
    """Row of each worker among the people, shape (worker,)."""
    first_state: Ints
    """State at the first observation, shape (worker,)."""
    first_week: Floats
    """Week of the first observation, shape (worker,)."""
    segment_worker: Ints
    """Index into `worker`, shape (segment,)."""
    segment_cell: Ints
    """Cell of the grid, shape (segment,)."""
    segment_weeks: Floats
    """Length, shape (segment,)."""
    first_segment: Ints
    """Where each interval's segments begin, and the end of the last, shape (interval + 1,)."""
    from_state: Ints
    """State at the beginning of each interval, a transient one, shape (interval,)."""
    to_state: Ints
    """State at its end, shape (interval,)."""


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
