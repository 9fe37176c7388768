"""Outcomes as datasets, each variable with its meaning and unit."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import xarray as xr

from twin.instruments import ImportantChange
from twin.law.work import WORK_STATES
from twin.simulate.design import Design

from .criteria import CRITERIA
from .person import STATISTICS
from .score_totals import ScoreTotals
from .settings import OutcomeSettings
from .work_time import Floats, WorkTotals

SCORE_UNIT = "score points"
SHARE_UNIT = "share of people"
WORKER_SHARE_UNIT = "share of workers"
PROBABILITY_UNIT = "probability"
# xarray reads the bare word "days" as a length of time when a file is opened
DAYS_UNIT = "working days"

BENEFIT = {
    "benefit_mean": ("expected benefit, positive is better: mean over draws", SCORE_UNIT),
    "benefit_lower": ("expected benefit: lower end of the interval", SCORE_UNIT),
    "benefit_upper": ("expected benefit: upper end of the interval", SCORE_UNIT),
    "probability_benefit": (
        "probability of an expected benefit of at least the important change",
        PROBABILITY_UNIT,
    ),
    "probability_harm": (
        "probability of being expected worse off by more than the harmful change",
        PROBABILITY_UNIT,
    ),
}
"""Meaning and unit of what is known of each person's scores, in the order of `person.Benefit`."""

DAYS_LOST_SAVED = {
    "days_lost_saved_mean": (
        "working days saved against the comparator: mean over draws",
        DAYS_UNIT,
    ),
    "days_lost_saved_lower": ("working days saved: lower end of the interval", DAYS_UNIT),
    "days_lost_saved_upper": ("working days saved: upper end of the interval", DAYS_UNIT),
}


@dataclass(frozen=True)
class Thresholds:
    """Changes that count, by outcome."""

    important: Mapping[str, ImportantChange | None]
    harm: Mapping[str, float]


def cohort(
    design: Design,
    settings: OutcomeSettings,
    thresholds: Thresholds,
    scores: ScoreTotals,
    work: WorkTotals | None,
) -> xr.Dataset:
    """Label averages over people; see `Outcomes.cohort`."""
    everyone, workers = len(design.patients), int(design.worker.sum())
    by_week = ("scenario", "sample", "week", "outcome")
    data = xr.Dataset(
        {
            "expected_score": _by_draw(
                design,
                by_week,
                scores.expected_score(),
                "mean expected score, flare and error averaged out",
                SCORE_UNIT,
                everyone,
            ),
            "observed_score": _by_draw(
                design,
                by_week,
                scores.observed_score(),
                "mean recorded score",
                SCORE_UNIT,
                everyone,
            ),
            "observed_change": _by_draw(
                design,
                by_week,
                scores.observed_change(),
                "mean of recorded score minus recorded baseline score",
                SCORE_UNIT,
                everyone,
            ),
            "improved": _by_draw(
                design,
                ("criterion", *by_week),
                scores.improved_share(),
                "people whose recorded score is improved on their recorded baseline score",
                SHARE_UNIT,
                everyone,
            ),
        },
        coords={
            **_draws(design),
            **_axes(design, thresholds),
            "week": ("week", design.weeks, {"long_name": "since baseline", "units": "week"}),
            "criterion": list(CRITERIA),
        },
    )
    if work is not None:
        horizon = int(design.weeks[-1])
        data = data.assign_coords(work_status=list(WORK_STATES)).assign(
            work_share=_by_draw(
                design,
                ("work_status", "scenario", "week", "sample"),
                work.work_share(),
                "workers by work status at the week's end",
                WORKER_SHARE_UNIT,
                workers,
            ),
            weeks_in_state=_by_draw(
                design,
                ("work_status", "scenario", "sample"),
                work.weeks_in_state(),
                f"mean weeks of a worker in each work status, weeks 1 to {horizon}",
                "weeks",
                workers,
            ),
            days_lost=_by_draw(
                design,
                ("scenario", "sample"),
                work.days_lost(settings),
                f"mean working days that a worker loses, weeks 1 to {horizon}",
                DAYS_UNIT,
                workers,
            ),
            return_time=_by_draw(
                design,
                ("scenario", "sample"),
                work.return_time(),
                "mean time to the first full return to work of workers away at baseline, "
                f"those not back by week {horizon} counting with {horizon}",
                "weeks",
                # who is away differs between draws where the cohort did not record it
                int(np.median(work.away)),
            ),
        )
    return data.assign_attrs(_told(design, settings, thresholds))


