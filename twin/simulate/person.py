"""One person under every scenario, with the same shocks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from twin.keyed import keyed_normals
from twin.law import course, work
from twin.law.backends import NUMPY
from twin.law.grid import Floats
from twin.law.measurement import record
from twin.law.work import WORK_MOVES

from .expected_table import read_table
from .exposure import Exposure
from .noise import first_flare, residual_path
from .prepare import Prepared
from .work_paths import work_paths


class Simulated(NamedTuple):
    """One person's part of a chunk; see `chunk.Chunk`."""

    expected: npt.NDArray[np.float32]
    """Shape (scenario, sample, week, outcome)."""
    recorded: npt.NDArray[np.float32]
    """Same shape."""
    work: npt.NDArray[np.int8]
    """Shape (scenario, sample, week)."""


def simulate_person(prepared: Prepared, person: int) -> Simulated:
    """Simulate the person at a position of the design's patients.

    The person starts at the own baseline, with the scores and the work state recorded there, and
    goes on with the own natural course under each scenario; what the person was given in the
    cohort has no part in it but through a scenario.
    """
    prepared = prepared.of(person)
    design, shocks = prepared.design, _Shocks(prepared, person)
    own = {name: values[person] for name, values in prepared.twins.items()}
    weeks = design.weeks.astype(float)
    natural, at_middle = _natural(own, weeks), _natural(own, prepared.grid.middles)
    taken = {name: shocks.taken(one) for name, one in prepared.exposures.items()}
    response = {
        name: _response(prepared, shocks, one, own, taken[name])[:, None, :]
        for name, one in prepared.exposures.items()
    }
    levels = [
        natural + sum(prepared.at_weeks[name][:, :, None] * response[name] for name in names)
        for names in prepared.given
    ]
    middles = [
        at_middle + sum(prepared.at_middles[name][:, :, None] * response[name] for name in names)
        for names in prepared.given
    ]
    residuals = _residuals(prepared, shocks, own["start"])
    expected = np.empty((len(levels), *natural.shape), dtype=np.float32)
    recorded = np.empty_like(expected)
    for s, level in enumerate(levels):
        severity, latent = read_table(prepared.table, level), level + residuals
        for k, (name, scale) in enumerate(zip(design.outcomes, prepared.scales, strict=True)):
            unit = design.instruments[name]
            expected[s, :, :, k] = unit.from_severity(severity[:, :, k])
            recorded[s, :, :, k] = unit.from_severity(record(scale, latent[:, :, k]))
    known = np.isfinite(prepared.baseline.score[person])
    recorded[:, :, 0, known] = prepared.baseline.score[person, known]
    states = _work(prepared, shocks, own, natural[:, 0], np.stack(middles), taken)
    return Simulated(expected, recorded, states)


class _Shocks:
    """Random numbers of one person: they depend on nobody else and on no scenario."""

    def __init__(self, prepared: Prepared, person: int) -> None:
        self.person = person
        self._seed = prepared.seed
        self._patient = [prepared.design.patients[person]]
        self._samples = len(prepared.responses.missing)

    def normal(self, purpose: str, *shape: int) -> Floats:
        return np.asarray(keyed_normals(self._seed, purpose, self._patient, shape)[0])

    def taken(self, one: Exposure) -> npt.NDArray[np.bool_]:
        """Whether the person takes up what is offered, shape (sample,)."""
        return np.asarray(ndtr(self.normal(f"{one.name}:taken", self._samples)) < one.taken)


def _natural(own: Mapping[str, Floats], week: Floats) -> Floats:
    """Natural course at given weeks, shape (sample, week, outcome)."""
    weights = course.natural_weights(NUMPY, np.exp(own["log_rate"]), week)
    return np.asarray(course.level(weights, own["start"], own["set_point"]))


def _response(
    prepared: Prepared,
    shocks: _Shocks,
    one: Exposure,
    own: Mapping[str, Floats],
    taken: npt.NDArray[np.bool_],
) -> Floats:
    """Response of the person to an intervention that is offered, shape (sample, outcome)."""
    if one.arm is None:
        return np.where(taken[:, None], one.shift, 0.0)
    if prepared.arm[shocks.person] == one.arm:
        return own["response"]  # as far as the trial told it
    noise = shocks.normal(f"{one.name}:response", *own["start"].shape)
    return prepared.responses.draw(shocks.person, one.arm, own["start"], noise)


def _residuals(prepared: Prepared, shocks: _Shocks, start: Floats) -> Floats:
    """Flare plus error by week, shape (sample, week, outcome)."""
    weeks, begin = prepared.design.weeks.astype(float), prepared.baseline
    flare_shock = shocks.normal("simulated flare", len(weeks), *start.shape)
    error_shock = shocks.normal("simulated error", len(weeks), *start.shape)
    seen = (begin.severity[shocks.person], begin.rounding_variance[shocks.person])
    first = first_flare(prepared.noise, start, *seen, flare_shock[0])
    return residual_path(prepared.noise, first, weeks, flare_shock, error_shock)


def _work(
    prepared: Prepared,
    shocks: _Shocks,
    own: Mapping[str, Floats],
    first_level: Floats,
    middles: Floats,
    taken: Mapping[str, npt.NDArray[np.bool_]],
) -> npt.NDArray[np.int8]:
    """Work states at the end of each week, shape (scenario, sample, week); -1 without a process."""
    law, seen = prepared.work, int(prepared.baseline.work_state[shocks.person])
    scenarios, samples, weeks = *middles.shape[:2], len(prepared.design.weeks)
    if law is None or not prepared.baseline.worker[shocks.person]:
        return np.full((scenarios, samples, weeks), -1, dtype=np.int8)
    uniform = ndtr(shocks.normal("simulated work", weeks, samples))
    if seen >= 0:
        first = np.full(samples, seen)
    else:
        by_sample = law._replace(initial_logit=law.initial_logit.T)
        chances = work.initial_log_probabilities(NUMPY, by_sample, first_level, own["work_frailty"])
        first = (uniform[0][:, None] > np.cumsum(np.exp(chances), axis=1)[:, :-1]).sum(axis=1)
    return np.asarray(
        work_paths(
            middles,
            own["work_frailty"],
            law.log_intensity,
            law.worsening_slope,
            law.recovery_slope,
            law.log_exit_intensity,
            _hazards(prepared, "log_hazard", taken),
            _hazards(prepared, "log_first_return", taken),
            _hazards(prepared, "log_relapse", taken),
            first,
            uniform,
            *prepared.segments,
        )
    )


def _hazards(prepared: Prepared, ratio: str, taken: Mapping[str, npt.NDArray[np.bool_]]) -> Floats:
    """Log hazard ratios in force under each scenario, shape (scenario, sample, cell, ...)."""
    n, cells = len(prepared.responses.missing), prepared.grid.n_cells
    in_force = {
        name: np.einsum(
            "s...,s,sc->sc...", getattr(one, ratio), taken[name].astype(float), one.dose
        )
        for name, one in prepared.exposures.items()
    }
    none = np.zeros((n, cells, len(WORK_MOVES)) if ratio == "log_hazard" else (n, cells))
    return np.stack([none + sum(in_force[name] for name in names) for names in prepared.given])
