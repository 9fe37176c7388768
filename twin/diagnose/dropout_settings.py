"""What is believed of those whose scores are no longer seen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict


class DropoutSettings(BaseModel):
    """How people who left are taken to have fared.

    Attributes
    ----------
    assume
        ``ignorable``: as the model says of people like them, given all that was seen of them.
        ``delta``: worse than that, too, as a sensitivity analysis beside the main result.
    delta
        How much worse, score points by outcome, positive; left out: half the important change.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    assume: Literal["ignorable", "delta"] = "ignorable"
    delta: Mapping[str, float] = {}
