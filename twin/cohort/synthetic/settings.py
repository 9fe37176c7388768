"""What a generated cohort looks like: a trial of an app beside usual care."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from twin.instruments import instrument
from twin.law.work import PARTIAL_LOSS

_Share = Annotated[float, Field(ge=0, le=1)]
_Week = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class SyntheticSettings(BaseModel):
    """The design of a synthetic trial. Numbers refer to rows of the collected evidence.

    Attributes
    ----------
    kind
        ``synthetic``: the cohort is generated.
    name
        Id of the cohort.
    people
        Number enrolled; half of them in each arm.
    clusters
        Number of clinics, each with as near as can be the same number of people; 0 for none.
    visit_weeks
        Planned weeks of the visits: baseline, 6 weeks, 3, 6 and 9 months (1.5).
    visit_jitter_weeks
        Visits after baseline happen up to so many weeks earlier or later, uniformly.
    missing_shares
        Share of people who do not come to each visit: 13 % at 3 months (1.4); the others are
        assumed, rising with time and below the 17 to 30 % of SupportBack (11.15).
    missing_slope
        Rise of the log odds of staying away per unit of disability severity at the last visit
        attended: missing at random, not by what is missing. Assumed.
    pain_instrument, disability_instrument
        Instruments of the two outcomes.
    entry_minimum
        Disability score that enrolment asked for (1.1); None for no threshold.
    employed_share
        Share of people in the labour force: 59 to 62 % (3.11).
    days_absent
        Whether workers report days absent since their previous visit, beside their state.
    partial_loss
        Share of a working day that restricted work loses; seen in days absent only.
    app_start_week, app_duration_weeks, app_ramp_weeks
        When the arm ``app`` gets the app. Its effect is measured at 3 months (1.2): 13 weeks.
    grid_edges
        Cells of person time in weeks, those of the model that is to be fitted.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["synthetic"] = "synthetic"
    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")] = "synthetic"
    people: Annotated[int, Field(ge=2)] = 240
    clusters: Annotated[int, Field(ge=0)] = 12
    visit_weeks: tuple[_Week, ...] = (0, 6, 13, 26, 39)
    visit_jitter_weeks: _Week = 0.0
    missing_shares: tuple[_Share, ...] = (0, 0.10, 0.13, 0.18, 0.20)
    missing_slope: float = 2.0
    pain_instrument: str = "pain_nrs"
    disability_instrument: str = "rmdq"
    entry_minimum: float | None = 6.0
    employed_share: _Share = 0.62
    days_absent: bool = False
    partial_loss: _Share = PARTIAL_LOSS
    app_start_week: _Week = 0.0
    app_duration_weeks: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 13.0
    app_ramp_weeks: _Week = 3.0
    grid_edges: tuple[_Week, ...] = (0, 2, 4, 6, 9, 13, 19, 26, 39, 52)

    @model_validator(mode="after")
    def _visits_are_in_order(self) -> Self:
        weeks, jitter = self.visit_weeks, self.visit_jitter_weeks
        if not weeks or weeks[0] != 0:
            raise ValueError("visit_weeks: the first must be 0, the baseline")
        gaps = [later - sooner for sooner, later in pairwise(weeks)]
        if any(gap <= 0 for gap in gaps):
            raise ValueError("visit_weeks: must increase")
        if gaps and 2 * jitter >= min(gaps):
            raise ValueError("visit_jitter_weeks: must be below half the shortest gap of visits")
        if weeks[-1] + jitter > self.grid_edges[-1]:
            raise ValueError("grid_edges: must reach the last visit, visit_jitter_weeks included")
        return self

    @model_validator(mode="after")
    def _everyone_is_seen_at_baseline(self) -> Self:
        if len(self.missing_shares) != len(self.visit_weeks):
            raise ValueError("missing_shares: must have one share for each of visit_weeks")
        if self.missing_shares[0] != 0:
            raise ValueError("missing_shares: the first must be 0: the baseline visit enrols")
        if any(share == 1 for share in self.missing_shares):
            raise ValueError("missing_shares: a visit to which nobody comes is no visit")
        return self

    @model_validator(mode="after")
    def _entry_is_on_the_scale(self) -> Self:
        for name in (self.pain_instrument, self.disability_instrument):
            instrument(name)
        scale = instrument(self.disability_instrument)
        if self.entry_minimum is not None and not (
            scale.minimum <= self.entry_minimum <= scale.maximum
        ):
            raise ValueError(
                f"entry_minimum: must be {scale.minimum:g} to {scale.maximum:g} ({scale.name})"
            )
        return self
