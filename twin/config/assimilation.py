"""Whom a run assimilates, and how."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

_Week = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class AssimilationSettings(BaseModel):
    """Whom a run assimilates, and how.

    Attributes
    ----------
    visits
        File of new people: one or several as `twin.assimilate.document.PersonDocument` describes,
        in YAML or JSON; or a YAML file whose ``cohort`` names tables, as the files in
        ``conf/cohort`` do. With `earlier`, further visits as
        `twin.assimilate.further.read_further` reads them.
    earlier
        Path of twins that were assimilated before, to which the visits are added; None for new
        people. Draws and ``recruited`` are then those of the first time.
    recruited
        Whether they were enrolled by the entry threshold of the fit's cohort.
    draws
        Of the population that each is paired with.
    workers
        Threads; no number depends on them.
    accept_outside
        Whether people outside the cohort (`twin.assimilate.credibility`) are taken all the same.
    next_weeks
        Weeks at which a visit is thought of (`twin.assimilate.next_visit`).
    foretold_week
        Week whose expected scores such a visit is to tell more of.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    visits: str
    earlier: str | None = None
    recruited: bool = False
    # four chains of four draws: the least of which Monte-Carlo errors are told
    draws: Annotated[int, Field(ge=16)] = 1000
    workers: Annotated[int, Field(ge=1)] = 2
    accept_outside: bool = False
    next_weeks: tuple[_Week, ...] = ()
    foretold_week: _Week = 26.0
