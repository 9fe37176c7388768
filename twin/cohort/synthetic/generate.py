"""From a design and a population to a cohort, by the law itself."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import xarray as xr

from twin.cohort.absence import DaysAbsent
from twin.cohort.cohort import WORK_STATUSES, Arm, Cohort, Entry
from twin.cohort.encode import encode
from twin.cohort.synthetic.attendance import attendance, visit_weeks
from twin.cohort.synthetic.facts import COVARIATES, draw_facts
from twin.cohort.synthetic.screening import enrol
from twin.cohort.synthetic.settings import SyntheticSettings
from twin.cohort.synthetic.truth import default_truth, truth_dataset
from twin.instruments import Instrument, instrument
from twin.law import forward, forward_work
from twin.law.backends import NUMPY
from twin.law.dose import NEVER, DoseSchedule, read_arms_on_grid
from twin.law.grid import Floats, Ints, TimeGrid
from twin.law.measurement import Scale, record
from twin.law.parameters import ModelSpec, assemble
from twin.law.population import People, Population
from twin.law.records import WorkRecords
from twin.law.work import PERMANENTLY_OUT, loss_of_states
from twin.law.work_layout import lay_work

ARMS = ("usual_care", "app")
OUTCOMES = ("pain", "disability")
DAYS = DaysAbsent()
"""What days absent mean in a generated cohort: working days since the person's previous visit."""
ENTRY = "disability"
"""The outcome that enrolment and staying away depend on."""


def synthetic_spec(settings: SyntheticSettings) -> ModelSpec:
    """Return what a generated cohort will have, known before it is generated."""
    return ModelSpec(
        outcomes=OUTCOMES,
        arms=ARMS,
        clusters=_names("c", settings.clusters),
        covariates=tuple(COVARIATES),
        has_work=_employed(settings) > 0,
        has_days=settings.days_absent and _employed(settings) > 0,
    )


def synthetic_cohort(
    settings: SyntheticSettings, seed: int, truth: Mapping[str, Floats] | None = None
) -> tuple[Cohort, xr.Dataset]:
    """Generate a trial, and the truth behind it.

    Covariates, clinic and arm of each place in the trial are drawn first; then people like that
    are screened one after the other until one passes the entry threshold. The covariates are thus
    standardised over the very people who are enrolled, as a fit will do, and the population's
    values hold exactly.

    Parameters
    ----------
    settings
        Design of the trial.
    seed
        Seed of everything random.
    truth
        Values of every parameter of `twin.law.parameters.sampled_parameters` for
        `synthetic_spec(settings)`, correlations as lower Cholesky factors; None for the default.

    Returns
    -------
    cohort
        The cohort, marked synthetic.
    truth
        Values of the population parameters and each person's own, by the names of the fit, and
        for every visit that was due its ``week`` and the continuous severity ``latent`` behind its
        scores. Attributes: `synthetic` (1), `seed`, and `screened`, the number of people screened.

    Raises
    ------
    ValueError
        When so few people would pass the entry threshold that no such trial could be run.

    Examples
    --------
    >>> cohort, truth = synthetic_cohort(SyntheticSettings(people=20, clusters=2), seed=1)
    >>> cohort.n, cohort.synthetic
    (20, True)
    """
    rng = np.random.default_rng(seed)
    spec = synthetic_spec(settings)
    values = default_truth(spec, rng) if truth is None else dict(truth)
    population = assemble(NUMPY, spec, values)
    grid = TimeGrid(settings.grid_edges)
    scales = _scales(settings)
    n = settings.people
    facts = draw_facts(n, rng)
    cluster = _evenly(n, len(spec.clusters), rng)
    arm = _evenly(n, len(ARMS), rng)
    employed = rng.permutation(n) < _employed(settings)
    week = visit_weeks(settings, rng)

    covariate = encode(facts, COVARIATES).values
    people, residual, screened = enrol(
        population,
        covariate,
        cluster,
        arm,
        week,
        OUTCOMES.index(ENTRY),
        scales[ENTRY],
        settings.entry_minimum,
        rng,
    )
    cells = read_arms_on_grid([NEVER, _schedule(settings)], grid)
    level = forward.levels(population, people, grid, cells, arm, week)
    severity = np.stack(
        [
            record(Scale.of(scale), (level + residual)[:, :, k])
            for k, scale in enumerate(scales.values())
        ],
        axis=-1,
    )
    state = np.full(week.shape, -1)
    if population.work is not None:
        pattern = _every_visit(grid, week, settings.partial_loss)
        process = forward_work.work_process(population, people, grid, cells, arm, pattern)
        drawn = forward_work.draw_states(process, pattern, rng).reshape(week.shape)
        state[employed] = drawn[employed]
    came = attendance(settings, severity[:, :, OUTCOMES.index(ENTRY)], rng)
    days = np.full(week.shape, np.nan)
    if settings.days_absent and population.work is not None:
        days = _days(settings, population, people, arm, week, np.where(came, state, -1), rng)

    patient = _names("p", n)
    patients = facts.assign(
        arm=np.array(ARMS)[arm],
        cluster=np.array(spec.clusters)[cluster] if spec.clusters else None,
        body_region="low_back",
        labour_force=employed,
    ).set_index(pd.Index(patient, name="patient"))
    visits = pd.DataFrame(
        {"patient": np.repeat(patient, week.shape[1]), "week": week.ravel()}
        | {
            # rounding only removes the dust of binary fractions from scores on a grid
            name: scale.from_severity(severity[:, :, k]).round(9).ravel()
            for k, (name, scale) in enumerate(scales.items())
        }
        | {
            "work_status": pd.Series(
                np.array([*WORK_STATUSES, None], dtype=object)[state.ravel()], dtype="str"
            ),
            "days_absent": days.ravel(),
        }
    )
    cohort = Cohort(
        name=settings.name,
        synthetic=True,
        patients=patients.astype({"arm": "str", "cluster": "str", "body_region": "str"}),
        visits=visits[came.ravel()],
        outcomes=scales,
        covariates=COVARIATES,
        arms={ARMS[0]: Arm(), ARMS[1]: _arm(settings)},
        entry=None if settings.entry_minimum is None else Entry(ENTRY, settings.entry_minimum),
    )
    known = truth_dataset(spec, values, people, patient).assign(
        week=(("patient", "visit"), week),
        latent=(("patient", "visit", "outcome"), level + residual),
    )
    # numbers, not truth values: NetCDF has no such type for attributes
    return cohort, known.assign_attrs(synthetic=1, seed=seed, screened=screened)


