"""Which people are drawn from evidence."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from priors.near import nearest
from twin.elicit.classes import CLASSES
from twin.instruments import instruments

RISK_GROUPS = ("low", "medium", "high")
"""Of the STarT Back tool."""
QUINTILES = (1, 2, 3, 4, 5)
"""Of deprivation, 1 the least deprived fifth of areas."""
YOUNGEST, OLDEST = 18, 90
"""Years; adults, as in the studies that the evidence comes from."""

_Class = Literal["acute", "subacute", "persistent"]
_Risk = Literal["low", "medium", "high"]
_Age = Annotated[float, Field(ge=YOUNGEST, le=OLDEST)]


class PopulationSettings(BaseModel):
    """Who is drawn, and how often.

    How common people of a kind are comes from the evidence; the settings say which kinds are
    wanted, and people of those kinds keep their proportions.

    Attributes
    ----------
    name
        In the names of files.
    people
        Number of people.
    draws
        Populations drawn from the priors; each has all the people, anew.
    pain_instrument, disability_instrument
        Names of the instruments that score them.
    episode_class, risk_group
        Those that are wanted.
    age
        Youngest and oldest, years.
    female, digital_access, employed
        Whether only people of whom it is true, or not true; null for both.
    deprivation
        Quintiles that are wanted, 1 the least deprived.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")] = "evidence"
    people: Annotated[int, Field(ge=1)] = 1000
    # four chains of four draws: the least of which Monte-Carlo errors are told
    draws: Annotated[int, Field(ge=16)] = 400
    pain_instrument: str = "pain_nrs"
    disability_instrument: str = "rmdq"
    episode_class: Annotated[tuple[_Class, ...], Field(min_length=1)] = CLASSES  # type: ignore[assignment]
    risk_group: Annotated[tuple[_Risk, ...], Field(min_length=1)] = RISK_GROUPS  # type: ignore[assignment]
    age: tuple[_Age, _Age] = (YOUNGEST, OLDEST)
    female: bool | None = None
    deprivation: Annotated[tuple[Annotated[int, Field(ge=1, le=5)], ...], Field(min_length=1)] = (
        QUINTILES
    )
    digital_access: bool | None = None
    employed: bool | None = None

    @property
    def kinds(self) -> dict[str, object]:
        """What is asked for that is not usual: kinds of people, and instruments."""
        sizes = ("name", "people", "draws")
        return {
            name: value
            for name, value in self
            if name not in sizes and value != type(self).model_fields[name].default
        }

    @field_validator("pain_instrument", "disability_instrument")
    @classmethod
    def _is_an_instrument(cls, name: str) -> str:
        known = instruments()
        if name not in known:
            listed = ", ".join(known)
            raise ValueError(f"is not an instrument. Instruments: {listed}.{nearest(name, known)}")
        return name

    @model_validator(mode="after")
    def _somebody_can_be_so_old(self) -> Self:
        if self.age[0] >= self.age[1]:
            raise ValueError(
                f"age {self.age[0]:g} to {self.age[1]:g} holds nobody: the first is the youngest"
            )
        if self.employed and self.age[0] >= PENSION_AGE:
            raise ValueError(
                f"nobody is employed from {PENSION_AGE} years on: lower age or leave employed out"
            )
        return self


PENSION_AGE = 67
"""Years from which on nobody is taken to be in the labour force: an assumption."""
