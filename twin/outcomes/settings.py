"""What is read out of simulated futures."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from twin.law.work import PARTIAL_LOSS

_Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
_NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class OutcomeSettings(BaseModel):
    """Thresholds, weeks and the level of intervals.

    Attributes
    ----------
    level
        Level of every interval; equal tails.
    relative_change
        Improvement that counts as a response, as a share of the baseline score. Shares are taken
        from the best end of the scale, so that they mean the same on every instrument.
    important_change
        Improvement that counts as important, score points by outcome. An outcome that is left out
        gets its instrument's largest published absolute change, the most demanding one.
    harm_change
        Worsening beyond which a person counts as harmed, score points by outcome; 0 where left
        out: any expected worsening is harm.
    partial_loss
        Share of a working day that is lost while work is restricted: an assumption, the one that
        was fitted with (`ModelSettings.partial_loss`).
    days_per_week
        Working days in a week.
    report_weeks
        Weeks of tables and of people's benefit. Those beyond the horizon are dropped; the horizon
        is always among them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    level: Annotated[float, Field(gt=0, lt=1)] = 0.9
    # responders of at least 30 %: Ostelo 2008, evidence 9.1
    relative_change: Annotated[float, Field(gt=0, le=1)] = 0.30
    important_change: dict[str, _Positive] = {}
    harm_change: dict[str, _NotNegative] = {}
    partial_loss: Annotated[float, Field(ge=0, le=1)] = PARTIAL_LOSS
    days_per_week: Annotated[float, Field(gt=0, le=7)] = 5.0
    report_weeks: tuple[Annotated[int, Field(ge=1)], ...] = (4, 13, 26, 52)

    def weeks_within(self, horizon: int) -> tuple[int, ...]:
        """Return the weeks reported of a simulation that ends at a horizon, in order.

        Examples
        --------
        >>> OutcomeSettings().weeks_within(39)
        (4, 13, 26, 39)
        """
        return tuple(sorted({week for week in self.report_weeks if week < horizon} | {horizon}))
