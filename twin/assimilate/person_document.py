"""What a document about one new person may say."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

_Finite = Annotated[float, Field(allow_inf_nan=False)]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Visit(BaseModel):
    """One visit; beside these keys each outcome of the fit may have its score.

    Attributes
    ----------
    week
        Weeks since the person's baseline.
    work_status
        State at the visit.
    days_absent
        Days absent from work, as the fit's cohort reported them.
    """

    model_config = ConfigDict(frozen=True, extra="allow")
    __pydantic_extra__: dict[str, _Finite | None]

    week: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    work_status: Literal["working", "restricted", "sick_listed", "permanently_out"] | None = None
    days_absent: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None


class PersonDocument(_Frozen):
    """A person whom a fit never saw.

    Attributes
    ----------
    patient
        Id.
    arm, cluster, body_region
        As in a cohort; None where unknown: usual care, no clinic, the fit's own region.
    labour_force
        Whether the person is in the labour force.
    covariates
        By the fit's names; what is left out is filled.
    instruments
        Of outcomes that were scored on another scale than the cohort's, by name in the catalogue.
    visits
        What was seen so far.
    """

    patient: Annotated[str, Field(min_length=1)]
    arm: str | None = None
    cluster: str | None = None
    body_region: Literal["low_back", "neck", "both", "other"] | None = None
    labour_force: bool = False
    covariates: dict[str, bool | _Finite | str | None] = {}
    instruments: dict[str, str] = {}
    visits: tuple[Visit, ...] = ()
