"""A twin in plain words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

if TYPE_CHECKING:
    from .twin import Twin

LEVEL = 0.90
"""Of every interval printed; equal tails."""

_NAME = 22
_CELL = 24


def describe(twin: Twin) -> str:
    """Return what is known of a person on about a dozen lines."""
    return "\n".join([*_person(twin), *_records(twin), *_parameters(twin), *_learnt(twin)])


def _person(twin: Twin) -> Iterator[str]:
    made = " (SYNTHETIC: no real person)" if twin.synthetic else ""
    yield f"Twin {twin.patient} of cohort {twin.cohort}{made}"
    if not twin.converged:
        yield "UNCONVERGED: these numbers cannot be relied on."
    names = np.atleast_1d(twin.facts.attrs["covariates"]).tolist()
    known = ", ".join(_fact(twin.facts[name]) for name in names if name)
    region = str(twin.facts["body_region"].item()).replace("_", " ")
    yield f"{region} pain; {known or 'no covariates'}"
    cluster = str(twin.facts["cluster"].item())
    yield f"arm {twin.facts['arm'].item()}" + (f", cluster {cluster}" if cluster else "")
    if "verdict" in twin.parameters:  # of somebody whom the fit never saw
        told = {name: twin.parameters[name].item() for name in ("surprise", "farthest", "verdict")}
        far = f", {told['farthest']} beyond its range" if told["farthest"] else ""
        yield (
            f"{told['verdict']} as somebody of the fit's population: chance of such scores "
            f"{told['surprise']:.2g}{far}"
        )


def _fact(value: xr.DataArray) -> str:
    label, unit = value.attrs["label"], value.attrs["units"]
    number = value.item()
    if isinstance(number, str):
        return f"{label} {number or 'unknown'}"
    shown = "unknown" if np.isnan(number) else f"{number:g}"
    if not unit or shown == "unknown":
        return f"{label} {shown}"
    return f"{label} {shown} {unit}" if unit[0].isalpha() else f"{label} {shown} ({unit})"


def _records(twin: Twin) -> Iterator[str]:
    attended = twin.visits.isel(visit=np.isfinite(twin.visits["week"].to_numpy()))
    weeks = attended["week"].to_numpy()
    yield f"{len(weeks)} visits, at weeks {', '.join(f'{week:g}' for week in weeks)}"
    yield "last scores: " + ", ".join(_last_score(attended, name) for name in twin.instruments)
    if not twin.facts["labour_force"].item():
        yield "work: not in the labour force, no work process"
        return
    seen = attended["work_status"].to_numpy() != ""
    if not seen.any():
        days = attended["days_absent"].to_numpy()
        told = int(np.isfinite(days).sum())
        yield (
            f"work: state never seen; {told} reports of days absent" if told else "work: never seen"
        )
        return
    status = str(attended["work_status"].to_numpy()[seen][-1]).replace("_", " ")
    yield f"work: {status} when last seen, at week {weeks[seen][-1]:g}"


def _last_score(visits: xr.Dataset, outcome: str) -> str:
    scores = visits["score"].sel(outcome=outcome).to_numpy()
    scored = np.isfinite(scores)
    if not scored.any():
        return f"{outcome} never scored"
    return f"{outcome} {scores[scored][-1]:g} (week {visits['week'].to_numpy()[scored][-1]:g})"


def _parameters(twin: Twin) -> Iterator[str]:
    scales = [
        f"{name} ({scale.minimum:g}-{scale.maximum:g})" for name, scale in twin.instruments.items()
    ]
    yield _row(f"mean [{LEVEL:.0%} interval]", scales)
    now = twin.parameters["week_now"].item()
    rows = {
        "start": "start",
        "set_point": "set point",
        "response": f"response to {twin.facts['arm'].item()}",
        "level_now": f"level now (week {now:g})",
    }
    if twin.facts["arm"].item() == twin.facts.attrs["reference_arm"]:
        del rows["response"]  # responses are to what other arms got beyond the reference
    for name, label in rows.items():
        draws = twin.scores(name)
        yield _row(label, [_interval(draws.sel(outcome=outcome)) for outcome in twin.instruments])
    half_lives = [twin.half_life.sel(outcome=outcome) for outcome in twin.instruments]
    yield _row("recovery half-life", [f"{_interval(draws)} weeks" for draws in half_lives])


def _learnt(twin: Twin) -> Iterator[str]:
    cells = []
    for name in twin.learnt:
        shares = np.atleast_1d(twin.learnt[name].to_numpy())
        cells.append(
            f"{str(name).replace('_', ' ')} " + "/".join(f"{share:.0%}" for share in shares)
        )
    yield f"learnt of the person, beyond the population: {', '.join(cells)}"


def _interval(draws: xr.DataArray) -> str:
    values = draws.to_numpy()
    low, high = np.quantile(values, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return f"{values.mean():.1f} [{low:.1f}, {high:.1f}]"


def _row(name: str, cells: list[str]) -> str:
    return f"  {name:<{_NAME}}" + "".join(f"{cell:<{_CELL}}" for cell in cells).rstrip()
