"""Everything that a simulation reads, drawn or gathered before the first person is simulated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
import numpy.typing as npt
import xarray as xr

from scenarios import Intervention, Scenario
from twin.cohort import Cohort
from twin.fit.draws import missing_covariates, populations, thinned
from twin.fit.frame import frame_of
from twin.law import course
from twin.law.backends import NUMPY
from twin.law.grid import Floats, Ints, TimeGrid
from twin.law.measurement import Scale
from twin.law.population import Population
from twin.law.record_kernels import Recording
from twin.law.work import WorkLaw

from .baseline import Baseline, baseline
from .chunk import consecutive
from .design import Asked, Design, Given
from .draws import draw_belief
from .expected_table import Table, expected_table, read_table
from .exposure import Exposure, arm_exposure, arm_of
from .known import Facts, Seen
from .noise import Noise
from .plan import Plan
from .prepared import Prepared
from .queues import settled
from .reference import reference_people
from .responses import ArmResponses
from .scores import Units
from .settings import SimulationSettings
from .state import Setting
from .stated_exposure import stated_exposure
from .trend import drifts
from .weekly import WeeklyCells


def prepare(
    cohort: Cohort,
    fit: xr.DataTree,
    scenarios: Sequence[Scenario],
    settings: SimulationSettings,
    seed: int,
) -> Prepared:
    """Choose the draws, draw what interventions do, and gather what everyone shares.

    Parameters
    ----------
    cohort
        The cohort that was fitted, or the people that were assimilated.
    fit
        The fit, or their twins.
    scenarios
        Checked against cohort and settings by `check_scenarios`.
    settings
        How to simulate.
    seed
        Seed of the run.
    """
    frame = frame_of(fit)
    spec, grid, data = frame.spec, frame.time_grid, frame.records(cohort)
    posterior = fit["posterior"].to_dataset()
    people = thinned(fit["twins"].to_dataset(), settings.draws)
    paired = _paired(people)
    if paired is None:
        posterior = thinned(posterior, settings.draws)
    every = [population for _, _, population in populations(spec, posterior)]
    n = people.sizes["chain"] * people.sizes["draw"]
    missing = missing_covariates(data.gaps, people).reshape(n, -1)
    start = baseline(cohort, data)
    design = Design(
        scenarios=tuple(scenario.name for scenario in scenarios),
        comparator=settings.comparator,
        patients=tuple(str(patient) for patient in cohort.patients.index),
        weeks=np.arange(settings.horizon_weeks + 1),
        outcomes=spec.outcomes,
        instruments=cohort.outcomes,
        n_chains=people.sizes["chain"],
        n_draws=people.sizes["draw"],
        has_work=spec.has_work,
        worker=start.worker,
        given=tuple(
            Given(
                scenario.name,
                one.name,
                _lasts(one, cohort),
                {use.kind: draw_belief(one, use.kind, use, n, seed) for use in one.resources},
            )
            for scenario in scenarios
            for one in scenario.interventions
        ),
        asked=tuple(
            Asked(scenario.name, rule.name, week)
            for scenario in scenarios
            for rule in scenario.rules
            for week in rule.weeks
            if week <= settings.horizon_weeks
        ),
        groups={one.name: one.strata.names for one in scenarios if one.strata is not None},
    )
    twins = _twins(people, spec.has_work)
    scales = tuple(Scale.of(scale) for scale in cohort.outcomes.values())
    table = expected_table(np.stack([one.spread for one in every]), scales)
    measured = twins if paired is None else reference_people(frame, every, seed)
    cells, facts = WeeklyCells.of(grid), Facts.of(cohort)
    interventions = {one.name: one for scenario in scenarios for one in scenario.interventions}
    exposures = {}
    for name, one in interventions.items():
        arm = arm_of(one, cohort)
        if arm is not None:
            exposures[name] = arm_exposure(one, arm, cohort, every, cells, grid, seed)
            continue
        # nothing was recorded of reference people: all of them may be eligible
        those = maybe_eligible(one, cohort, facts, start) if paired is None else slice(None)
        behind = partial(shift_behind, {what: of[those] for what, of in measured.items()}, table)
        exposures[name] = stated_exposure(one, cohort.outcomes, n, cells.grid, behind, seed)
    setting = Setting(
        cells=cells,
        weeks=design.weeks,
        exposures=exposures,
        standard={name: _standard(one, cells, grid, design) for name, one in exposures.items()},
        facts=facts,
    )
    ready = Prepared(
        design=design,
        seed=seed,
        chain=np.repeat(people["chain"].to_numpy().astype(np.uint64), people.sizes["draw"]),
        draw=np.tile(people["draw"].to_numpy().astype(np.uint64), people.sizes["chain"]),
        grid=grid,
        twins=twins,
        responses=ArmResponses.of(every, data.gaps, missing, data.cluster),
        arm=data.arm,
        setting=setting,
        plans=tuple(Plan.of(scenario, cohort, n, seed) for scenario in scenarios),
        baseline=start,
        noise=Noise.of(every),
        table=table,
        scales=scales,
        recording=Recording.of(scales),
        units=Units.of(list(cohort.outcomes.values())),
        work=_work_law(every),
        drift=drifts(settings.secular_trend, cohort.outcomes, n, seed),
        paired=paired,
    )
    return settled(ready, data.cluster)


def _paired(people: xr.Dataset) -> Ints | None:
    """Draws of the population that people's draws belong to, shape (person, sample)."""
    if "population_draw" not in people:
        return None
    drawn = people["population_draw"].transpose("patient", "chain", "draw").to_numpy()
    return np.asarray(drawn.reshape(len(drawn), -1), dtype=np.int64)


