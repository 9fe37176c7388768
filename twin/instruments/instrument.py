"""One scale: what its scores can be, and what they say about severity."""

from __future__ import annotations

from typing import Annotated, Literal, Self

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, model_validator

FloatArray = npt.NDArray[np.float64]

TOLERANCE = 1e-9
"""How far, in score units, a score may lie off its scale: rounding of binary fractions only."""

_Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
_Finite = Annotated[float, Field(allow_inf_nan=False)]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ImportantChange(_Frozen):
    """A change that patients notice, as one publication defines it; publications conflict.

    Attributes
    ----------
    value
        Size of the improvement: score units, or a fraction of the baseline score.
    scale
        Which of the two `value` is.
    source
        Publication, with the evidence row and how it was seen.
    """

    value: _Positive
    scale: Literal["absolute", "relative_to_baseline"]
    source: str


class Retest(_Frozen):
    """How much scores of unchanged people differ between two occasions.

    The figure holds both error and flare: ``sem**2 = error**2 + flare**2 (1 - rho(lag))``.
    It is never error alone.

    Attributes
    ----------
    sem
        Within-person standard deviation, score units.
    interval, level
        Published interval of `sem` and its level (0.95 for 95 %); None where not stated.
    lag_weeks
        Weeks between the occasions; None where not stated.
    n, population
        Number and kind of people.
    status
        How the figure was obtained: read on a page, derived from one, computed from records,
        or recalled and to be verified.
    cohort
        Id of the cohort that the figure came from, so that a fit to that very cohort can leave
        it out; None where no cohort of ours is concerned.
    source
        Publication or records, with the evidence row.
    """

    sem: _Positive
    interval: tuple[_Positive, _Positive] | None = None
    level: Annotated[float, Field(gt=0, lt=1)] | None = None
    lag_weeks: _Positive | None
    n: Annotated[int, Field(gt=1)]
    population: str
    status: Literal["read", "derived", "computed", "recalled"]
    cohort: str | None = None
    source: str


class Instrument(_Frozen):
    """A scale on which an outcome is scored.

    Inside the engine an outcome is a *severity*: 0 is none, 1 is the worst that the scale can
    express. The latent severity may leave [0, 1]; a recorded score may not leave the scale.

    Attributes
    ----------
    name, label
        Name in files and configuration; name for people.
    kind
        ``grid``: scores lie on `minimum`, `minimum + step`, ..., `maximum`.
        ``continuous``: any score in the range; the two ends are censored.
    minimum, maximum
        Ends of the scale, score units.
    step
        Distance between neighbouring scores; None for a continuous scale.
    worse
        Whether a ``higher`` or a ``lower`` score means a worse state.
    power
        Power of the continuous severity that a score is proportional to. With 1 people, flares and
        errors differ by as many points at any level; with 2, for sums of a diary, by more the worse
        the level, and the square roots of scores are what is normal.
    important_changes, retest
        Published figures; empty where none is in the collected evidence.
    source
        Where the scale is defined.

    Examples
    --------
    >>> from twin.instruments import instrument
    >>> float(instrument("rmdq").to_severity(6))
    0.25
    """

    name: str
    label: str
    kind: Literal["grid", "continuous"]
    minimum: _Finite
    maximum: _Finite
    step: _Positive | None = None
    worse: Literal["higher", "lower"]
    power: _Positive = 1.0
    important_changes: tuple[ImportantChange, ...] = ()
    retest: tuple[Retest, ...] = ()
    source: str

    @model_validator(mode="after")
    def _steps_span_the_range(self) -> Self:
        if self.maximum <= self.minimum:
            raise ValueError("has a maximum that is not above its minimum")
        if (self.kind == "grid") != (self.step is not None):
            raise ValueError("needs a step if it is a grid, and must have none if continuous")
        if self.step is not None:
            steps = self.range / self.step
            if abs(steps - round(steps)) > TOLERANCE:
                raise ValueError("has a range that is not a whole number of steps")
        return self

    @model_validator(mode="after")
    def _an_error_has_one_size(self) -> Self:
        if self.retest and self.power != 1:
            raise ValueError(
                "has a power other than 1 and a test-retest error in points, which would be another"
                " at every level; leave one of the two out"
            )
        return self

    @property
    def range(self) -> float:
        """Width of the scale, score units."""
        return self.maximum - self.minimum

    @property
    def step_share(self) -> float:
        """Distance between neighbouring scores as a share of the scale; 0 for a continuous one."""
        return 0.0 if self.step is None else self.step / self.range

    def to_severity(self, score: npt.ArrayLike) -> FloatArray:
        """Return scores (any shape, score units) as severities; NaN stays NaN."""
        scores = np.asarray(score, dtype=np.float64)
        above_best = scores - self.minimum if self.worse == "higher" else self.maximum - scores
        return np.asarray(above_best / self.range)

    def from_severity(self, severity: npt.ArrayLike) -> FloatArray:
        """Return severities as scores, neither rounded nor clipped: undoes `to_severity`."""
        from_best = np.asarray(severity, dtype=np.float64) * self.range
        score = self.minimum + from_best if self.worse == "higher" else self.maximum - from_best
        return np.asarray(score)

    def nearest_step(self, score: npt.ArrayLike) -> FloatArray:
        """Return the step of the scale nearest to each score, any shape; NaN stays NaN.

        Scores off the range stay off it, and those of a continuous scale stay as they are.
        """
        scores = np.asarray(score, dtype=np.float64)
        if self.step is None:
            return scores
        return np.asarray(np.round((scores - self.minimum) / self.step) * self.step + self.minimum)

    def cell(self, score: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
        """Return the shown severities that are recorded as a score.

        Parameters
        ----------
        score
            Scores on the scale, any shape; NaN gives (NaN, NaN). Not checked: see `misfits`.

        Returns
        -------
        lower, upper
            Ends of the interval of shown severity, same shape as `score`. On a grid: half a
            step either side, open-ended at the ends of the scale, so that the cells tile the
            line. Continuous: a point (``lower == upper``) inside the scale, ``(-inf, 0]`` and
            ``[1, inf)`` at its ends.
        """
        severity = np.clip(self.to_severity(score), 0.0, 1.0)
        half = 0.0 if self.step is None else self.step / (2 * self.range)
        # On a grid any score within half a step of an end is that end, rounding apart.
        edge = half or TOLERANCE / self.range
        lower = np.where(severity < edge, -np.inf, severity - half)
        upper = np.where(severity > 1 - edge, np.inf, severity + half)
        return lower, upper

    def __str__(self) -> str:
        steps = "" if self.step is None else f" in steps of {self.step:g}"
        return f"{self.name}, {self.minimum:g} to {self.maximum:g}{steps}"
