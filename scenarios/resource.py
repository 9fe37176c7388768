"""What an intervention uses."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator

from .text import number
from .uncertain import Uncertain

Resource = Literal[
    "gp_contact",
    "physiotherapy_contact",
    "psychology_contact",
    "occupational_health_contact",
    "triage_contact",
    "group_session",
    "programme_day",
    "app_licence",
]


class ResourceUse(Uncertain):
    """What a person who takes an intervention up uses of one thing, beyond the comparator's care.

    Attributes
    ----------
    kind
        A contact by profession, one person's place in a group session, a day of a residential or
        intensive programme, or a licence of an app. Its distribution, a log-normal, is of their
        number in all.
    """

    kind: Resource

    @model_validator(mode="after")
    def _is_a_number_of_things(self) -> Self:
        if self.distribution.family != "log_normal":
            raise ValueError(
                "is a number above 0: its distribution must be of family log_normal, "
                f"not {self.distribution.family}"
            )
        return self

    def __str__(self) -> str:
        """The resource in a few words."""
        lower, upper = (number(end) for end in self.interval)
        name = self.kind.replace("_", " ")
        return f"{name} {number(self.centre)} ({lower} to {upper}) [{self.label}]"
