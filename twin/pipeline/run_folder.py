"""Where the results of a run go; known before anything is fitted, so nothing heavy is loaded."""

from __future__ import annotations

import hashlib
from pathlib import Path

from twin.cohort import Cohort
from twin.config import RunConfig

REPORT = "report.html"
_NAME_LENGTH = 10  # 40 bits: the runs of one folder are few


def run_folder(config: RunConfig, cohort: Cohort) -> Path:
    """Return the folder of a run's results: the same run writes to the same place."""
    told = config.model_dump_json(
        exclude={
            "output": True,
            "sampler": {"progress_bar", "cores"},
            "simulation": {"progress_bar", "memory_mb", "resume"},
            "engine": True,
            "twins": {"workers"},
        }
    )
    name = short_digest(f"{told}{cohort.hash}")
    return Path(config.output.folder) / f"{cohort.name}-{name}"


def short_digest(told: str) -> str:
    """Return a name that is the same for the same text, and for hardly any other."""
    return hashlib.sha256(told.encode("utf-8")).hexdigest()[:_NAME_LENGTH]
