"""What an intervention does over time, in each posterior draw."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from scipy.special import expit, logit

from scenarios import Effect, Intervention, Uncertain
from scenarios.expression import Expression
from twin.cohort import Cohort
from twin.instruments import Instrument, instrument
from twin.keyed import stream
from twin.law import course, dose
from twin.law.backends import NUMPY
from twin.law.dose import DoseCells, DoseSchedule, read_on_grid
from twin.law.grid import Floats, Ints, TimeGrid
from twin.law.population import Population
from twin.law.work import WORK_MOVES

from .delivery import Pace, Spells, dose_over_time
from .weekly import WeeklyCells

type Changes = tuple[tuple[Expression, Floats], ...]
"""Draws of changes, shape (sample,) each, beside what they are per unit of."""
type Behind = Callable[[int, float, Floats], Floats]
"""Of the position of an outcome, a week and differences of its scores: the shifts behind these."""

CERTAIN = 1.0
RATIOS = ("recovery_rate", "first_return", "relapse", "exit")
"""Targets whose effects are log ratios in force while the dose is."""
_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(41)


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


def exposure(
    intervention: Intervention,
    cohort: Cohort,
    populations: Sequence[Population],
    n: int,
    cells: WeeklyCells,
    grid: TimeGrid,
    behind: Behind,
    seed: int,
) -> Exposure:
    """Draw an intervention's parameters, or read them from the posterior of the cohort's arm.

    Parameters
    ----------
    intervention
        Checked against the cohort by `check.check_scenarios`.
    cohort
        The cohort.
    populations
        Population parameters of every posterior draw used: samples of an arm's exposure.
    n
        Number of samples of any other.
    cells
        The cells that people are simulated in.
    grid
        The fit's cells of person time; the dose of an estimated intervention is read on them.
    behind
        Shift of an outcome's level behind a difference of its expected scores, severity, at a week,
        on average over these people without any intervention.
    seed
        Seed of the run.
    """
    arm = arm_of(intervention, cohort)
    if arm is None:
        return stated_exposure(intervention, cohort.outcomes, n, cells.grid, behind, seed)
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
        dose=cells.spread(np.asarray(by_cell)),
        response_rate=drawn["response_rate"],
        shift=np.zeros((n, k)),
        log_hazard=_estimated_hazard(intervention, arm, populations),
        log_ratio=_log_ratios(intervention, n, seed),
        modified_by=_modifiers(intervention, n, seed),
    )


def stated_exposure(
    intervention: Intervention,
    outcomes: Mapping[str, Instrument],
    n: int,
    grid: TimeGrid,
    behind: Behind,
    seed: int,
) -> Exposure:
    """Draw the parameters of an intervention that states its own effects.

    Parameters
    ----------
    intervention
        Not one that has its effects from an arm.
    outcomes
        The outcomes of the people, and their instruments.
    n
        Number of draws.
    grid
        Cells in which its dose is constant.
    behind, seed
        As of `exposure`.
    """
    plan = intervention.schedule
    assert plan is not None  # the types of scenarios demand it
    drawn = {
        name: _draw(intervention, name, getattr(intervention, name), n, seed) for name in _DRAWN
    }
    studied = _as_studied(intervention, drawn, n, seed)
    spells = Spells(
        (0.0, *(one.after_weeks for one in plan.boosters)),
        (plan.duration_weeks, *(one.after_weeks + one.duration_weeks for one in plan.boosters)),
        plan.ramp_weeks,
    )
    pace = Pace(drawn["lasting_share"], drawn["waning_half_life"], drawn["adherence_half_life"])
    at_once, for_good = np.zeros(n), np.full(n, np.inf)
    # as it was published: from the beginning, without boosters, with the uptake of the studies
    alone = spells._replace(begins=spells.begins[:1], ends=spells.ends[:1])
    as_studied = pace._replace(adherence_half_life=studied["adherence_half_life"])
    published_dose = dose_over_time(alone, as_studied, grid, at_once, for_good)
    published_dose *= _mean_adherence(studied["adherence_level"], drawn["adherence_spread"])[
        :, None
    ]
    response_rate = 1 / drawn["response_time"]
    shift = np.zeros((n, len(outcomes)))
    for position, (outcome, scale) in enumerate(outcomes.items()):
        for effect in intervention.effects:
            if effect.target == outcome:
                rng = stream(seed, f"{intervention.key}:{effect.target}")
                difference = effect.distribution.draw(rng, (n,))
                assert effect.at_week is not None  # the types of scenarios demand it
                # Published differences are between everyone offered it and everyone not, at a time:
                # of a full response, they show what had been taken up, by those who took it up.
                week = np.full((n, 1), effect.at_week)
                taken_up = course.uptake(NUMPY, grid, published_dose, response_rate, week)[:, 0]
                by_takers = _severity(effect, difference, scale) / studied["uptake"]
                shift[:, position] += behind(position, effect.at_week, by_takers) / taken_up
    stop = np.inf if plan.stop_week is None else plan.stop_week
    start = np.full(n, plan.start_week)
    share = intervention.dose * drawn["adherence_level"]
    own = dose_over_time(spells, pace, grid, start, np.full(n, stop)) * share[:, None]
    return Exposure(
        name=intervention.name,
        key=intervention.key,
        arm=None,
        start_week=plan.start_week,
        stop_week=stop,
        taken=drawn["uptake"],
        intensity=intervention.dose,
        adherence_level=drawn["adherence_level"],
        adherence_spread=drawn["adherence_spread"],
        spells=spells,
        pace=pace,
        dose=own,
        response_rate=response_rate,
        shift=shift,
        log_hazard=np.zeros((n, len(WORK_MOVES))),
        log_ratio=_log_ratios(intervention, n, seed),
        uptake_by=tuple(
            (one.by, _draw_belief(intervention, f"uptake by {one.by}", one, n, seed))
            for one in intervention.uptake_by
        ),
        modified_by=_modifiers(intervention, n, seed),
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


_DRAWN = (
    "uptake",
    "adherence_level",
    "adherence_spread",
    "adherence_half_life",
    "response_time",
    "lasting_share",
    "waning_half_life",
)
_IF_NOT_STATED = {"adherence_half_life": np.inf, "adherence_spread": 0.0}


def _draw(
    intervention: Intervention, name: str, belief: Uncertain | None, n: int, seed: int
) -> Floats:
    """Draw a parameter; one that is not stated leaves the dose as it is."""
    if belief is None:
        return np.full(n, _IF_NOT_STATED.get(name, CERTAIN))
    return _draw_belief(intervention, name, belief, n, seed)


def _draw_belief(
    intervention: Intervention, name: str, belief: Uncertain, n: int, seed: int
) -> Floats:
    rng = stream(seed, f"{intervention.key}:{name}")
    return np.asarray(belief.distribution.draw(rng, (n,)), dtype=float)


def _as_studied(
    intervention: Intervention, drawn: Mapping[str, Floats], n: int, seed: int
) -> Mapping[str, Floats]:
    """Uptake and adherence in the studies: as here, but for what is stated apart."""
    apart = {
        name: _draw_belief(intervention, name, belief, n, seed)
        for name, belief in intervention.studied
        if belief is not None
    }
    return {**drawn, **apart}


def _mean_adherence(level: Floats, spread: Floats) -> Floats:
    """Mean over people of a share whose log odds differ so between them, shape (sample,)."""
    if not spread.any():
        return level
    each = expit(logit(level)[:, None] + spread[:, None] * _NODES)
    return np.asarray(each @ _WEIGHTS / _WEIGHTS.sum())


def _estimated_hazard(
    intervention: Intervention, arm: int, populations: Sequence[Population]
) -> Floats:
    """Log hazard ratios of an arm, but for the moves of which the intervention states its own."""
    stated = {effect.target for effect in intervention.effects}
    kept = np.array(["first_return" not in stated, "relapse" not in stated], dtype=float)
    none = np.zeros(len(WORK_MOVES))
    every = [none if p.work is None else p.work.arm_log_hazard[arm] for p in populations]
    return np.asarray(np.stack(every) * kept, dtype=float)


def _log_ratios(intervention: Intervention, n: int, seed: int) -> dict[str, Floats]:
    found = {target: np.zeros(n) for target in RATIOS}
    for effect in intervention.effects:
        if effect.target in found:
            rng = stream(seed, f"{intervention.key}:{effect.target}")
            found[effect.target] = np.asarray(effect.distribution.draw(rng, (n,)), dtype=float)
    return found


def _modifiers(intervention: Intervention, n: int, seed: int) -> dict[str, Changes]:
    return {
        effect.target: tuple(
            (one.by, _draw_belief(intervention, f"{effect.target} by {one.by}", one, n, seed))
            for one in effect.modified_by
        )
        for effect in intervention.effects
    }


def _severity(effect: Effect, difference: Floats, scale: Instrument) -> Floats:
    """Return a published difference as severity; more is worse."""
    if effect.unit == "severity":
        return difference
    published = scale if effect.instrument is None else instrument(effect.instrument)
    return np.asarray(published.to_severity(difference) - published.to_severity(0.0))