def _employed(settings: SyntheticSettings) -> int:
    """Number of people in the labour force."""
    return round(settings.employed_share * settings.people)


def _every_visit(grid: TimeGrid, week: Floats, partial_loss: float) -> WorkRecords:
    """Return the pattern in which everyone's state is seen at every visit."""
    n, visits = week.shape
    seen = np.zeros(n * visits, dtype=np.int64)
    return lay_work(
        grid,
        np.repeat(np.arange(n), visits),
        week.ravel(),
        seen,
        seen - 1,
        seen,
        week.ravel(),
        loss_of_states(partial_loss),
    )


def _days(
    settings: SyntheticSettings,
    population: Population,
    people: People,
    arm: Ints,
    week: Floats,
    state: Ints,
    rng: np.random.Generator,
) -> Floats:
    """Draw days absent since the previous visit attended, beside the state seen; (person, visit).

    `state` is -1 where nobody came or has a process.
    """
    grid = TimeGrid(settings.grid_edges)
    person, visit = np.nonzero(state >= 0)
    visits = pd.DataFrame({"patient": person, "week": week[person, visit]})
    since = DAYS.since(visits)
    asked = since.notna() & (state[person, visit] != PERMANENTLY_OUT)
    possible = np.asarray(DAYS.possible(visits["week"] - since).where(asked, 0), dtype=np.int64)
    records = lay_work(
        grid,
        person,
        visits["week"].to_numpy(),
        state[person, visit],
        np.where(possible > 0, 0, -1),
        possible,
        np.asarray(since.where(asked, visits["week"]), dtype=float),
        loss_of_states(settings.partial_loss),
    )
    cells = read_arms_on_grid([NEVER, _schedule(settings)], grid)
    process = forward_work.work_process(population, people, grid, cells, arm, records)
    drawn = forward_work.draw_days(process, records, rng)
    days = np.full(week.shape, np.nan)
    days[person, visit] = np.where(drawn >= 0, drawn, np.nan)
    return days


def _names(letter: str, count: int) -> tuple[str, ...]:
    """Ids that sort in order: p001, p002, ..."""
    width = max(len(str(count)), 3 if letter == "p" else 2)
    return tuple(f"{letter}{number:0{width}}" for number in range(1, count + 1))


def _evenly(people: int, groups: int, rng: np.random.Generator) -> Ints:
    """Return groups of as near as can be the same size, at random; -1 without groups."""
    if groups == 0:
        return np.full(people, -1)
    return np.asarray(rng.permutation(np.arange(people) % groups))


def _scales(settings: SyntheticSettings) -> dict[str, Instrument]:
    names = (settings.pain_instrument, settings.disability_instrument)
    return {outcome: instrument(name) for outcome, name in zip(OUTCOMES, names, strict=True)}


def _arm(settings: SyntheticSettings) -> Arm:
    return Arm("app", settings.app_start_week, settings.app_duration_weeks, settings.app_ramp_weeks)


def _schedule(settings: SyntheticSettings) -> DoseSchedule:
    arm = _arm(settings)
    return DoseSchedule(arm.start_week, arm.duration_weeks, arm.ramp_weeks)
