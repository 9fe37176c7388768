"""How much results move when a prior, or the likelihood, counts for a little more or less.

Power scaling (Kallioinen, Paananen, Bürkner and Vehtari 2024, Stat Comput 34:57): a component p of
the posterior is replaced by p^a, by importance weights p^(a - 1) on the draws there are, Pareto
smoothed.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import xarray as xr

from .pareto import SAMPLE, smoothed

POWERS: Final = (0.8, 1.25)
"""A normal prior raised to them has an SD 1.12 times as large, and as small."""

SENSITIVE: Final = 0.05
"""Kallioinen 2024: about what a normal gives whose mean moves by 0.3 SD as the power doubles."""


class Weights:
    """Normalised weights of posterior draws under each of `POWERS`.

    Parameters
    ----------
    log_density
        Log density of the component that is scaled, dims chain, draw.

    Attributes
    ----------
    by_power
        Weights, each summing to 1, dims chain, draw; in the order of `POWERS`.
    pareto_k
        Pareto k of each before smoothing; NaN where the component is the same in every draw, and
        as `pareto.smoothed` says.
    """

    def __init__(self, log_density: xr.DataArray) -> None:
        self.by_power: list[xr.DataArray] = []
        self.pareto_k: list[float] = []
        even = xr.full_like(log_density, 1 / log_density.size, dtype=float)
        still = float(log_density.max() - log_density.min()) < 1e-12
        for power in POWERS:
            if still:
                self.by_power.append(even)
                self.pareto_k.append(float("nan"))
                continue
            log_weight, k = smoothed((power - 1) * log_density)
            self.by_power.append(log_weight.copy(data=np.exp(log_weight.to_numpy())))
            self.pareto_k.append(k)


def sensitivity(quantity: xr.DataArray, weights: Weights) -> xr.Dataset:
    """Return how far the distribution of a quantity moves.

    Parameters
    ----------
    quantity
        Dims chain, draw and perhaps others.
    weights
        Of the same draws.

    Returns
    -------
    xr.Dataset
        ``sensitivity``: change of the cumulative Jensen-Shannon distance per unit of the power's
        binary logarithm; and ``shift``, dim ``power`` beside the quantity's own: mean under the
        power less the mean, in SDs. 0 for a quantity that never varies.
    """
    low, high = weights.by_power
    spread = quantity.std(SAMPLE)
    varies = spread > 1e-12
    moving = quantity.where(varies, _ramp(quantity))
    found = moving.azstats.power_scale_sense(
        lower_w=low, upper_w=high, lower_alpha=POWERS[0], upper_alpha=POWERS[1]
    )
    shift = xr.concat([_mean(quantity, weight) for weight in weights.by_power], dim="power")
    shift = (shift - quantity.mean(SAMPLE)) / spread.where(varies, 1.0)
    return xr.Dataset(
        {
            "sensitivity": found.where(varies, 0.0),
            "shift": shift.where(varies, 0.0).assign_coords(power=list(POWERS)),
        }
    )


def weighted_summary(quantity: xr.DataArray, weight: xr.DataArray, level: float) -> xr.Dataset:
    """Return mean and equal-tailed interval of weighted draws.

    Parameters
    ----------
    quantity
        Dims chain, draw and others.
    weight
        Summing to 1, dims chain, draw.
    level
        Level of the interval.

    Returns
    -------
    xr.Dataset
        ``mean``, ``lower`` and ``upper``; NaN draws are left out.
    """
    values = quantity.transpose(..., *SAMPLE)
    flat = values.to_numpy().reshape(*values.shape[:-2], -1)
    own = weight.transpose(*SAMPLE).to_numpy().ravel()
    places = [(1 - level) / 2, (1 + level) / 2]
    ends = np.apply_along_axis(_quantiles, -1, flat, own, places)
    dims = values.dims[:-2]
    return xr.Dataset(
        {
            "mean": _mean(quantity, weight).transpose(*dims),
            "lower": (dims, ends[..., 0]),
            "upper": (dims, ends[..., 1]),
        }
    )


def _mean(quantity: xr.DataArray, weight: xr.DataArray) -> xr.DataArray:
    return quantity.weighted(weight).mean(SAMPLE)


def _quantiles(values: np.ndarray, weight: np.ndarray, places: list[float]) -> np.ndarray:
    """Return quantiles that are NumPy's linear ones where the weights are even."""
    known = ~np.isnan(values)
    if not known.any():
        return np.full(len(places), np.nan)
    order = np.argsort(values[known])
    x, w = values[known][order], weight[known][order]
    below = np.cumsum(w) - w
    last = below[-1]
    return np.asarray(np.interp(places, below / last if last > 0 else below, x))


def _ramp(quantity: xr.DataArray) -> xr.DataArray:
    """Values that vary, to stand where a quantity does not."""
    n = quantity.sizes["chain"] * quantity.sizes["draw"]
    shape = (quantity.sizes["chain"], quantity.sizes["draw"])
    return xr.DataArray(np.arange(n, dtype=float).reshape(shape), dims=SAMPLE)
