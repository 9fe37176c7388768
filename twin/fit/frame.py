"""What a fit keeps so that people it never saw can be read as it read its own.

A fit is stored with the cohort's meaning but without the cohort: the scales, arms, clusters and
columns of covariates that its parameters are about, and the numbers by which these were
standardised and filled. Whoever is read later is read by these, never by a table's own means.
"""

from __future__ import annotations

import numpy as np
import xarray as xr
from pydantic import BaseModel, ConfigDict

from twin.cohort import Cohort
from twin.cohort.absence import DaysAbsent
from twin.cohort.cohort import Arm, Covariate, Entry
from twin.cohort.encode import EncodedColumn, encoding, read
from twin.errors import InputError, Problem
from twin.instruments import Instrument
from twin.law.dose import DoseCells
from twin.law.grid import TimeGrid
from twin.law.parameters import ModelSpec
from twin.law.records import Records

from .arrays import arm_doses, model_spec, records_of
from .covariate_gaps import gaps_given, joint_normal
from .settings import ModelSettings


class Frame(BaseModel):
    """How a fit reads people.

    Attributes
    ----------
    cohort, synthetic
        Name of the cohort that was fitted, and whether it was generated.
    spec
        What the model describes.
    grid, partial_loss
        Edges of the cells of person time, and what restricted work loses of a day.
    outcomes, covariates, arms, entry, days_absent
        As of the `Cohort`.
    body_regions
        Regions that its people had pain in.
    levels
        Of each nominal covariate, the levels that were met, sorted.
    columns
        How covariates become columns; in the order of ``spec.covariates``.
    covariate_range
        Smallest and largest value of each column that its people had.
    covariate_mean, covariate_covariance
        The joint normal of the columns, by which missing ones are filled.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    cohort: str
    synthetic: bool
    spec: ModelSpec
    grid: tuple[float, ...]
    partial_loss: float
    outcomes: dict[str, Instrument]
    covariates: dict[str, Covariate]
    arms: dict[str, Arm]
    entry: Entry | None
    days_absent: DaysAbsent
    body_regions: tuple[str, ...]
    levels: dict[str, tuple[str, ...]]
    columns: tuple[EncodedColumn, ...]
    covariate_range: tuple[tuple[float, float], ...]
    covariate_mean: tuple[float, ...]
    covariate_covariance: tuple[tuple[float, ...], ...]

    @classmethod
    def of(cls, cohort: Cohort, model: ModelSettings) -> Frame:
        """Return how a model of a cohort reads people."""
        columns = encoding(cohort.patients, cohort.regressors)
        covariate = read(columns, cohort.patients)
        mean, covariance = joint_normal(covariate)
        least, most = (part(covariate, axis=0) for part in (np.nanmin, np.nanmax))
        return cls(
            cohort=cohort.name,
            synthetic=cohort.synthetic,
            spec=model_spec(cohort, model),
            grid=model.grid,
            partial_loss=model.partial_loss,
            outcomes=dict(cohort.outcomes),
            covariates=dict(cohort.covariates),
            arms=dict(cohort.arms),
            entry=cohort.entry,
            days_absent=cohort.days_absent,
            body_regions=tuple(sorted(cohort.patients["body_region"].unique())),
            levels={
                name: tuple(sorted(cohort.patients[name].dropna().unique()))
                for name, meaning in cohort.covariates.items()
                if meaning.kind == "nominal"
            },
            columns=columns,
            covariate_range=tuple(zip(least.tolist(), most.tolist(), strict=True)),
            covariate_mean=tuple(mean.tolist()),
            covariate_covariance=tuple(tuple(row) for row in covariance.tolist()),
        )

    @property
    def time_grid(self) -> TimeGrid:
        """The grid as the law takes it."""
        return TimeGrid(self.grid)

    @property
    def dose(self) -> DoseCells:
        """Schedules of the arms on the grid."""
        return arm_doses(self.arms, self.time_grid)

    def records(self, people: Cohort) -> Records:
        """Return people as the law takes them, read as those who were fitted.

        Parameters
        ----------
        people
            With the outcomes, covariates and arms of this frame; clusters that it does not know
            count as unknown.

        Raises
        ------
        InputError
            If a visit lies beyond the grid.
        """
        covariate = read(self.columns, people.patients)
        n = len(self.covariate_mean)
        covariance = np.asarray(self.covariate_covariance, dtype=float).reshape(n, n)
        gaps = gaps_given(covariate, np.asarray(self.covariate_mean), covariance)
        return records_of(people, self.spec, self.time_grid, self.partial_loss, covariate, gaps)


def frame_of(fit: xr.DataTree) -> Frame:
    """Return how a fit reads people.

    Raises
    ------
    InputError
        If the fit was stored before fits kept that.
    """
    if FRAME not in fit.attrs:
        remedy = "Fit the cohort again with this version."
        raise InputError([Problem("fit", "does not say how it reads people", remedy=remedy)])
    return Frame.model_validate_json(str(fit.attrs[FRAME]))


FRAME = "frame"
"""Attribute of a stored fit that holds its frame as JSON."""
