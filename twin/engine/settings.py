"""Where a simulation is computed."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class EngineSettings(BaseModel):
    """Where a simulation is computed; no number depends on it.

    Attributes
    ----------
    kind
        ``local``: threads of this program. ``dask``: workers of a Dask cluster.
    workers
        Threads, or processes of a cluster that is started for the run; None for one for each
        processor.
    scheduler
        Address of a running Dask cluster, ``tcp://...``; None to start one on this machine.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["local", "dask"] = "local"
    workers: Annotated[int, Field(ge=1)] | None = None
    scheduler: str | None = None
