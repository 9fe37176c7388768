"""What an intervention does that states its own effects, in each posterior draw."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from scipy.special import expit, logit

from scenarios import Effect, Intervention, Uncertain
from twin.instruments import Instrument, instrument
from twin.keyed import stream
from twin.law import course
from twin.law.backends import NUMPY
from twin.law.grid import Floats, TimeGrid
from twin.law.work import WORK_MOVES

from .delivery import Pace, Spells, dose_over_time
from .draws import draw_belief, log_ratios, modifiers
from .exposure import CERTAIN, Exposure

type Behind = Callable[[int, float, Floats], Floats]
"""Of the position of an outcome, a week and differences of its scores: the shifts behind these."""

_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(41)
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
    behind
        Shift of an outcome's level behind a difference of its expected scores, severity, at a week,
        on average over these people without any intervention.
    seed
        Seed of the run.
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
        log_ratio=log_ratios(intervention, n, seed),
        uptake_by=tuple(
            (one.by, draw_belief(intervention, f"uptake by {one.by}", one, n, seed))
            for one in intervention.uptake_by
        ),
        modified_by=modifiers(intervention, n, seed),
    )


def _draw(
    intervention: Intervention, name: str, belief: Uncertain | None, n: int, seed: int
) -> Floats:
    """Draw a parameter; one that is not stated leaves the dose as it is."""
    if belief is None:
        return np.full(n, _IF_NOT_STATED.get(name, CERTAIN))
    return draw_belief(intervention, name, belief, n, seed)


def _as_studied(
    intervention: Intervention, drawn: Mapping[str, Floats], n: int, seed: int
) -> Mapping[str, Floats]:
    """Uptake and adherence in the studies: as here, but for what is stated apart."""
    apart = {
        name: draw_belief(intervention, name, belief, n, seed)
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


def _severity(effect: Effect, difference: Floats, scale: Instrument) -> Floats:
    """Return a published difference as severity; more is worse."""
    if effect.unit == "severity":
        return difference
    published = scale if effect.instrument is None else instrument(effect.instrument)
    return np.asarray(published.to_severity(difference) - published.to_severity(0.0))
