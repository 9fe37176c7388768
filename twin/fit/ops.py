"""The law's array operations for symbolic tensors."""

from __future__ import annotations

from typing import Any

import pytensor.tensor as pt

from twin.law.ops import ArrayOps
from twin.law.work_flat_kernels import as_arrays

from .kernels import ScoreTerms, WorkTerms

_SCORE_TERMS = ScoreTerms()
_WORK_TERMS = WorkTerms()


def _solve_lower(factor: Any, rhs: Any, transpose: bool) -> Any:
    return pt.linalg.solve_triangular(
        factor, rhs, lower=True, trans=1 if transpose else 0, b_ndim=2
    )


def _matmul(a: Any, b: Any) -> Any:
    """Matrix product as a sum of products.

    The law's symbolic products are small; numba would compile a call to a linear algebra library
    anew for every combination of memory layouts, at some ten seconds each.
    """
    return pt.sum(a[..., :, :, None] * b[..., None, :, :], axis=-2)


def _log_normal_cdf(x: Any) -> Any:
    """Log of the normal distribution function; erfcx keeps the far lower tail accurate."""
    tail = pt.minimum(x, -1.0)
    body = pt.maximum(x, -1.0)
    scale = 2.0**-0.5
    far = pt.log(pt.erfcx(-tail * scale) / 2) - tail**2 / 2
    near = pt.log(pt.erfc(-body * scale) / 2)
    return pt.switch(x < -1.0, far, near)


TENSOR = ArrayOps(
    asarray=pt.as_tensor,
    exp=pt.exp,
    log=pt.log,
    sqrt=pt.sqrt,
    sum=pt.sum,
    stack=pt.stack,
    concatenate=pt.concatenate,
    swapaxes=pt.swapaxes,
    matmul=_matmul,
    diagonal=lambda m: pt.diagonal(m, axis1=-2, axis2=-1),
    cholesky=pt.linalg.cholesky,
    solve_lower=_solve_lower,
    log_softmax=lambda logits: pt.special.log_softmax(logits, axis=-1),
    log_normal_cdf=_log_normal_cdf,
    log_gamma=pt.gammaln,
    score_terms=_SCORE_TERMS.results,
    work_terms=lambda *given: _WORK_TERMS.results(*as_arrays(given)),
)
"""The table for PyTensor."""
