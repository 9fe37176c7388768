"""Everything that a simulation reads, drawn or gathered before the first person is simulated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import xarray as xr

from scenarios import Scenario
from twin.cohort import Cohort
from twin.fit.arrays import model_spec, records
from twin.fit.draws import by_draw, evenly, missing_covariates, populations
from twin.fit.settings import ModelSettings
from twin.law.grid import Floats, Ints, TimeGrid
from twin.law.measurement import Scale
from twin.law.population import Population
from twin.law.work import WorkLaw

from .baseline import Baseline, baseline
from .design import Design
from .expected_table import expected_table, read_table
from .exposure import Exposure, exposure
from .noise import Noise
from .responses import ArmResponses
from .settings import SimulationSettings
from .work_paths import WeekSegments, week_segments


@dataclass(frozen=True)
class Prepared:
    """What all people share, and each one's twin; sample stands for chain and draw together.

    Attributes
    ----------
    design
        What is simulated.
    seed
        Keys every random number.
    grid
        The cells of person time.
    twins
        ``log_rate``, ``start``, ``set_point``, ``response`` and, with work, ``work_frailty``:
        shape (person, sample) or (person, sample, outcome).
    responses
        How people respond to arms that they never had.
    arm
        Index of each person's own arm, shape (person,).
    exposures
        Every intervention of the scenarios, by name.
    given
        Names of the interventions of each scenario, in the order of the design.
    at_weeks, at_middles
        Share of a response to each intervention that is taken up, by name: at the weeks of the
        design and at the middles of the cells, shapes (sample, week) and (sample, cell).
    baseline
        Where people stand at week 0.
    noise, table, scales
        Parameters of flare and error; expected scores by level; measurement of each outcome.
    work
        The work process with a leading sample axis; None where there is none.
    segments
        The weeks cut at the edges of cells.
    """

    design: Design
    seed: int
    grid: TimeGrid
    twins: Mapping[str, Floats]
    responses: ArmResponses
    arm: Ints
    exposures: Mapping[str, Exposure]
    given: tuple[tuple[str, ...], ...]
    at_weeks: Mapping[str, Floats]
    at_middles: Mapping[str, Floats]
    baseline: Baseline
    noise: Noise
    table: Floats
    scales: tuple[Scale, ...]
    work: WorkLaw | None
    segments: WeekSegments


def prepare(
    cohort: Cohort,
    fit: xr.DataTree,
    scenarios: Sequence[Scenario],
    model: ModelSettings,
    settings: SimulationSettings,
    seed: int,
) -> Prepared:
    """Choose the draws, draw what interventions do, and gather what everyone shares.

    Parameters
    ----------
    cohort
        The cohort that was fitted.
    fit
        The fit.
    scenarios
        Checked against cohort and settings by `check_scenarios`.
    model
        How the model that was fitted was laid out.
    settings
        How to simulate.
    seed
        Seed of the run.
    """
    grid = model.time_grid
    spec, data = model_spec(cohort, model), records(cohort, grid)
    posterior = fit["posterior"].to_dataset()
    chosen = evenly(posterior.sizes["draw"], settings.draws // posterior.sizes["chain"])
    posterior = posterior.isel(draw=chosen)
    every = [population for _, _, population in populations(spec, posterior)]
    people = fit["twins"].to_dataset().isel(draw=chosen)
    missing = missing_covariates(data.gaps, people).reshape(len(every), -1)
    start = baseline(cohort, data)
    design = Design(
        scenarios=tuple(scenario.name for scenario in scenarios),
        comparator=settings.comparator,
        patients=tuple(str(patient) for patient in cohort.patients.index),
        weeks=np.arange(settings.horizon_weeks + 1),
        outcomes=spec.outcomes,
        instruments=cohort.outcomes,
        n_chains=posterior.sizes["chain"],
        n_draws=posterior.sizes["draw"],
        has_work=spec.has_work,
        worker=start.worker,
    )
    twins = _twins(people, spec.has_work)
    scales = tuple(Scale.of(scale) for scale in cohort.outcomes.values())
    table = expected_table(np.stack([one.spread for one in every]), scales)
    behind = partial(shift_behind, twins, table)
    interventions = {one.name: one for scenario in scenarios for one in scenario.interventions}
    exposures = {
        name: exposure(one, cohort, every, grid, behind, seed)
        for name, one in interventions.items()
    }
    weeks = design.weeks.astype(float)
    return Prepared(
        design=design,
        seed=seed,
        grid=grid,
        twins=twins,
        responses=ArmResponses.of(every, data.gaps, missing, data.cluster),
        arm=data.arm,
        exposures=exposures,
        given=tuple(tuple(one.name for one in scenario.interventions) for scenario in scenarios),
        at_weeks={name: one.uptake(grid, weeks) for name, one in exposures.items()},
        at_middles={name: one.uptake(grid, grid.middles) for name, one in exposures.items()},
        baseline=start,
        noise=Noise.of(every),
        table=table,
        scales=scales,
        work=_work_law(every),
        segments=week_segments(grid, settings.horizon_weeks),
    )


def _twins(twins: xr.Dataset, has_work: bool) -> dict[str, Floats]:
    names = ["log_rate", "start", "set_point", "response", *(["work_frailty"] if has_work else [])]
    found = {}
    for name in names:
        values = np.moveaxis(by_draw(twins, name), 2, 0)
        found[name] = values.reshape(values.shape[0], -1, *values.shape[3:])
    return found


_SHIFTS = np.sign(np.linspace(-1, 1, 33)) * np.linspace(-1, 1, 33) ** 2
"""Shifts of the level that are tried, up to the whole scale; closest about none."""


def shift_behind(
    twins: Mapping[str, Floats], table: Floats, outcome: int, week: float, difference: Floats
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
    twins: Mapping[str, Floats], table: Floats, outcome: int, week: float, shift: Floats
) -> Floats:
    """Difference of expected scores, severity, that shifts of the level make: undoes the other.

    Arguments are those of `shift_behind`, with shifts of any shape in the place of differences.
    """
    return np.asarray(np.interp(shift, _SHIFTS, _shown(twins, table, outcome, week)))


def _shown(twins: Mapping[str, Floats], table: Floats, outcome: int, week: float) -> Floats:
    """Mean difference of expected scores by each of the shifts that are tried."""
    log_rate, start, set_point = (
        twins[name][..., outcome] for name in ("log_rate", "start", "set_point")
    )
    remaining = np.exp(-np.exp(log_rate) * week)
    level = (set_point + (start - set_point) * remaining).T[:, :, None]
    own = table[:, outcome : outcome + 1]
    scores = np.array([read_table(own, level + shift).mean() for shift in _SHIFTS])
    return np.asarray(scores - scores[_SHIFTS == 0])


def _work_law(every: Sequence[Population]) -> WorkLaw | None:
    laws = [population.work for population in every if population.work is not None]
    if not laws:
        return None
    parts = zip(*laws, strict=True)
    return WorkLaw(*(np.array([np.asarray(one, dtype=float) for one in part]) for part in parts))
