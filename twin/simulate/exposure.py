"""What an intervention does over time, in each posterior draw."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from scenarios import Effect, Intervention, Uncertain
from twin.cohort import Cohort
from twin.instruments import Instrument, instrument
from twin.keyed import stream
from twin.law import course, dose
from twin.law.backends import NUMPY
from twin.law.dose import DoseCells, DoseSchedule, read_on_grid
from twin.law.grid import Floats, Ints, TimeGrid
from twin.law.population import Population
from twin.law.work import WORK_MOVES

type Behind = Callable[[int, float, Floats], Floats]
"""Of the position of an outcome, a week and differences of its scores: the shifts behind these."""

CERTAIN = 1.0


@dataclass(frozen=True)
class Exposure:
    """An intervention, draw by draw; what is random between people is not in it.

    Attributes
    ----------
    name
        Of the intervention; keys its random numbers.
    arm
        Index of the cohort's arm whose estimated effect it has; None where it has its own.
    taken
        Chance that a person who is offered it takes it up, shape (sample,).
    dose
        Dose in each cell for a person who took it up, shape (sample, cell).
    response_rate
        Rate per week at which a response is taken up, shape (sample,).
    shift
        Shift of the level by full dose, taken up, severity, shape (sample, outcome); 0 for an
        estimated effect, which differs between people.
    log_hazard
        Estimated log hazard ratio of each of `work.WORK_MOVES` at full dose, shape (sample, work
        move); 0 without an arm, or where a borrowed one stands in its place.
    log_first_return, log_relapse
        Borrowed log hazard ratios at full dose of the first return to full work and of leaving it
        again, shape (sample,).
    """

    name: str
    arm: int | None
    taken: Floats
    dose: Floats
    response_rate: Floats
    shift: Floats
    log_hazard: Floats
    log_first_return: Floats
    log_relapse: Floats

    def at(self, samples: Ints) -> Exposure:
        """Return the same at other samples."""
        arrays = ("taken", "dose", "response_rate", "shift", "log_hazard")
        names = (*arrays, "log_first_return", "log_relapse")
        return replace(self, **{name: getattr(self, name)[samples] for name in names})

    def uptake(self, grid: TimeGrid, week: Floats) -> Floats:
        """Share of a response taken up at given weeks, shape (sample, week)."""
        weeks = np.broadcast_to(week, (len(self.taken), len(week)))
        return np.asarray(course.uptake(NUMPY, grid, self.dose, self.response_rate, weeks))


def exposure(
    intervention: Intervention,
    cohort: Cohort,
    populations: Sequence[Population],
    n: int,
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
    grid
        The cells of person time.
    behind
        Shift of an outcome's level behind a difference of its expected scores, severity, at a week,
        on average over these people without any intervention.
    seed
        Seed of the run.
    """
    k, arm = len(cohort.outcomes), arm_of(intervention, cohort)
    if arm is not None:
        n = len(populations)
        given = list(cohort.arms.values())[arm]
        own = DoseSchedule(given.start_week, given.duration_weeks, given.ramp_weeks)
        parameters = {
            name: np.array([getattr(p, name)[arm] for p in populations])
            for name in ("lasting_share", "waning_half_life", "response_rate")
        }
        return Exposure(
            name=intervention.name,
            arm=arm,
            taken=np.full(n, CERTAIN),  # what was estimated is the effect of being offered it
            dose=_dose(own, grid, parameters["lasting_share"], parameters["waning_half_life"]),
            response_rate=parameters["response_rate"],
            shift=np.zeros((n, k)),
            log_hazard=_estimated_hazard(intervention, arm, populations),
            log_first_return=_log_hazard(intervention, "first_return", n, seed),
            log_relapse=_log_hazard(intervention, "relapse", n, seed),
        )
    return stated_exposure(intervention, cohort.outcomes, n, grid, behind, seed)


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
    grid, behind, seed
        As of `exposure`.
    """
    beliefs = _beliefs(intervention)
    drawn = {name: _draw(intervention, name, belief, n, seed) for name, belief in beliefs.items()}
    own_dose, response_rate = _own_dose(intervention, grid, drawn), 1 / drawn["response_time"]
    shift = np.zeros((n, len(outcomes)))
    for position, (outcome, scale) in enumerate(outcomes.items()):
        for effect in intervention.effects:
            if effect.target == outcome:
                rng = stream(seed, f"{intervention.name}:{effect.target}")
                difference = effect.distribution.draw(rng, (n,))
                assert effect.at_week is not None  # the types of scenarios demand it
                # Published differences are between everyone offered it and everyone not, at a time:
                # of a full response, they show what had been taken up, by those who took it up.
                week = np.full((n, 1), effect.at_week)
                taken_up = course.uptake(NUMPY, grid, own_dose, response_rate, week)[:, 0]
                by_takers = _severity(effect, difference, scale) / drawn["uptake"]
                shift[:, position] += behind(position, effect.at_week, by_takers) / taken_up
    return Exposure(
        name=intervention.name,
        arm=None,
        taken=drawn["uptake"],
        dose=own_dose,
        response_rate=response_rate,
        shift=shift,
        log_hazard=np.zeros((n, len(WORK_MOVES))),
        log_first_return=_log_hazard(intervention, "first_return", n, seed),
        log_relapse=_log_hazard(intervention, "relapse", n, seed),
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


def _beliefs(intervention: Intervention) -> Mapping[str, Uncertain | None]:
    return {
        "uptake": intervention.uptake,
        "adherence_half_life": intervention.adherence_half_life,
        "response_time": intervention.response_time,
        "lasting_share": intervention.lasting_share,
        "waning_half_life": intervention.waning_half_life,
    }


def _draw(
    intervention: Intervention, name: str, belief: Uncertain | None, n: int, seed: int
) -> Floats:
    """Draw a parameter; one that is not stated leaves the dose as it is."""
    if belief is None:
        return np.full(n, np.inf if name == "adherence_half_life" else CERTAIN)
    rng = stream(seed, f"{intervention.name}:{name}")
    return np.asarray(belief.distribution.draw(rng, (n,)), dtype=float)


def _estimated_hazard(
    intervention: Intervention, arm: int, populations: Sequence[Population]
) -> Floats:
    """Log hazard ratios of an arm, but for the moves of which the intervention states its own."""
    stated = {effect.target for effect in intervention.effects}
    kept = np.array(["first_return" not in stated, "relapse" not in stated], dtype=float)
    none = np.zeros(len(WORK_MOVES))
    every = [none if p.work is None else p.work.arm_log_hazard[arm] for p in populations]
    return np.asarray(np.stack(every) * kept, dtype=float)


def _log_hazard(intervention: Intervention, target: str, n: int, seed: int) -> Floats:
    total = np.zeros(n)
    for effect in intervention.effects:
        if effect.target == target:
            rng = stream(seed, f"{intervention.name}:{target}")
            total += effect.distribution.draw(rng, (n,))
    return total


def _severity(effect: Effect, difference: Floats, scale: Instrument) -> Floats:
    """Return a published difference as severity; more is worse."""
    if effect.unit == "severity":
        return difference
    published = scale if effect.instrument is None else instrument(effect.instrument)
    return np.asarray(published.to_severity(difference) - published.to_severity(0.0))


def _own_dose(intervention: Intervention, grid: TimeGrid, drawn: Mapping[str, Floats]) -> Floats:
    """Dose in each cell: the schedule's, times what is left of adherence while in force."""
    assert intervention.schedule is not None
    plan = DoseSchedule(
        intervention.schedule.start_week,
        intervention.schedule.duration_weeks,
        intervention.schedule.ramp_weeks,
    )
    by_schedule = _dose(plan, grid, drawn["lasting_share"], drawn["waning_half_life"])
    in_force = np.clip(grid.middles, plan.start_week, plan.end_week) - plan.start_week
    return by_schedule * 0.5 ** (in_force / drawn["adherence_half_life"][:, None])


def _dose(
    schedule: DoseSchedule, grid: TimeGrid, lasting_share: Floats, half_life: Floats
) -> Floats:
    cells = read_on_grid(schedule, grid)
    each = DoseCells(*(np.broadcast_to(part, (len(half_life), grid.n_cells)) for part in cells))
    return np.asarray(dose.dose(NUMPY, each, lasting_share, half_life))
