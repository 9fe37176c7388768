"""The law's tables of operations on plain arrays: as written, and with compiled kernels."""

from __future__ import annotations

import numpy as np
from scipy import linalg, special

from . import score_kernels, scores, work_filter, work_kernels
from .ops import Array, ArrayOps


def _solve_lower(factor: Array, rhs: Array, transpose: bool) -> Array:
    return linalg.solve_triangular(factor, rhs, lower=True, trans=1 if transpose else 0)


def _diagonal(matrix: Array) -> Array:
    return np.diagonal(matrix, axis1=-2, axis2=-1)


NUMPY: ArrayOps = ArrayOps(
    asarray=np.asarray,
    exp=np.exp,
    log=np.log,
    sqrt=np.sqrt,
    sum=np.sum,
    stack=np.stack,
    concatenate=np.concatenate,
    swapaxes=np.swapaxes,
    matmul=np.matmul,
    diagonal=_diagonal,
    cholesky=np.linalg.cholesky,
    solve_lower=_solve_lower,
    log_softmax=lambda logits: special.log_softmax(logits, axis=-1),
    log_normal_cdf=special.log_ndtr,
    log_gamma=special.gammaln,
    score_terms=lambda *args: scores.score_terms(NUMPY, *args),
    work_terms=lambda *args: work_filter.work_terms(NUMPY, *args),
)
"""Plain float64 arrays, every law as it is written."""

COMPILED = NUMPY._replace(
    # the rest of what it returns is for its gradient
    score_terms=lambda *args: score_kernels.score_terms(*args)[:2],
    work_terms=work_kernels.work_terms,
)
"""Plain float64 arrays, the two costly laws in compiled form."""
