"""Whom a run assimilates, and how."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class AssimilationSettings(BaseModel):
    """Whom a run assimilates, and how.

    Attributes
    ----------
    visits
        File of new people: one or several as `document.PersonDocument` describes, in YAML or JSON;
        or a YAML file whose ``cohort`` names tables, as the files in ``conf/cohort`` do.
    recruited
        Whether they were enrolled by the entry threshold of the fit's cohort.
    draws
        Of the population that each is paired with.
    workers
        Threads; no number depends on them.
    accept_outside
        Whether people outside the cohort (`credibility`) are taken all the same.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    visits: str
    recruited: bool = False
    # four chains of four draws: the least of which Monte-Carlo errors are told
    draws: Annotated[int, Field(ge=16)] = 1000
    workers: Annotated[int, Field(ge=1)] = 2
    accept_outside: bool = False
