"""One person's draws side by side, and the course that each expects of that person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from twin.law import course
from twin.law.backends import NUMPY
from twin.law.grid import Floats, Ints, TimeGrid
from twin.update.stack import Stack


@dataclass(frozen=True, eq=False)
class OwnCourse:
    """A person's draws, each with the draw of the population that it belongs to.

    Attributes
    ----------
    stack
        Draws of the population.
    draw
        Of these, the one at each place, shape (place,).
    arm
        Index of the person's arm.
    log_rate
        Shape (place, outcome).
    effects
        Start, set point, response and, with work, frailty: shape (place, linear effect).
    flare
        At the last visit, shape (place, outcome).
    week
        Of the last visit.
    """

    stack: Stack
    draw: Ints
    arm: int
    log_rate: Floats
    effects: Floats
    flare: Floats
    week: float

    @classmethod
    def of(cls, stack: Stack, twin: xr.Dataset, arm: int) -> OwnCourse:
        """Read a person's draws from a dataset of twins, the person selected."""

        def drawn(name: str) -> NDArray[Any]:
            values = twin[name].transpose("chain", "draw", ...).to_numpy()
            return np.ascontiguousarray(values.reshape(-1, *values.shape[2:]))

        parts = [drawn(name) for name in ("start", "set_point", "response")]
        if stack.has_work:
            parts.append(drawn("work_frailty")[:, None])
        paired = "population_draw" in twin  # else draws of people and population are one to one
        return cls(
            stack=stack,
            draw=drawn("population_draw") if paired else np.arange(stack.n, dtype=np.int64),
            arm=arm,
            log_rate=drawn("log_rate"),
            effects=np.concatenate(parts, axis=1),
            flare=drawn("flare_now"),
            week=float(twin["week_now"].item()),
        )

    def levels(self, week: float) -> Floats:
        """Levels at a week under the person's own arm, severity, shape (place, outcome)."""
        law, k = self.stack.law, self.stack.n_outcomes
        weights = course.basis(
            NUMPY,
            TimeGrid(tuple(self.stack.edges)),
            law.dose[self.draw, self.arm],
            law.response_rate[self.draw, self.arm],
            np.exp(self.log_rate),
            np.full((len(self.draw), 1), week),
        )
        parts = (self.effects[:, j * k : (j + 1) * k] for j in range(3))
        return np.asarray(course.level(weights, *parts)[:, 0])
