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
from .visit_statistics import SCORE_STATISTICS, count_scores, score_statistics, work_shares

_IN_SCORE_UNITS = ("sd", "change_sd")


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
    measured = [Scale(scale.step_share) for scale in scales]
    scored, worked, absent = [], [], []
    for sample in samples:
        at = (sample.population, sample.people, records.grid, records.dose, records.arm)
        latent = forward.levels(*at, layout.week) + sample.residual
        recorded = [record(scale, latent[:, :, k]) for k, scale in enumerate(measured)]
        severity = np.where(missing, np.nan, np.stack(recorded, axis=-1))
        scored.append(score_statistics(layout, records.arm, n_arms, severity))
        if sample.population.work is not None:
            drawn = _work(sample, records, rng)
            state = drawn.state[layout.work_place]
            worked.append(work_shares(layout, state, len(WORK_STATES)))
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
        shares = work_shares(layout, layout.work_state, len(WORK_STATES))
        data["work_share"] = (("sample", "visit", "work_status"), np.stack(worked))
        data["observed_work_share"] = (("visit", "work_status"), shares)
    if spec.has_days and records.work is not None:
        told = days_statistics(layout, records.work)
        for i, name in enumerate(DAYS_STATISTICS):
            data[name] = (("sample", "visit"), np.stack([one[i] for one in absent]))
            data[f"observed_{name}"] = (("visit",), told[i])
    return xr.Dataset(data, _coords(spec, layout, has_work=bool(worked)))


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
    return {dim: np.asarray(labels, dtype=object) for dim, labels in names.items()}
