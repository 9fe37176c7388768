"""Facts about people as numbers that a regression can use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from twin.cohort.cohort import Covariate


class Encoded(NamedTuple):
    """Covariates as standardised columns."""

    names: tuple[str, ...]
    """Name of each column; `covariate=level` for a level of a nominal one."""
    values: npt.NDArray[np.float64]
    """Mean 0 and SD 1 over the observed; NaN where missing; shape (person, column)."""


def encode(patients: pd.DataFrame, covariates: Mapping[str, Covariate]) -> Encoded:
    """Encode covariates, each by its kind.

    Numbers are standardised as they are. A nominal covariate becomes one 0/1 column for each
    level but the most frequent, standardised too, so that one scale of shrinkage suits every
    column.

    Parameters
    ----------
    patients
        One row a person, with a column for each covariate.
    covariates
        Their meaning, in the order of the columns to make.
    """
    columns: dict[str, pd.Series[float]] = {}
    for name, meaning in covariates.items():
        if meaning.kind == "nominal":
            columns |= _levels(name, patients[name])
        else:
            columns[name] = patients[name].astype(float)
    standardised = [_standardised(column) for column in columns.values()]
    values = np.column_stack(standardised) if columns else np.zeros((len(patients), 0))
    return Encoded(tuple(columns), values)


def _levels(name: str, values: pd.Series[str]) -> dict[str, pd.Series[float]]:
    counts = values.value_counts()
    # ties are broken by name, so that the order of the rows never chooses the reference
    usual = min(counts.index, key=lambda level: (-counts[level], level))
    return {
        f"{name}={level}": (values == level).astype(float).where(values.notna())
        for level in sorted(counts.index)
        if level != usual
    }


def _standardised(column: pd.Series[float]) -> npt.NDArray[np.float64]:
    values = column.to_numpy(dtype=np.float64)
    spread = np.nanstd(values)
    return (values - np.nanmean(values)) / (spread if spread > 0 else 1.0)
