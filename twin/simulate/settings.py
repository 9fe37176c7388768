"""What a simulation is told."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from priors.elicited import Setting

from .trend import SecularTrend

_Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class SimulationSettings(BaseModel):
    """How twins are simulated.

    Attributes
    ----------
    horizon_weeks
        Weeks from each person's baseline, at most what the grid of person time reaches.
    draws
        Posterior draws used, evenly spaced along the chains; all of them where there are fewer.
    comparator
        Scenario that the others are compared with; it must be among those chosen.
    setting
        Where the people live whom elicited effects are believed for: ``elsewhere`` than the studies
        that published them, or in the ``same`` setting.
    memory_mb
        Most memory of the program while it simulates, mebibytes; None for half of what is free.
    resume
        Whether parts that were simulated before are taken from their files, and new ones stored.
    precision
        Largest Monte-Carlo error wanted of the mean differences from the comparator, by outcome (of
        the expected score, in points of its instrument) or ``days_lost``: draws are added until
        it is reached or there are no more.
    secular_trend
        How fast what everybody tends to drifts with time, whatever is done, by outcome.
    full_paths
        Ids of people of whom every draw and week is kept, in a file of its own.
    progress_bar
        Whether to show one, where somebody looks on.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    horizon_weeks: Annotated[int, Field(ge=1, le=520)] = 52
    draws: Annotated[int, Field(ge=1)] = 1000
    comparator: str = "usual_care"
    setting: Setting = "elsewhere"
    memory_mb: Annotated[int, Field(ge=16)] | None = None
    resume: bool = True
    precision: dict[str, _Positive] = {}
    secular_trend: dict[str, SecularTrend] = {}
    full_paths: tuple[str, ...] = ()
    progress_bar: bool = True
