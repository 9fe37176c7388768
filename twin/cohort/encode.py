"""Facts about people as numbers that a regression can use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import ndtri

from twin.cohort.cohort import Covariate


@dataclass(frozen=True)
class EncodedColumn:
    """How one column is made of a covariate, as some people taught it.

    Attributes
    ----------
    name, source
        Name of the column, and of the covariate that it comes from.
    level
        The level that a column of a nominal covariate stands for; None of other kinds.
    values, scores
        Of an ordinal covariate: the values met, ascending, and the normal score of each.
    centre, scale
        Mean and SD over the observed of what is standardised.
    """

    name: str
    source: str
    centre: float
    scale: float
    level: str | None = None
    values: tuple[float, ...] = ()
    scores: tuple[float, ...] = ()

    def read(self, given: pd.Series) -> npt.NDArray[np.float64]:
        """Return the column of people, whoever taught it: standardised, NaN where missing."""
        return np.asarray((self._numbers(given) - self.centre) / self.scale, dtype=np.float64)

    def _numbers(self, given: pd.Series) -> npt.NDArray[np.float64]:
        if self.level is not None:
            met = (given == self.level).astype(float).where(given.notna())
            return np.asarray(met, dtype=np.float64)
        numbers = given.astype(float).to_numpy()
        # between the values that were met a line, beyond them the last one
        read = np.interp(numbers, self.values, self.scores) if self.values else numbers
        return np.asarray(read, dtype=np.float64)


class Encoded(NamedTuple):
    """Covariates as standardised columns."""

    names: tuple[str, ...]
    """Name of each column; `covariate=level` for a level of a nominal one."""
    source: tuple[str, ...]
    """Covariate that each column comes from."""
    values: npt.NDArray[np.float64]
    """Mean 0 and SD 1 over the observed; NaN where missing; shape (person, column)."""


def encode(patients: pd.DataFrame, covariates: Mapping[str, Covariate]) -> Encoded:
    """Encode covariates, each by its kind, as these very people teach it; see `encoding`."""
    columns = encoding(patients, covariates)
    names = tuple(column.name for column in columns)
    return Encoded(names, tuple(column.source for column in columns), read(columns, patients))


def encoding(
    patients: pd.DataFrame, covariates: Mapping[str, Covariate]
) -> tuple[EncodedColumn, ...]:
    """Learn from people how covariates become columns.

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
    return tuple(
        column
        for name, meaning in covariates.items()
        for column in _learnt(name, meaning, patients[name])
    )


def read(columns: tuple[EncodedColumn, ...], patients: pd.DataFrame) -> npt.NDArray[np.float64]:
    """Return people's covariates as columns, shape (person, column); NaN where missing."""
    if not columns:
        return np.zeros((len(patients), 0))
    return np.column_stack([column.read(patients[column.source]) for column in columns])


def _learnt(name: str, meaning: Covariate, given: pd.Series) -> list[EncodedColumn]:
    if meaning.kind == "nominal":
        plain = [
            EncodedColumn(f"{name}={level}", name, 0.0, 1.0, level=level)
            for level in _unusual_levels(given)
        ]
    elif meaning.kind == "ordinal":
        values, scores = _normal_scores(given.astype(float))
        plain = [EncodedColumn(name, name, 0.0, 1.0, values=values, scores=scores)]
    else:
        plain = [EncodedColumn(name, name, 0.0, 1.0)]
    return [_standardised(column, given) for column in plain]


def _normal_scores(given: pd.Series[float]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Values that were met, and the normal quantile of each one's middle rank among them."""
    rank = (given.rank(method="average") - 0.5) / given.notna().sum()
    known = pd.Series(ndtri(rank.dropna().to_numpy()), given.dropna()).sort_index()
    known = known[~known.index.duplicated()]
    return tuple(known.index.astype(float)), tuple(known.astype(float))


def _unusual_levels(given: pd.Series[str]) -> list[str]:
    """Levels but the most frequent, sorted."""
    counts = given.value_counts()
    # ties are broken by name, so that the order of the rows never chooses the reference
    usual = min(counts.index, key=lambda level: (-counts[level], level))
    return [level for level in sorted(counts.index) if level != usual]


def _standardised(plain: EncodedColumn, given: pd.Series) -> EncodedColumn:
    values = plain.read(given)
    spread = float(np.nanstd(values))
    centre, scale = float(np.nanmean(values)), spread if spread > 0 else 1.0
    return EncodedColumn(
        plain.name, plain.source, centre, scale, plain.level, plain.values, plain.scores
    )
