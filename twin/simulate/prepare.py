"""Everything that a simulation reads, drawn or gathered before the first person is simulated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import xarray as xr

from scenarios import Scenario
from twin.cohort import Cohort
from twin.fit.draws import by_draw, missing_covariates, populations, thinned
from twin.fit.frame import frame_of
from twin.law.grid import Floats, Ints, TimeGrid
from twin.law.measurement import Scale
from twin.law.population import Population
from twin.law.work import WorkLaw

from .baseline import Baseline, baseline
from .design import Design
from .expected_table import expected_table, read_table
from .exposure import Exposure, exposure
from .noise import Noise
from .reference import reference_people
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
    paired
        Draw of the population that each draw of each person belongs to, shape (person, sample):
        of twins whose own data reweighed the population. What the population says (the
        responses but for missing covariates, exposures to arms, noise, table, work) then has its
        draws in the place of samples. None where draws of people and population are one to one.
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
    paired: Ints | None = None

    def of(self, person: int) -> Prepared:
        """Return the same with the population's part brought into one person's order of draws."""
        if self.paired is None:
            return self
        at = self.paired[person]

        def own(by_name: Mapping[str, Floats]) -> dict[str, Floats]:
            return {
                name: values if self.exposures[name].arm is None else values[at]
                for name, values in by_name.items()
            }

        return replace(
            self,
            paired=None,
            responses=self.responses.at(at),
            exposures={
                name: one if one.arm is None else one.at(at) for name, one in self.exposures.items()
            },
            at_weeks=own(self.at_weeks),
            at_middles=own(self.at_middles),
            noise=self.noise.at(at),
            table=self.table[at],
            work=None if self.work is None else WorkLaw(*(part[at] for part in self.work)),
        )


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
    )
    twins = _twins(people, spec.has_work)
    scales = tuple(Scale.of(scale) for scale in cohort.outcomes.values())
    table = expected_table(np.stack([one.spread for one in every]), scales)
    measured = twins if paired is None else reference_people(frame, every, seed)
    behind = partial(shift_behind, measured, table)
    interventions = {one.name: one for scenario in scenarios for one in scenario.interventions}
    exposures = {
        name: exposure(one, cohort, every, n, grid, behind, seed)
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
        paired=paired,
    )


def _paired(people: xr.Dataset) -> Ints | None:
    """Draws of the population that people's draws belong to, shape (person, sample)."""
    if "population_draw" not in people:
        return None
    drawn = people["population_draw"].transpose("patient", "chain", "draw").to_numpy()
    return np.asarray(drawn.reshape(len(drawn), -1), dtype=np.int64)


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
