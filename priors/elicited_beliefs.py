"""Distributions that were computed from evidence, taken into sets from where they were written."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict

from .elicited_population import load_population_evidence
from .near import nearest

_WHERE = "priors/elicited/population.yaml"
_BELIEVED = {"distribution", "without", "label", "evidence"}


class ElicitedChoice(BaseModel):
    """Which elicited distributions a set takes in place of its base's.

    Attributes
    ----------
    group
        Class of people: distributions of everyone where it has none of its own. None for everyone.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    group: str | None = None


def elicited_beliefs(chosen: ElicitedChoice) -> dict[str, dict[str, Any]]:
    """Return what was elicited of each parameter, as a set states it.

    Raises
    ------
    ValueError
        If there is no such class; the message names the nearest.
    """
    told = load_population_evidence()
    entries = dict(told.parameters)
    if chosen.group is not None:
        if chosen.group not in told.classes:
            listed = f"Classes: {', '.join(told.classes)}.{nearest(chosen.group, told.classes)}"
            raise ValueError(f"{_WHERE} has no class '{chosen.group}'. {listed}")
        entries |= told.classes[chosen.group]
    return {
        name: entry.model_dump(include=_BELIEVED)
        | {
            "outcomes": told.outcomes,
            "reason": f"computed so that the model gives the published figures back, {_WHERE}",
        }
        for name, entry in entries.items()
    }
