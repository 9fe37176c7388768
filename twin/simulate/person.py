"""One person under every scenario, with the same shocks."""

from __future__ import annotations

from functools import cache, cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from twin.law import work
from twin.law.backends import NUMPY
from twin.law.grid import Floats, Ints
from twin.law.measurement import record

from .care import Care, care
from .exposure import Exposure
from .flare_size import resize_expected, resized
from .follow import Followed, follow
from .known import Seen
from .natural import natural_course
from .noise import Noise, Start, flares, residuals, start_of
from .prepared import Prepared
from .scores import fill_scores
from .shocks import Address
from .state import Acted, Hazards, Person
from .trend import drifted
from .work_paths import Pace, work_paths


class Simulated(NamedTuple):
    """One person's part of a chunk; see `chunk.Chunk`."""

    expected: npt.NDArray[np.float32]
    """Shape (scenario, sample, week, outcome)."""
    recorded: npt.NDArray[np.float32]
    """Same shape."""
    work: npt.NDArray[np.int8]
    """Shape (scenario, sample, week)."""
    care: Care


def simulate_person(prepared: Prepared, person: int) -> Simulated:
    """Simulate the person at a position of the design's patients.

    The person starts at the own baseline, with the scores and the work state recorded there, and
    goes on with the own natural course under each scenario; what the person was given in the
    cohort has no part in it but through a scenario.
    """
    design = prepared.design
    shape = (
        *(len(design.scenarios), design.n_chains * design.n_draws),
        *(len(design.weeks), len(design.outcomes)),
    )
    expected, recorded = np.empty(shape, dtype=np.float32), np.empty(shape, dtype=np.float32)
    states = np.empty(shape[:3], dtype=np.int8)
    return Simulated(expected, recorded, states, fill(prepared, person, expected, recorded, states))


def fill(
    prepared: Prepared,
    person: int,
    expected: npt.NDArray[np.float32],
    recorded: npt.NDArray[np.float32],
    states: npt.NDArray[np.int8],
) -> Care:
    """Fill a person's part of a chunk, given as in `Simulated`, and return what the person gets."""
    prepared = prepared.of(person)
    design, at_start = prepared.design, _AtStart(prepared, person)
    followed = []
    for s, plan in enumerate(prepared.plans):
        one = follow(prepared.setting, plan, at_start.person)
        scored = (prepared.table, prepared.recording, prepared.units)
        residual = at_start.residuals_with(one.flare_size)
        fill_scores(one.levels, residual, *scored, expected[s], recorded[s])
        if one.flare_size is not None:
            measured = (prepared.noise, prepared.scales, prepared.units.width)
            resize_expected(one.levels, one.flare_size, *measured, expected[s])
        at_start.fill_work(one.middles, one.hazards, states[s])
        followed.append(one)
    known = np.isfinite(prepared.baseline.score[person])
    recorded[:, :, 0, known] = prepared.baseline.score[person, known]
    return care(design, prepared.plans, followed)


def refer_person(prepared: Prepared, person: int, scenario: int) -> Followed:
    """Follow a person through one scenario only, as far as its queues are settled by now."""
    prepared = prepared.of(person)
    return follow(prepared.setting, prepared.plans[scenario], _AtStart(prepared, person).person)


