"""Scenarios made in tests, and the people they are tried on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from scenarios import Scenario
from twin.cohort import Cohort
from twin.fit.settings import ModelSettings
from twin.simulate.check import check_scenarios
from twin.simulate.follow import Followed
from twin.simulate.person import refer_person
from twin.simulate.prepare import prepare
from twin.simulate.prepared import Prepared
from twin.simulate.settings import SimulationSettings

type Floats = NDArray[np.float64]

GRID = ModelSettings().time_grid
SETTINGS = SimulationSettings(draws=400, horizon_weeks=40, progress_bar=False)
SHIFT, RESPONSE_WEEKS = -0.1, 3.0


def sure(family: str, value: float) -> dict[str, Any]:
    """Return a belief that is all but certain of a value."""
    distribution: dict[str, Any] = {
        "normal": {"mean": value, "sd": 1e-9},
        "log_normal": {"median": value, "log_sd": 1e-9},
        "beta": {"a": 1e9 * value, "b": 1e9 * (1 - value)},
        "half_normal": {"sd": value},
    }[family]
    return {
        "distribution": {"family": family, **distribution},
        "label": "assumed",
        "source": "a test",
    }


def intervention(name: str = "care", **changes: Any) -> dict[str, Any]:
    """Return an intervention that shifts disability by what a week-13 difference says."""
    effect = {"target": "disability", "unit": "severity", "at_week": 13, **sure("normal", SHIFT)}
    return {
        "name": name,
        "title": name,
        "description": "For a test.",
        "schedule": {"start_week": 0, "duration_weeks": 60},
        "effects": [effect],
        "response_time": sure("log_normal", RESPONSE_WEEKS),
        "lasting_share": sure("beta", 0.5),
        "waning_half_life": sure("log_normal", 12.0),
        **changes,
    }


def scenario(*interventions: Mapping[str, Any], name: str = "tried", **changes: Any) -> Scenario:
    return Scenario.model_validate(
        {
            "name": name,
            "title": name,
            "question": "What of it?",
            "description": "For a test.",
            "interventions": list(interventions),
            **changes,
        }
    )


def ready(trial: tuple[Cohort, xr.DataTree], *scenarios: Scenario) -> Prepared:
    usual = scenario(name="usual_care")
    check_scenarios([usual, *scenarios], trial[0], GRID, SETTINGS)
    return prepare(*trial, [usual, *scenarios], SETTINGS, seed=5)


def followed(prepared: Prepared, number: int = 1) -> list[Followed]:
    return [
        refer_person(prepared, person, number) for person in range(len(prepared.design.patients))
    ]


def shown(prepared: Prepared, number: int = 1) -> Floats:
    """Return how disability levels differ from usual care, (person, sample, week)."""
    with_it, without = followed(prepared, number), followed(prepared, 0)
    return np.stack(
        [a.levels[..., 1] - b.levels[..., 1] for a, b in zip(with_it, without, strict=True)]
    )


def full_shift(prepared: Prepared, name: str = "care") -> Floats:
    """Return the response to full dose, (sample,)."""
    return prepared.exposures[name].shift[:, 1]
