"""Means and intervals over posterior draws, each with its Monte-Carlo error."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .intervals import Floats, quantiles, tails

FEWEST_DRAWS = 4
"""Draws of a chain below which ArviZ gives no error."""


def estimate(values: Floats, level: float) -> dict[str, Floats]:
    """Summarise quantities over draws.

    Parameters
    ----------
    values
        Shape (chain, draw, row). A quantity may be NaN in some draws (nobody to average over):
        the others count.
    level
        Level of the equal-tailed interval.

    Returns
    -------
    dict
        ``mean``, ``lower``, ``upper``, and the Monte-Carlo standard error of each, ``mcse_mean``,
        ``mcse_lower``, ``mcse_upper``; shape (row,) each. The error of what is the same in all
        draws is exactly 0. NaN where no draw counts, and for errors from fewer than four draws.
    """
    known = ~np.isnan(values)
    whole = known.all(axis=(0, 1))
    found = _whole(values[:, :, whole], level)
    result = {name: np.full(values.shape[2], np.nan) for name in found}
    for name, numbers in found.items():
        result[name][whole] = numbers
    for row in np.flatnonzero(~whole & known.any(axis=(0, 1))):
        # chains lose different draws, so what is left goes as one chain
        left = values[:, :, row][known[:, :, row]][None, :, None]
        for name, numbers in _whole(left, level).items():
            result[name][row] = numbers[0]
    return result


def _whole(values: Floats, level: float) -> dict[str, Floats]:
    lower, upper = tails(level)
    rows = values.reshape(-1, values.shape[2]).T
    ends = quantiles(rows, (lower, upper))
    fixed = (rows == rows[:, :1]).all(axis=1)
    # the mean of equal numbers may miss them by a rounding error
    mean = np.where(fixed, rows[:, 0], rows.mean(axis=1))
    return {
        "mean": mean,
        "lower": ends[0],
        "upper": ends[1],
        "mcse_mean": _errors(values, fixed, method="mean"),
        "mcse_lower": _errors(values, fixed, method="quantile", prob=lower),
        "mcse_upper": _errors(values, fixed, method="quantile", prob=upper),
    }


def _errors(values: Floats, fixed: np.ndarray, **how: object) -> Floats:
    import arviz as az

    mcse: Callable[..., Floats] = az.mcse
    error = np.zeros(len(fixed))
    if fixed.all():
        return error
    if values.shape[1] < FEWEST_DRAWS:
        error[~fixed] = np.nan
    else:
        error[~fixed] = mcse(values[:, :, ~fixed], chain_axis=0, draw_axis=1, **how)
    return error