class _AtStart:
    """A person at baseline, and what every scenario reads of the person."""

    def __init__(self, prepared: Prepared, position: int) -> None:
        design = prepared.design
        self._prepared, self._position = prepared, position
        self._shocks = prepared.shocks(position)
        self._own = {
            name: values[position].astype(float) for name, values in prepared.twins.items()
        }
        cells, weeks = prepared.setting.cells, design.weeks.astype(float)
        in_middles, natural = self._drifting(prepared.grid.middles), self._drifting(weeks)
        self._residual = self._residuals()
        self._first_level = natural[:, 0]
        # several scenarios read the same
        self._response_to = cache(self._response)
        self.person = Person(
            position=position,
            shocks=self._shocks,
            natural=natural,
            natural_after=self._natural,
            in_middles=np.take(in_middles, cells.coarse, axis=1),
            works=self._works,
            baseline=self._at_baseline(natural),
            see=self._see,
            response=lambda one: self._response_to(one.name),
        )

    def _natural(self, week: Floats) -> Floats:
        """Natural course after some weeks, shape (sample, week, outcome)."""
        start, set_point, log_rate = (
            np.ascontiguousarray(self._own[name]) for name in ("start", "set_point", "log_rate")
        )
        own = np.ascontiguousarray(np.atleast_2d(week))
        return np.asarray(natural_course(start, set_point, log_rate, own))

    def _drifting(self, week: Floats) -> Floats:
        """The same with what everybody's drift adds to it."""
        natural, drift = self._natural(week), self._prepared.drift
        return natural + drifted(drift, self._own["log_rate"], week) if drift.any() else natural

    def _response(self, name: str) -> Floats:
        """Response to an intervention at full dose, shape (sample, outcome)."""
        one: Exposure = self._prepared.exposures[name]
        if one.arm is None:
            return one.shift
        if self._prepared.arm[self._position] == one.arm:
            return np.asarray(self._own["response"])  # as far as the trial told it
        start = self._own["start"]
        noise = self._shocks.normals(f"{one.key}:response", start.shape[1])
        return self._prepared.responses.draw(self._position, one.arm, start, noise)

    def residuals_with(self, flare_size: Floats | None) -> Floats:
        """Flare plus error by week with a factor on flares, shape (sample, week, outcome)."""
        if flare_size is None:
            return self._residual
        return resized(self._residual, self._flares, flare_size)

    def _residuals(self) -> Floats:
        """Flare plus error by week, shape (sample, week, outcome)."""
        return residuals(*self._noise())

    @cached_property
    def _flares(self) -> Floats:
        """Flare alone; only what makes flares larger or smaller asks for it."""
        return flares(*self._noise())

    def _noise(self) -> tuple[Noise, Start, Address, int]:
        """What flares and errors are drawn from."""
        begin, where = self._prepared.baseline, self._position
        start = start_of(self._own["start"], begin.severity[where], begin.rounding_variance[where])
        weeks = len(self._prepared.design.weeks)
        return self._prepared.noise, start, self._shocks.address("residual"), weeks

    def _at_baseline(self, natural: Floats) -> Seen:
        """What is recorded at week 0: drawn where the cohort has no record."""
        prepared = self._prepared
        severity = self._recorded(natural[:, 0] + self._residual[:, 0])
        scores = prepared.baseline.score[self._position]
        for k, name in enumerate(prepared.design.outcomes):
            if np.isfinite(scores[k]):
                scale = prepared.design.instruments[name]
                severity[:, k] = scale.to_severity(scores[k])
        return Seen(severity, self._first_state())

    def _see(self, week: int, acted: Acted, work: bool) -> Seen:
        states = None
        if work:
            so_far = np.empty((self._shocks.samples, week + 1), dtype=np.int8)
            self.fill_work(acted.middles, acted.hazards, so_far)
            states = so_far[:, week].astype(np.int64)
        residual = self.residuals_with(acted.flare_size)
        return Seen(self._recorded(acted.levels[:, week] + residual[:, week]), states)

    def _recorded(self, latent: Floats) -> Floats:
        """Severity that is recorded of a continuous one, shape (sample, outcome)."""
        scales = self._prepared.scales
        return np.stack([record(one, latent[:, k]) for k, one in enumerate(scales)], axis=1)

    @property
    def _works(self) -> bool:
        prepared = self._prepared
        return prepared.work is not None and bool(prepared.baseline.worker[self._position])

    def _first_state(self) -> Ints:
        """Code of the work state at week 0, -1 without a process, shape (sample,)."""
        law, seen = self._prepared.work, int(self._prepared.baseline.work_state[self._position])
        samples = self._shocks.samples
        if not self._works or law is None:
            return np.full(samples, -1)
        if seen >= 0:
            return np.full(samples, seen)
        by_sample = law._replace(initial_logit=law.initial_logit.T)
        chances = work.initial_log_probabilities(
            NUMPY, by_sample, self._first_level, self._own["work_frailty"]
        )
        lot = self._shocks.uniform("work at baseline")
        passed = np.cumsum(np.exp(chances), axis=1)[:, :-1]
        return np.asarray((lot[:, None] > passed).sum(axis=1), dtype=np.int64)

    def fill_work(self, middles: Floats, hazards: Hazards, states: npt.NDArray[np.int8]) -> None:
        """Fill work states at the end of each week, shape (sample, week); -1 without any."""
        law = self._prepared.work
        if law is None or not self._works:
            states[:] = -1
            return
        assert self.person.baseline.work is not None
        pace = Pace(self._own["work_frailty"], *law[:4])
        cells = self._prepared.setting.cells
        work_paths(
            middles,
            hazards,
            pace,
            self.person.baseline.work,
            self._shocks.address("work"),
            np.asarray(cells.grid.edges),
            cells.at_week,
            states,
        )
