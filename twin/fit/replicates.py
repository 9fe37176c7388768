"""Replicated cohorts, reduced to the statistics that are compared with the observed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import xarray as xr

from twin.cohort import Cohort
from twin.instruments import Instrument
from twin.law import forward
from twin.law.grid import Floats, Ints
from twin.law.measurement import Scale, record
from twin.law.parameters import ModelSpec
from twin.law.population import People, Population
from twin.law.records import Records
from twin.law.work import WORK_STATES, WorkLaw

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
        Source of randomness for work states.

    Returns
    -------
    xr.Dataset
        Replicated and observed statistics; see `predictive.posterior_predictive`.
    """
    n_arms, missing = len(spec.arms), np.isnan(layout.severity)
    scales = list(cohort.outcomes.values())
    measured = [Scale(scale.step_share) for scale in scales]
    scored: list[Floats] = []
    worked: list[WorkStatistics] = []
    for sample in samples:
        at = (sample.population, sample.people, records.grid, records.dose, records.arm)
        latent = forward.levels(*at, layout.week) + sample.residual
        recorded = [record(scale, latent[:, :, k]) for k, scale in enumerate(measured)]
        severity = np.where(missing, np.nan, np.stack(recorded, axis=-1))
        scored.append(score_statistics(layout, records.arm, n_arms, severity))
        if sample.population.work is not None:
            state = _work_states(sample.population.work, sample, records, layout, rng)
            worked.append(work_statistics(layout, state))
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


def _work_states(
    law: WorkLaw, sample: Sample, records: Records, layout: VisitLayout, rng: np.random.Generator
) -> Ints:
    """Draw the states of the workers at the weeks at which theirs were seen."""
    rows = layout.work_row
    people = People(*(part[rows] for part in sample.people))
    at = (sample.population, people, records.grid, records.dose, records.arm[rows])
    middles = np.broadcast_to(records.grid.middles, (len(rows), records.grid.n_cells))
    return forward.draw_work(
        law,
        records.grid,
        forward.levels(*at, layout.work_week[:, :1])[:, 0],
        forward.levels(*at, middles),
        people.frailty,
        layout.work_week,
        rng,
    )


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
