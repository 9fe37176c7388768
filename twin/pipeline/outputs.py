"""What a run leaves behind, and the manifest that says where each file came from."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

import xarray as xr

from twin.cohort import Cohort
from twin.config import RunConfig
from twin.fit.plan import FitPlan
from twin.fit.versions import versions
from twin.fit.whole import whole_file

MANIFEST = "manifest.json"
_SCHEMA = 1
_NAME_LENGTH = 10  # 40 bits: the runs of one folder are few
_CHUNK = 1 << 20


def run_folder(config: RunConfig, cohort: Cohort) -> Path:
    """Return the folder of a run's results: the same run writes to the same place."""
    told = config.model_dump_json(exclude={"output": True, "sampler": {"progress_bar", "cores"}})
    digest = hashlib.sha256(f"{told}{cohort.hash}".encode()).hexdigest()[:_NAME_LENGTH]
    return Path(config.output.folder) / f"{cohort.name}-{digest}"


def write_outputs(
    folder: Path,
    config: RunConfig,
    plan: FitPlan,
    fit: xr.DataTree,
    truth: xr.Dataset | None,
    reused: bool,
    timings: Mapping[str, float],
) -> None:
    """Write a run's files, each whole or not at all, and the manifest last.

    Parameters
    ----------
    folder
        Where to.
    config, plan
        What was run.
    fit
        The fit, stored at the plan's path.
    truth
        Truth behind a generated cohort; None for a real one.
    reused
        Whether the fit was found and not sampled.
    timings
        Seconds that each stage took.
    """
    files = [_link(plan.path, folder / "fit.nc")]
    if truth is not None:
        files.append(_truth(truth, folder / "truth.nc"))
    cohort = plan.cohort
    manifest = {
        "schema": _SCHEMA,
        "configuration": config.model_dump(mode="json"),
        "seed": config.seed,
        "versions": dict(versions()),
        "cohort": {
            "name": cohort.name,
            "synthetic": cohort.synthetic,
            "people": cohort.n,
            "hash": cohort.hash,
        },
        "fit": {
            "key": plan.key,
            "found": reused,
            "converged": bool(fit.attrs["converged"]),
            "accepted_unconverged": bool(fit.attrs["accepted_unconverged"]),
            "timings": json.loads(fit.attrs["timings"]),
        },
        "files": {file.name: _sha256(file) for file in files},
        "timings": dict(timings),
    }
    with whole_file(folder / MANIFEST) as beside:
        beside.write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")


def _link(stored: Path, path: Path) -> Path:
    """Give a stored fit a second name, or copy it where the file system cannot."""
    with whole_file(path) as beside:
        try:
            os.link(stored, beside)
        except OSError:
            shutil.copyfile(stored, beside)
    return path


def _truth(truth: xr.Dataset, path: Path) -> Path:
    with whole_file(path) as beside:
        truth.to_netcdf(beside, engine="netcdf4")
    return path


def _sha256(file: Path) -> str:
    digest = hashlib.sha256()
    with file.open("rb") as content:
        while chunk := content.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
