"""What an intervention does over time, in each posterior draw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from scenarios import Intervention
from twin.cohort import Cohort
from twin.law import course, dose
from twin.law.backends import NUMPY
from twin.law.dose import DoseCells, DoseSchedule, read_on_grid
from twin.law.grid import Floats, Ints, TimeGrid
from twin.law.population import Population
from twin.law.work import WORK_MOVES

from .delivery import Pace, Spells
from .draws import Changes, log_ratios, modifiers
from .weekly import WeeklyCells

CERTAIN = 1.0


@dataclass(frozen=True)
class Exposure:
    """An intervention, draw by draw; what is random between people is not in it.

    Attributes
    ----------
    name
        Of the intervention.
    key
        Keys its random numbers.
    arm
        Index of the cohort's arm whose estimated effect it has; None where it has its own.
    start_week
        Weeks from being offered to its start, for whoever does not wait.
    stop_week
        Week since baseline from which nobody gets it, infinite where it goes on.
    taken
        Chance that a person who is offered it takes it up, but for what uptake depends on, shape
        (sample,).
    intensity
        Dose as a multiple of that of the studies.
    adherence_level
        Share of the full dose that a taker gets at first, but for what differs between people,
        shape (sample,).
    adherence_spread
        SD between people of the log odds of that share, shape (sample,).
    spells, pace
        When it is in force, counted from its start, and how its dose goes on.
    dose
        Dose in each cell for a person who took it up and begins at once, shape (sample, cell).
    response_rate
        Rate per week at which a response is taken up, shape (sample,).
    shift
        Shift of the level by full dose, taken up, severity, shape (sample, outcome); 0 for an
        estimated effect, which differs between people.
    log_hazard
        Estimated log hazard ratio of each of `work.WORK_MOVES` at full dose, shape (sample, work
        move); 0 without an arm, or where a borrowed one stands in its place.
    log_ratio
        Stated log ratios at full dose, by target: of the rate of the natural course, and of the
        intensities of the first return to full work, of leaving it again, and of leaving work for
        good, each of shape (sample,).
    uptake_by
        Log odds ratios of uptake, shape (sample,) each, beside what they are per unit of.
    modified_by
        By target, changes of its effect as shares of it, likewise.
    """

    name: str
    key: str
    arm: int | None
    start_week: float
    stop_week: float
    taken: Floats
    intensity: float
    adherence_level: Floats
    adherence_spread: Floats
    spells: Spells
    pace: Pace
    dose: Floats
    response_rate: Floats
    shift: Floats
    log_hazard: Floats
    log_ratio: Mapping[str, Floats]
    uptake_by: Changes = ()
    modified_by: Mapping[str, Changes] = field(default_factory=dict)

    def at(self, samples: Ints) -> Exposure:
        """Return the same at other samples."""
        arrays = ("taken", "adherence_level", "adherence_spread", "dose", "response_rate", "shift")
        taken = {name: getattr(self, name)[samples] for name in (*arrays, "log_hazard")}
        return replace(
            self,
            **taken,
            pace=Pace(*(part[samples] for part in self.pace)),
            log_ratio={target: ratio[samples] for target, ratio in self.log_ratio.items()},
            uptake_by=_at(self.uptake_by, samples),
            modified_by={target: _at(by, samples) for target, by in self.modified_by.items()},
        )

    def uptake(self, grid: TimeGrid, week: Floats) -> Floats:
        """Share of a response taken up at given weeks, shape (sample, week)."""
        weeks = np.broadcast_to(week, (len(self.taken), len(week)))
        return np.asarray(course.uptake(NUMPY, grid, self.dose, self.response_rate, weeks))


def _at(changes: Changes, samples: Ints) -> Changes:
    return tuple((by, change[samples]) for by, change in changes)


def arm_exposure(
    intervention: Intervention,
    arm: int,
    cohort: Cohort,
    populations: Sequence[Population],
    cells: WeeklyCells,
    grid: TimeGrid,
    seed: int,
) -> Exposure:
    """Read an intervention from the posterior of an arm of the cohort.

    Parameters
    ----------
    intervention
        Checked against the cohort by `check.check_scenarios`.
    arm
        From `arm_of`.
    cohort
        The cohort.
    populations
        Population parameters of every posterior draw used: the samples.
    cells
        The cells that people are simulated in.
    grid
        The fit's cells of person time, on which its dose is read.
    seed
        Seed of the run.
    """
    n, k = len(populations), len(cohort.outcomes)
    given = list(cohort.arms.values())[arm]
    own = DoseSchedule(given.start_week, given.duration_weeks, given.ramp_weeks)
    drawn = {
        name: np.array([getattr(p, name)[arm] for p in populations])
        for name in ("lasting_share", "waning_half_life", "response_rate")
    }
    read = [np.broadcast_to(part, (n, grid.n_cells)) for part in read_on_grid(own, grid)]
    by_cell = dose.dose(NUMPY, DoseCells(*read), drawn["lasting_share"], drawn["waning_half_life"])
    return Exposure(
        name=intervention.name,
        key=intervention.key,
        arm=arm,
        start_week=given.start_week,
        stop_week=np.inf,
        taken=np.full(n, CERTAIN),  # what was estimated is the effect of being offered it
        intensity=1.0,
        adherence_level=np.full(n, CERTAIN),
        adherence_spread=np.zeros(n),
        spells=Spells((0.0,), (given.duration_weeks,), given.ramp_weeks),
        pace=Pace(drawn["lasting_share"], drawn["waning_half_life"], np.full(n, np.inf)),
        dose=np.ascontiguousarray(cells.spread(np.asarray(by_cell))),
        response_rate=drawn["response_rate"],
        shift=np.zeros((n, k)),
        log_hazard=_estimated_hazard(intervention, arm, populations),
        log_ratio=log_ratios(intervention, n, seed),
        modified_by=modifiers(intervention, n, seed),
    )


def arm_of(intervention: Intervention, cohort: Cohort) -> int | None:
    """Return the index of the cohort's arm that received an intervention, where its effect is used.

    Raises
    ------
    LookupError
        If the intervention's effect is that of an arm, and the cohort has none.
    """
    if intervention.arm is None:
        return None
    for position, arm in enumerate(cohort.arms.values()):
        if arm.intervention == intervention.arm:
            return position
    raise LookupError(intervention.arm)


def _estimated_hazard(
    intervention: Intervention, arm: int, populations: Sequence[Population]
) -> Floats:
    """Log hazard ratios of an arm, but for the moves of which the intervention states its own."""
    stated = {effect.target for effect in intervention.effects}
    kept = np.array(["first_return" not in stated, "relapse" not in stated], dtype=float)
    none = np.zeros(len(WORK_MOVES))
    every = [none if p.work is None else p.work.arm_log_hazard[arm] for p in populations]
    return np.asarray(np.stack(every) * kept, dtype=float)
