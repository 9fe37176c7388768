"""One person under every scenario, with the same shocks."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from twin.law import course, work
from twin.law.backends import NUMPY
from twin.law.grid import Floats, Ints
from twin.law.measurement import record

from .care import Care, care
from .expected_table import read_table
from .exposure import Exposure
from .follow import Followed, follow
from .known import Seen
from .noise import first_flare, residual_path
from .prepared import Prepared
from .shocks import Shocks
from .state import Acted, Hazards, Person
from .trend import drifted
from .work_paths import work_paths


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
    prepared = prepared.of(person)
    design, at_start = prepared.design, _AtStart(prepared, person)
    followed = [follow(prepared.setting, plan, at_start.person) for plan in prepared.plans]
    residuals = at_start.residuals
    expected = np.empty((len(followed), *residuals.shape), dtype=np.float32)
    recorded = np.empty_like(expected)
    for s, one in enumerate(followed):
        severity, latent = read_table(prepared.table, one.levels), one.levels + residuals
        for k, (name, scale) in enumerate(zip(design.outcomes, prepared.scales, strict=True)):
            unit = design.instruments[name]
            expected[s, :, :, k] = unit.from_severity(severity[:, :, k])
            recorded[s, :, :, k] = unit.from_severity(record(scale, latent[:, :, k]))
    known = np.isfinite(prepared.baseline.score[person])
    recorded[:, :, 0, known] = prepared.baseline.score[person, known]
    states = at_start.work(followed)
    return Simulated(expected, recorded, states, care(design, prepared.plans, followed))


def refer_person(prepared: Prepared, person: int, scenario: int) -> Followed:
    """Follow a person through one scenario only, as far as its queues are settled by now."""
    prepared = prepared.of(person)
    return follow(prepared.setting, prepared.plans[scenario], _AtStart(prepared, person).person)


class _AtStart:
    """A person at baseline, and what every scenario reads of the person."""

    def __init__(self, prepared: Prepared, position: int) -> None:
        design = prepared.design
        self._prepared, self._position = prepared, position
        self._shocks = Shocks(
            prepared.seed, design.patients[position], len(prepared.responses.missing)
        )
        self._own = {name: values[position] for name, values in prepared.twins.items()}
        cells, weeks = prepared.setting.cells, design.weeks.astype(float)
        in_middles, natural = self._drifting(prepared.grid.middles), self._drifting(weeks)
        self.residuals = self._residuals()
        self._first_level = natural[:, 0]
        # several scenarios read the same
        self._response_to = cache(self._response)
        self.person = Person(
            position=position,
            shocks=self._shocks,
            natural=natural,
            natural_after=self._natural,
            in_middles=in_middles[:, cells.coarse],
            baseline=self._at_baseline(natural),
            see=self._see,
            response=lambda one: self._response_to(one.name),
        )

    def _natural(self, week: Floats) -> Floats:
        """Natural course after some weeks, shape (sample, week, outcome)."""
        weights = course.natural_weights(NUMPY, np.exp(self._own["log_rate"]), week)
        return np.asarray(course.level(weights, self._own["start"], self._own["set_point"]))

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
        noise = self._shocks.normal(f"{one.key}:response", *start.shape)
        return self._prepared.responses.draw(self._position, one.arm, start, noise)

    def _residuals(self) -> Floats:
        """Flare plus error by week, shape (sample, week, outcome)."""
        prepared, start = self._prepared, self._own["start"]
        weeks, begin = prepared.design.weeks.astype(float), prepared.baseline
        flare_shock = self._shocks.normal("simulated flare", len(weeks), *start.shape)
        error_shock = self._shocks.normal("simulated error", len(weeks), *start.shape)
        seen = (begin.severity[self._position], begin.rounding_variance[self._position])
        first = first_flare(prepared.noise, start, *seen, flare_shock[0])
        return residual_path(prepared.noise, first, weeks, flare_shock, error_shock)

    def _at_baseline(self, natural: Floats) -> Seen:
        """What is recorded at week 0: drawn where the cohort has no record."""
        prepared = self._prepared
        severity = self._recorded(natural, 0)
        scores = prepared.baseline.score[self._position]
        for k, name in enumerate(prepared.design.outcomes):
            if np.isfinite(scores[k]):
                scale = prepared.design.instruments[name]
                severity[:, k] = scale.to_severity(scores[k])
        return Seen(severity, self._first_state())

    def _see(self, week: int, acted: Acted, work: bool) -> Seen:
        states = None
        if work:
            states = self._paths([acted.middles], [acted.hazards])[0, :, week].astype(np.int64)
        return Seen(self._recorded(acted.levels, week), states)

    def _recorded(self, levels: Floats, week: int) -> Floats:
        """Recorded severity at a week, shape (sample, outcome)."""
        latent = levels[:, week] + self.residuals[:, week]
        scales = self._prepared.scales
        return np.stack([record(one, latent[:, k]) for k, one in enumerate(scales)], axis=1)

    @property
    def _works(self) -> bool:
        prepared = self._prepared
        return prepared.work is not None and bool(prepared.baseline.worker[self._position])

    def work(self, followed: Sequence[Followed]) -> npt.NDArray[np.int8]:
        """Work states at the end of each week, shape (scenario, sample, week); -1 without any."""
        return self._paths([one.middles for one in followed], [one.hazards for one in followed])

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
        lot = self._work_lots[0]
        passed = np.cumsum(np.exp(chances), axis=1)[:, :-1]
        return np.asarray((lot[:, None] > passed).sum(axis=1), dtype=np.int64)

    @cached_property
    def _work_lots(self) -> Floats:
        weeks = len(self._prepared.design.weeks)
        return np.asarray(ndtr(self._shocks.normal("simulated work", weeks, self._shocks.samples)))

    def _paths(self, middles: Sequence[Floats], hazards: Sequence[Hazards]) -> npt.NDArray[np.int8]:
        law = self._prepared.work
        if law is None or not self._works:
            shape = (len(middles), self._shocks.samples, len(self._prepared.design.weeks))
            return np.full(shape, -1, dtype=np.int8)
        assert self.person.baseline.work is not None
        by_move, first_return, relapse, leaving = (
            np.stack(part) for part in zip(*hazards, strict=True)
        )
        return np.asarray(
            work_paths(
                np.stack(middles),
                self._own["work_frailty"],
                law.log_intensity,
                law.worsening_slope,
                law.recovery_slope,
                law.log_exit_intensity,
                by_move,
                first_return,
                relapse,
                leaving,
                self.person.baseline.work,
                self._work_lots,
                *self._prepared.segments,
            )
        )
