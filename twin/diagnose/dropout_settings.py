"""What is believed of those whose scores are no longer seen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict

from twin.cohort import Cohort
from twin.errors import InputError, Problem, check_names
from twin.outcomes.thresholds import largest_published

NO_CHANGE_KNOWN = 0.1
"""Share of the scale taken for an important change where no absolute one is published: half of
it, as elsewhere, is then the shift."""


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


def dropout_deltas(cohort: Cohort, settings: DropoutSettings) -> dict[str, float]:
    """Return how much worse those who left are taken to be, score points by outcome.

    Parameters
    ----------
    cohort
        The cohort.
    settings
        What was chosen; half the largest published important change otherwise.

    Raises
    ------
    InputError
        If a shift was chosen for an outcome that there is not, or is negative.
    """
    check_names("dropout.delta", settings.delta, cohort.outcomes)
    negative = {name: value for name, value in settings.delta.items() if value < 0}
    if negative:
        raise InputError(
            Problem(
                "configuration",
                "must not be negative: it says how much worse people are, whichever way scores run",
                column=f"dropout.delta.{name}",
                value=f"{value:g}",
            )
            for name, value in negative.items()
        )
    found = {}
    for name, scale in cohort.outcomes.items():
        published = largest_published(scale)
        usual = NO_CHANGE_KNOWN * scale.range if published is None else published.value
        found[name] = float(settings.delta.get(name, usual / 2))
    return found
