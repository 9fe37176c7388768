"""Facts about people as numbers that a regression can use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import ndtri

from twin.cohort.cohort import Covariate


class Encoded(NamedTuple):
    """Covariates as standardised columns."""

    names: tuple[str, ...]
    """Name of each column; `covariate=level` for a level of a nominal one."""
    source: tuple[str, ...]
    """Covariate that each column comes from."""
    values: npt.NDArray[np.float64]
    """Mean 0 and SD 1 over the observed; NaN where missing; shape (person, column)."""


def encode(patients: pd.DataFrame, covariates: Mapping[str, Covariate]) -> Encoded:
    """Encode covariates, each by its kind.

    Continuous and binary covariates are standardised as they are. Of an ordinal one only the order
    counts: each value stands for the normal score of its middle rank. A nominal one becomes one 0/1
    column for each level but the most frequent, standardised too, so that one scale of shrinkage
    suits every column.

    Parameters
    ----------
    patients
        One row a person, with a column for each covariate.
    covariates
        Their meaning, in the order of the columns to make.
    """
    columns: dict[str, pd.Series[float]] = {}
    source: list[str] = []
    for name, meaning in covariates.items():
        own = _columns(name, meaning, patients[name])
        columns |= own
        source += [name] * len(own)
    standardised = [_standardised(column) for column in columns.values()]
    values = np.column_stack(standardised) if columns else np.zeros((len(patients), 0))
    return Encoded(tuple(columns), tuple(source), values)


def _columns(name: str, meaning: Covariate, values: pd.Series) -> dict[str, pd.Series[float]]:
    if meaning.kind == "nominal":
        return _levels(name, values)
    numbers = values.astype(float)
    return {name: _normal_scores(numbers) if meaning.kind == "ordinal" else numbers}


def _normal_scores(values: pd.Series[float]) -> pd.Series[float]:
    """Normal quantile of each value's middle rank among the observed."""
    rank = (values.rank(method="average") - 0.5) / values.notna().sum()
    return pd.Series(ndtri(rank), values.index)


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
