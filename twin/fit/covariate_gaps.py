"""What observed covariates say of missing ones: a joint normal, fitted by maximum likelihood."""

from __future__ import annotations

import numpy as np

from twin.law.covariates import CovariateGaps
from twin.law.grid import Floats, Ints

_MOST_STEPS = 500
_CONVERGED = 1e-6  # SD: far below what any fit could tell
_JITTER = 1e-9  # covariates that determine each other leave a variance of 0, which has no factor


def covariate_gaps(everyone: Floats, rows: Ints | None = None) -> CovariateGaps:
    """Return the missing values and their distribution given the others.

    Parameters
    ----------
    everyone
        Standardised covariates, NaN where missing, shape (person, covariate).
    rows
        People whose gaps are wanted; None for all. The joint normal is always everyone's.
    """
    covariate = everyone if rows is None else everyone[rows]
    if not np.isnan(covariate).any():  # nothing to learn a joint normal for
        n = covariate.shape[1]
        return gaps_given(covariate, np.zeros(n), np.eye(n))
    return gaps_given(covariate, *joint_normal(everyone))


def gaps_given(covariate: Floats, centre: Floats, covariance: Floats) -> CovariateGaps:
    """Return people's missing values and their distribution given a joint normal.

    Parameters
    ----------
    covariate
        Standardised covariates, NaN where missing, shape (person, covariate).
    centre, covariance
        From `joint_normal`, of these people or of others.
    """
    missing = np.isnan(covariate)
    person, column = np.nonzero(missing)
    n = len(person)
    place = np.zeros(covariate.shape, dtype=np.int64)
    place[person, column] = np.arange(1, n + 1)
    most = int(missing.sum(axis=1).max(initial=0))
    mean, weight = np.zeros(n), np.zeros((n, most))
    partner = np.zeros((n, most), dtype=np.int64)
    for i in np.unique(person):
        own, gap = place[i, missing[i]] - 1, missing[i]
        expected, spread = _given(centre, covariance, covariate[i], gap)
        mean[own] = expected
        weight[own, : len(own)] = np.linalg.cholesky(spread + _JITTER * np.eye(len(own)))
        partner[own, : len(own)] = np.tril(np.broadcast_to(own + 1, (len(own), len(own))))
    return CovariateGaps(np.where(missing, 0.0, covariate), place, mean, partner, weight)


def joint_normal(covariate: Floats) -> tuple[Floats, Floats]:
    """Return mean and covariance of covariates that are missing here and there.

    The penalised maximum of the likelihood of what was observed, found by expectation-maximisation;
    right where values are missing at random given the observed ones. The penalty counts as one
    independent person more than there are covariates: enough to keep the covariance regular where
    people are few, and lost among many.

    Parameters
    ----------
    covariate
        Standardised, NaN where missing, shape (person, covariate).
    """
    people, n = covariate.shape
    prior = n + 1
    mean, covariance = np.zeros(n), np.eye(n)
    if n == 0:
        return mean, covariance
    patterns = _by_pattern(np.isnan(covariate))
    for _ in range(_MOST_STEPS):
        filled, extra = covariate.copy(), prior * np.eye(n)
        for gap, rows in patterns:
            expected, spread = _given(mean, covariance, covariate[rows], gap)
            filled[np.ix_(rows, np.flatnonzero(gap))] = expected
            extra[np.ix_(gap, gap)] += len(rows) * spread
        before = mean, covariance
        mean = filled.mean(axis=0)
        off = filled - mean
        covariance = (off.T @ off + extra) / (people + prior)
        moved = max(np.abs(mean - before[0]).max(), np.abs(covariance - before[1]).max())
        if moved < _CONVERGED:
            break
    return mean, covariance


def _by_pattern(missing: np.ndarray) -> list[tuple[np.ndarray, Ints]]:
    """Return each pattern of missing covariates with the people who show it."""
    patterns, which = np.unique(missing, axis=0, return_inverse=True)
    return [(gap, np.flatnonzero(which == p)) for p, gap in enumerate(patterns) if gap.any()]


def _given(
    mean: Floats, covariance: Floats, values: Floats, gap: np.ndarray
) -> tuple[Floats, Floats]:
    """Return the mean (shape as the people's) and covariance of what is missing given the rest."""
    known = ~gap
    across = covariance[np.ix_(gap, known)]
    gain = np.linalg.solve(covariance[np.ix_(known, known)], across.T).T
    expected = mean[gap] + (values[..., known] - mean[known]) @ gain.T
    return expected, covariance[np.ix_(gap, gap)] - gain @ across.T
