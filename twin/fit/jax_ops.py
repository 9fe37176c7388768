"""The law's array operations for JAX, and its costly terms in plain form for graphs JAX traces.

Imported only when a sampler that runs on JAX is chosen: importing JAX takes a second.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from pytensor.graph.basic import Apply
from pytensor.link.jax.dispatch.basic import jax_funcify

from twin.law import scores, work_filter
from twin.law.ops import ArrayOps
from twin.law.work_flat_kernels import in_tables

from .kernels import ScoreTerms, WorkTerms


def _solve_lower(factor: Any, rhs: Any, transpose: bool) -> Any:
    return jax.scipy.linalg.solve_triangular(factor, rhs, lower=True, trans=1 if transpose else 0)


JAX: ArrayOps = ArrayOps(
    asarray=jnp.asarray,
    exp=jnp.exp,
    log=jnp.log,
    sqrt=jnp.sqrt,
    sum=jnp.sum,
    stack=jnp.stack,
    concatenate=jnp.concatenate,
    swapaxes=jnp.swapaxes,
    matmul=jnp.matmul,
    diagonal=lambda m: jnp.diagonal(m, axis1=-2, axis2=-1),
    cholesky=jnp.linalg.cholesky,
    solve_lower=_solve_lower,
    log_softmax=jax.nn.log_softmax,
    log_normal_cdf=jax.scipy.special.log_ndtr,
    log_gamma=jax.scipy.special.gammaln,
    score_terms=lambda *args: scores.score_terms(JAX, *args),
    work_terms=lambda *args: work_filter.work_terms(JAX, *args),
)
"""The table for JAX, every law as it is written."""


@jax_funcify.register(ScoreTerms)
def _score_terms(op: ScoreTerms, node: Apply[Any], **_: Any) -> Callable[..., Any]:
    return _with_plain_data(JAX.score_terms, op, node)


@jax_funcify.register(WorkTerms)
def _work_terms(op: WorkTerms, node: Apply[Any], **_: Any) -> Callable[..., Any]:
    return _with_plain_data(lambda *given: JAX.work_terms(*in_tables(given)), op, node)


def _with_plain_data(
    law: Callable[..., Any], op: ScoreTerms | WorkTerms, node: Apply[Any]
) -> Callable[..., Any]:
    """Give a law its data as NumPy arrays: JAX traces them too, and the law indexes by them."""
    constants: Any = node.inputs[op.n_parameters :]
    data = [constant.data for constant in constants]
    # JAX differentiates the law itself: what a kernel keeps for its own gradient has no use here
    unused = (None,) * (len(op.result_dims) - op.n_results)
    return lambda *given: (*law(*given[: op.n_parameters], *data), *unused)