def people(
    design: Design,
    settings: OutcomeSettings,
    thresholds: Thresholds,
    found: Mapping[str, Floats],
) -> xr.Dataset:
    """Label what is known of each person; see `Outcomes.people`."""
    dims = ("patient", "scenario", "week", "outcome")
    weeks = settings.weeks_within(int(design.weeks[-1]))
    meanings = BENEFIT | DAYS_LOST_SAVED
    data = xr.Dataset(
        {
            name: (dims[: values.ndim], values, _attrs(*meanings[name]))
            for name, values in found.items()
        },
        coords={
            **_axes(design, thresholds),
            "patient": _words(design.patients),
            "scenario": _words([name for name in design.scenarios if name != design.comparator]),
            "week": (
                "week",
                np.array(weeks, dtype=np.int64),
                {"long_name": "since baseline", "units": "week"},
            ),
        },
    )
    return data.assign_attrs(_told(design, settings, thresholds))


def trajectories(
    design: Design,
    settings: OutcomeSettings,
    thresholds: Thresholds,
    expected: np.ndarray,
    recorded: np.ndarray,
) -> xr.Dataset:
    """Label courses, given with axes (statistic, scenario, patient, week, outcome)."""
    dims = ("statistic", "scenario", "patient", "week", "outcome")
    data = xr.Dataset(
        {
            "expected_score": (
                dims,
                expected,
                _attrs("expected score, flare and error averaged out", SCORE_UNIT),
            ),
            "recorded_score": (
                dims,
                recorded,
                _attrs("recorded score, with flare and error", SCORE_UNIT),
            ),
        },
        coords={
            **_axes(design, thresholds),
            "statistic": list(STATISTICS),
            "patient": _words(design.patients),
            "week": ("week", design.weeks, {"long_name": "since baseline", "units": "week"}),
        },
    )
    return data.assign_attrs(_told(design, settings, thresholds))


def _by_draw(
    design: Design, dims: tuple[str, ...], values: Floats, meaning: str, unit: str, n: int
) -> xr.DataArray:
    """Values by sample as an array with chain and draw first, then scenario."""
    at = dims.index("sample")
    split = (design.n_chains, design.n_draws)
    array = xr.DataArray(
        values.reshape(*values.shape[:at], *split, *values.shape[at + 1 :]),
        dims=(*dims[:at], "chain", "draw", *dims[at + 1 :]),
    )
    late = [dim for dim in ("criterion", "work_status") if dim in dims]
    early = [dim for dim in dims if dim not in (*late, "sample")]
    return array.transpose("chain", "draw", *early, *late).assign_attrs(
        _attrs(meaning, unit) | {"people": n}
    )


def _draws(design: Design) -> dict[str, np.ndarray]:
    return {"chain": np.arange(design.n_chains), "draw": np.arange(design.n_draws)}


def _axes(design: Design, thresholds: Thresholds) -> dict[str, object]:
    """Coordinates that datasets share; whatever stands by the outcome travels with it."""
    scales = [design.instruments[outcome] for outcome in design.outcomes]
    important = [thresholds.important[outcome] for outcome in design.outcomes]
    return {
        "scenario": _words(design.scenarios),
        "outcome": _words(design.outcomes),
        "instrument": ("outcome", _words([scale.name for scale in scales])),
        "worse": ("outcome", _words([scale.worse for scale in scales])),
        "important_change": (
            "outcome",
            np.array([np.nan if change is None else change.value for change in important]),
            _attrs("change that counts as important", SCORE_UNIT),
        ),
        "harm_change": (
            "outcome",
            np.array([thresholds.harm[outcome] for outcome in design.outcomes]),
            _attrs("worsening beyond which a person counts as harmed", SCORE_UNIT),
        ),
    }


def _told(
    design: Design, settings: OutcomeSettings, thresholds: Thresholds
) -> dict[str, str | int | float]:
    """What was chosen; NetCDF knows no nesting, hence JSON."""
    return {
        "comparator": design.comparator,
        "level": settings.level,
        "relative_change": settings.relative_change,
        "partial_loss": settings.partial_loss,
        "days_per_week": settings.days_per_week,
        "important_change": json.dumps(
            {
                outcome: None if change is None else change.model_dump(mode="json")
                for outcome, change in thresholds.important.items()
            }
        ),
        "harm_change": json.dumps(dict(thresholds.harm)),
    }


def _attrs(meaning: str, unit: str) -> dict[str, str]:
    return {"long_name": meaning, "units": unit}


def _words(names: object) -> np.ndarray:
    return np.asarray(names, dtype=object)