def _lasts(one: Intervention, cohort: Cohort) -> float:
    """Weeks from the start of an intervention to the end of its last spell."""
    arm = arm_of(one, cohort)
    if arm is not None:
        return list(cohort.arms.values())[arm].duration_weeks
    assert one.schedule is not None  # the types of scenarios demand it
    spells = [(one.after_weeks + one.duration_weeks) for one in one.schedule.boosters]
    return max([one.schedule.duration_weeks, *spells])


def _standard(
    one: Exposure, cells: WeeklyCells, grid: TimeGrid, design: Design
) -> tuple[Floats, Floats]:
    """Uptake of a response at whole weeks and in the middle of cells, of who begins as planned.

    Work under an estimated intervention reads levels in the middle of the fit's cells, as the fit
    does.
    """
    edges, middles = course.uptake_by_steps(NUMPY, cells.grid, one.dose, one.response_rate)
    if one.arm is not None:
        week = np.broadcast_to(grid.middles, (len(one.dose), grid.n_cells))
        as_fitted = course.uptake(NUMPY, cells.grid, one.dose, one.response_rate, week)
        middles = cells.spread(np.asarray(as_fitted))
    at_weeks = np.take(edges, cells.at_week[: len(design.weeks)], axis=1)
    return at_weeks, np.ascontiguousarray(middles)


def maybe_eligible(
    one: Intervention, cohort: Cohort, facts: Facts, start: Baseline
) -> npt.NDArray[np.bool_]:
    """Whom an intervention's published effect is about: everyone not known to be ineligible.

    Shape (person,); everyone where that would be nobody.
    """
    everyone = np.ones(cohort.n, dtype=bool)
    if one.eligible_if is None:
        return everyone
    scales = list(cohort.outcomes.values())
    severity = np.stack([s.to_severity(start.score[:, k]) for k, s in enumerate(scales)], axis=1)
    found = everyone.copy()
    for person in range(cohort.n):
        seen = Seen(severity[person : person + 1], start.work_state[person : person + 1])
        values = facts.values(person, one.eligible_if.names, seen)
        found[person] = np.asarray(one.eligible_if.evaluate(values), dtype=float).item() != 0
    return found if found.any() else everyone


def _twins(twins: xr.Dataset, has_work: bool) -> dict[str, Floats]:
    names = ["log_rate", "start", "set_point", "response", *(["work_frailty"] if has_work else [])]
    found = {}
    for name in names:
        values = twins[name].transpose("patient", "chain", "draw", ...).to_numpy()
        found[name] = values.reshape(len(values), -1, *values.shape[3:])
    return found


_SHIFTS = np.sign(np.linspace(-1, 1, 33)) * np.linspace(-1, 1, 33) ** 2
"""Shifts of the level that are tried, up to the whole scale; closest about none."""


def shift_behind(
    twins: Mapping[str, Floats], table: Table, outcome: int, week: float, difference: Floats
) -> Floats:
    """Shift of the level that makes expected scores differ so at a week, in people like these.

    The larger the shift, the less of it is shown, because an instrument hides part of what happens
    near its best end.

    Parameters
    ----------
    twins
        ``log_rate``, ``start`` and ``set_point`` of `Prepared.twins`.
    table
        From `expected_table`.
    outcome, week
        Position of the outcome, and weeks since baseline.
    difference
        Of the expected score, on average over people and draws, from the course without
        intervention, severity, any shape.

    Returns
    -------
    Floats
        Severity, same shape; the whole scale where these people cannot show so much.
    """
    return np.asarray(np.interp(difference, _shown(twins, table, outcome, week), _SHIFTS))


def shown_of(
    twins: Mapping[str, Floats], table: Table, outcome: int, week: float, shift: Floats
) -> Floats:
    """Difference of expected scores, severity, that shifts of the level make: undoes the other.

    Arguments are those of `shift_behind`, with shifts of any shape in the place of differences.
    """
    return np.asarray(np.interp(shift, _SHIFTS, _shown(twins, table, outcome, week)))


def _shown(twins: Mapping[str, Floats], table: Table, outcome: int, week: float) -> Floats:
    """Mean difference of expected scores by each of the shifts that are tried."""
    own, total = table[:, outcome : outcome + 1], np.zeros(len(_SHIFTS))
    n = len(twins["start"])
    for some in consecutive(n, _MEASURED_AT_ONCE):
        log_rate, start, set_point = (
            twins[name][some.start : some.stop, :, outcome].astype(float)
            for name in ("log_rate", "start", "set_point")
        )
        remaining = np.exp(-np.exp(log_rate) * week)
        level = (set_point + (start - set_point) * remaining).T[:, :, None]
        total += [read_table(own, level + shift).sum() for shift in _SHIFTS]
    scores = total / (n * len(table))
    return np.asarray(scores - scores[_SHIFTS == 0])


_MEASURED_AT_ONCE = 256
"""People whose levels are held at once."""


def _work_law(every: Sequence[Population]) -> WorkLaw | None:
    laws = [population.work for population in every if population.work is not None]
    if not laws:
        return None
    parts = zip(*laws, strict=True)
    return WorkLaw(*(np.array([np.asarray(one, dtype=float) for one in part]) for part in parts))
