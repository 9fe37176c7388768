"""Replicated cohorts, reduced to the statistics that are compared with the observed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import xarray as xr

from twin.cohort import Cohort
from twin.instruments import Instrument
from twin.law import forward, forward_work
from twin.law.grid import Floats
from twin.law.measurement import Scale, record
from twin.law.parameters import ModelSpec
from twin.law.population import People, Population
from twin.law.records import Records, WorkRecords
from twin.law.work import WORK_STATES

from .days_statistics import DAYS_STATISTICS, days_statistics
from .visit_layout import VisitLayout
from .visit_statistics import SCORE_STATISTICS, count_scores, score_statistics
from .work_statistics import DIMS, WorkStatistics, work_statistics

_IN_SCORE_UNITS = ("sd", "change_sd")
_USUAL_WEEK = 13.0  # trials of back pain report first at about three months


class Sample(NamedTuple):
    """People of one draw, with what their scores add to their levels."""

    population: Population
    people: People
    residual: Floats
    """Flare plus error, severity, shape (person, visit, outcome)."""


def summarise(
    cohort: Cohort,
    spec: ModelSpec,
    records: Records,
    layout: VisitLayout,
    samples: Iterable[Sample],
    rng: np.random.Generator,
) -> xr.Dataset:
    """Replicate what would be recorded of each sample's people, and summarise it.

    Parameters
    ----------
    cohort, spec, records, layout
        The cohort, whose people keep their visits, missing scores and arms.
    samples
        Populations and people, one pair for each replicate.
    rng
        Source of randomness for work states and days absent.

    Returns
    -------
    xr.Dataset
        Replicated and observed statistics; see `predictive.posterior_predictive`.
    """
    n_arms, missing = len(spec.arms), np.isnan(layout.severity)
    scales = list(cohort.outcomes.values())
    measured = [Scale.of(scale) for scale in scales]
    scored: list[Floats] = []
    worked: list[WorkStatistics] = []
    absent: list[Floats] = []
    for sample in samples:
        at = (sample.population, sample.people, records.grid, records.dose, records.arm)
        latent = forward.levels(*at, layout.week) + sample.residual
        recorded = [record(scale, latent[:, :, k]) for k, scale in enumerate(measured)]
        severity = np.where(missing, np.nan, np.stack(recorded, axis=-1))
        scored.append(score_statistics(layout, records.arm, n_arms, severity))
        if sample.population.work is not None:
            drawn = _work(sample, records, rng)
            if layout.work_row.size:
                worked.append(work_statistics(layout, drawn.state[layout.work_place]))
            if spec.has_days:
                absent.append(days_statistics(layout, drawn))
    observed = score_statistics(layout, records.arm, n_arms, layout.severity)
    cells = ("arm", "visit", "outcome")
    data: dict[str, tuple[tuple[str, ...], object]] = {
        "n": (cells, count_scores(layout, records.arm, n_arms))
    }
    for i, name in enumerate(SCORE_STATISTICS):
        replicated = np.stack([one[i] for one in scored])
        data[name] = (("sample", *cells), _as_printed(name, replicated, scales))
        data[f"observed_{name}"] = (cells, _as_printed(name, observed[i], scales))
    if worked:
        seen = work_statistics(layout, layout.work_state)
        for name, dims in DIMS.items():
            replicated = np.stack([getattr(one, name) for one in worked])
            data[name] = (("sample", *dims), replicated)
            data[f"observed_{name}"] = (dims, getattr(seen, name))
    if absent and records.work is not None:
        told = days_statistics(layout, records.work)
        for i, name in enumerate(DAYS_STATISTICS):
            data[name] = (("sample", "visit"), np.stack([one[i] for one in absent]))
            data[f"observed_{name}"] = (("visit",), told[i])
    found = xr.Dataset(data, _coords(spec, layout, has_work=bool(worked)))
    return found.assign_attrs(usual_visit=_usual_visit(layout))


def _as_printed(statistic: str, severity: Floats, scales: list[Instrument]) -> Floats:
    """Turn a statistic of severities, outcomes last, into one of scores."""
    if statistic == "mean":
        by_outcome = [scale.from_severity(severity[..., k]) for k, scale in enumerate(scales)]
        return np.stack(by_outcome, axis=-1)
    if statistic in _IN_SCORE_UNITS:
        return np.asarray(severity * np.array([scale.range for scale in scales]))
    return severity


def _work(sample: Sample, records: Records, rng: np.random.Generator) -> WorkRecords:
    """Draw what the workers would have shown and reported, where these did."""
    pattern = records.work
    assert pattern is not None  # a population with a work process was built for such records
    at = (sample.population, sample.people, records.grid, records.dose, records.arm)
    return forward_work.draw_work(forward_work.work_process(*at, pattern), pattern, rng)


def _coords(spec: ModelSpec, layout: VisitLayout, *, has_work: bool) -> dict[str, object]:
    names = {"arm": spec.arms, "visit": layout.labels, "outcome": spec.outcomes}
    if has_work:
        names["work_status"] = WORK_STATES
    found: dict[str, object] = {
        dim: np.asarray(labels, dtype=object) for dim, labels in names.items()
    }
    return found | ({"sightings": 1 + np.arange(layout.work_week.shape[1])} if has_work else {})


def _usual_visit(layout: VisitLayout) -> str:
    """Return the follow-up occasion nearest to 13 weeks; empty where there is none."""
    off = [
        np.abs(np.median(layout.week[layout.occasion == v]) - _USUAL_WEEK)
        for v in range(1, len(layout.labels))
    ]
    return layout.labels[1 + int(np.argmin(off))] if off else ""
