"""How far the effects of covariates are shrunk: the SD of each before the data, draw by draw.

Effects are measured in between-person SDs of what they act on, so that one prior suits severities
and log intensities, and 5 covariates as well as 60. Two forms:

- R2-D2 (Zhang and others 2022, J Am Stat Assoc 117:862-874): all covariates together explain a
  share R2 of the differences between people in each effect, and that share is divided among the
  covariates. Covariates that matter for one effect are likely to matter for another: the division
  is common to all effects.
- Regularised horseshoe (Piironen and Vehtari 2017, Electron J Stat 11:5018-5051): each pair of
  covariate and effect has a scale of its own; most are near none, a few escape, none beyond a slab.
"""

from __future__ import annotations

from typing import Literal

from .ops import Array, ArrayOps

type Shrinkage = Literal["r2d2", "horseshoe"]


def r2d2(xp: ArrayOps, r2: Array, share: Array) -> Array:
    """SDs of the effects of covariates when they explain a share of the differences.

    With independent standardised covariates and a residual variance of 1, effects of variance
    share_j R2 / (1 - R2) explain R2 of the total on average.

    Parameters
    ----------
    xp
        Array operations.
    r2
        Share explained, 0 to 1, shape (effect,).
    share
        Each covariate's part of it, adding up to 1, shape (covariate,).

    Returns
    -------
    Array
        In residual between-person SDs per SD of the covariate, shape (covariate, effect).
    """
    return xp.sqrt(share[:, None] * (r2 / (1 - r2)))


def horseshoe(xp: ArrayOps, overall: Array, local: Array, slab: Array) -> Array:
    """SDs of the effects of covariates when few matter.

    Parameters
    ----------
    xp
        Array operations.
    overall
        Scale common to all covariates, shape (effect,).
    local
        Each pair's own, heavy-tailed, shape (covariate, effect).
    slab
        SD that large effects are held to, a scalar.

    Returns
    -------
    Array
        In residual between-person SDs per SD of the covariate, shape (covariate, effect).
    """
    free = overall * local
    return slab * free / xp.sqrt(slab**2 + free**2)
