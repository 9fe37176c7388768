"""From a cohort to the arrays that the law and the model take."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from priors.near import nearest
from twin.cohort import Cohort
from twin.cohort.cohort import Arm
from twin.cohort.cohort import Entry as Threshold
from twin.cohort.encode import encode
from twin.errors import InputError, Problem
from twin.instruments import Instrument
from twin.law.covariates import CovariateGaps
from twin.law.dose import NEVER, DoseCells, DoseSchedule, read_arms_on_grid
from twin.law.grid import Floats, TimeGrid
from twin.law.measurement import Scale
from twin.law.parameters import ModelSpec
from twin.law.records import Entry, Records
from twin.law.work import PARTIAL_LOSS

from .covariate_gaps import covariate_gaps
from .retest import RetestFigure
from .score_records import score_records
from .settings import ModelSettings
from .work_records import work_occasions, work_records

ASSUMED_LAG_WEEKS = 2.0
"""Weeks between test and retest where a publication does not say: the usual choice of such studies,
long enough to forget the answers and short enough to stay the same."""


_DEFAULT = ModelSettings()


def model_spec(cohort: Cohort, settings: ModelSettings = _DEFAULT) -> ModelSpec:
    """Return what a cohort gives the model to describe.

    Parameters
    ----------
    cohort
        The cohort.
    settings
        How the model is laid out.

    Raises
    ------
    InputError
        If an effect is to be modified by something that is not a covariate of the cohort.
    """
    work = work_occasions(cohort)
    return ModelSpec(
        outcomes=tuple(cohort.outcomes),
        arms=tuple(cohort.arms),
        clusters=tuple(sorted(cohort.patients["cluster"].dropna().unique())),
        covariates=encode(cohort.patients, cohort.regressors).names,
        has_work=not work.empty or cohort.work_unseen,
        has_days=bool((work["days"] >= 0).any()),
        usual_week=_usual_week(cohort),
        modifiers=_modifiers(cohort, settings.effect_modifiers),
        shrinkage=settings.shrinkage,
    )


def _modifiers(cohort: Cohort, wanted: tuple[str, ...]) -> tuple[str, ...]:
    """Return the columns of the covariates that modify effects."""
    encoded = encode(cohort.patients, cohort.regressors)
    known = dict.fromkeys(encoded.source)
    unknown = [name for name in wanted if name not in known]
    if unknown:
        listed = ", ".join(known) if known else "none"
        raise InputError(
            Problem(
                "configuration",
                f"is not a covariate of cohort {cohort.name}",
                column="model.effect_modifiers",
                value=name,
                remedy=f"Its covariates: {listed}.{nearest(name, known)}",
            )
            for name in unknown
        )
    columns = zip(encoded.names, encoded.source, strict=True)
    return tuple(name for name, source in columns if source in wanted)


def _usual_week(cohort: Cohort) -> float:
    """Median week of a follow-up score; where there is none, the default, which no data use."""
    scored = cohort.visits[list(cohort.outcomes)].notna().any(axis=1)
    later = cohort.visits["week"][scored & (cohort.visits["week"] > 0)]
    return ModelSpec.usual_week if later.empty else float(later.median())


def records(cohort: Cohort, grid: TimeGrid, partial_loss: float = PARTIAL_LOSS) -> Records:
    """Return a cohort as arrays, people in the order of its patients.

    Parameters
    ----------
    cohort
        The cohort.
    grid
        Cells of person time; they must reach every visit.
    partial_loss
        Share of a working day that restricted work loses; read only with days absent.

    Raises
    ------
    InputError
        If a visit lies beyond the grid.
    """
    covariate = encode(cohort.patients, cohort.regressors).values
    return records_of(
        cohort, model_spec(cohort), grid, partial_loss, covariate, covariate_gaps(covariate)
    )


def records_of(
    cohort: Cohort,
    spec: ModelSpec,
    grid: TimeGrid,
    partial_loss: float,
    covariate: Floats,
    gaps: CovariateGaps,
) -> Records:
    """Return people as arrays that a model of theirs or of other people's takes.

    Parameters
    ----------
    cohort, grid, partial_loss
        As for `records`; the cohort has the arms of the model.
    spec
        What the model describes.
    covariate, gaps
        The people's covariates as the model knows them, and what is missing of them.

    Raises
    ------
    InputError
        If a visit lies beyond the grid.
    """
    _within(cohort, grid)
    cluster = pd.Categorical(cohort.patients["cluster"], categories=list(spec.clusters))
    arm = pd.Categorical(cohort.patients["arm"], categories=list(spec.arms))
    return Records(
        grid=grid,
        scores=score_records(cohort),
        covariate=covariate,
        gaps=gaps,
        cluster=np.asarray(cluster.codes, dtype=np.int64),
        arm=np.asarray(arm.codes, dtype=np.int64),
        dose=arm_doses(cohort.arms, grid),
        entry=entry_rule(cohort.outcomes, cohort.entry),
        work=work_records(cohort, grid, partial_loss) if spec.has_work else None,
    )


def arm_doses(arms: Mapping[str, Arm], grid: TimeGrid) -> DoseCells:
    """Return the schedules of arms as the law takes them, in their order."""
    schedules = [
        NEVER
        if given.reference
        else DoseSchedule(given.start_week, given.duration_weeks, given.ramp_weeks)
        for given in arms.values()
    ]
    return read_arms_on_grid(schedules, grid)


def retest_figures(cohort: Cohort) -> tuple[RetestFigure, ...]:
    """Return the published test-retest errors of a cohort's instruments, in severity.

    Figures that came from the cohort's own people are left out. A lag that was not published is
    taken to be `ASSUMED_LAG_WEEKS`.
    """
    return tuple(
        RetestFigure(
            outcome=k,
            sem=figure.sem / scale.range,
            lag_weeks=ASSUMED_LAG_WEEKS if figure.lag_weeks is None else figure.lag_weeks,
            source=figure.source,
        )
        for k, scale in enumerate(cohort.outcomes.values())
        for figure in scale.retest
        if figure.cohort is None or figure.cohort not in cohort.own_evidence
    )


def _within(cohort: Cohort, grid: TimeGrid) -> None:
    late = cohort.visits[cohort.visits["week"] > grid.horizon]
    if not late.empty:
        raise InputError(
            Problem(
                f"cohort {cohort.name}",
                f"must not be after week {grid.horizon:g}, where the grid of person time ends",
                column="week",
                value=f"{week:g}",
                remedy="Give the grid a later last edge, or leave the visits out.",
            )
            for week in sorted(late["week"].unique())
        )


def entry_rule(outcomes: Mapping[str, Instrument], entry: Threshold | None) -> Entry | None:
    """Return a cohort's entry threshold as the law takes it; None where everybody passes it."""
    if entry is None:
        return None
    scale = outcomes[entry.outcome]
    lower, _ = scale.cell(entry.minimum)
    if lower <= 0:  # a threshold at the floor of the scale admits everyone
        return None
    return Entry(list(outcomes).index(entry.outcome), float(Scale.of(scale).behind(lower)))
