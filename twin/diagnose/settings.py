"""What can be chosen about diagnostics."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator


class DiagnoseSettings(BaseModel):
    """How much is spent on diagnostics.

    Attributes
    ----------
    leave_out
        Whether people are left out one by one, which is what takes time. Prior sensitivity and
        contraction cost little and are always there.
    draws
        Posterior draws, evenly spaced, at which the likelihood of each person is integrated.
    points
        Points of that integral; a power of two, as its Sobol sequence wants.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    leave_out: bool = True
    # a Pareto tail is fitted to a fifth of few draws, and to no fewer than ten
    draws: Annotated[int, Field(ge=50)] = 400
    points: Annotated[int, Field(ge=2)] = 32

    @field_validator("points")
    @classmethod
    def _is_a_power_of_two(cls, points: int) -> int:
        if points & (points - 1):
            raise ValueError("must be a power of two: 16, 32, 64, ...")
        return points
