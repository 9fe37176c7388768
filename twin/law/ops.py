"""The array operations the law is written in: one explicit table per backend.

NumPy functions fail on symbolic tensors and symbolic functions are slow on plain arrays, so every
law takes the table it computes with as its first argument, `xp`. The table of the fit's
symbolic backend lives beside PyMC in `twin.fit.ops`; both are held to the same numbers by a test.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

type Array = Any
"""A NumPy array or a symbolic tensor, depending on the table in use."""


class ElementwiseOps(Protocol):
    """What a law of single numbers asks of a table: `scalars.SCALAR` has it too."""

    @property
    def exp(self) -> Callable[..., Array]:
        """Exponential."""

    @property
    def sqrt(self) -> Callable[..., Array]:
        """Square root."""


class ArrayOps(NamedTuple):
    """The functions a backend must offer; arguments follow NumPy's.

    `asarray` makes an array of the backend of a NumPy array, so that the backend's own arrays can
    index it; `cholesky` returns the lower factor of the last two axes;
    `solve_lower(L, b, transpose)` solves L x = b (or Lᵀ x = b) for `b` with two trailing axes;
    `log_normal_cdf` is log Φ, accurate far into the lower tail; `log_gamma` is log Γ. The last two
    are `scores.score_terms` and `work_filter.work_terms`, which a backend may offer in a faster
    form of its own.
    """

    asarray: Callable[..., Array]
    exp: Callable[..., Array]
    log: Callable[..., Array]
    sqrt: Callable[..., Array]
    sum: Callable[..., Array]
    stack: Callable[..., Array]
    concatenate: Callable[..., Array]
    swapaxes: Callable[..., Array]
    matmul: Callable[..., Array]
    diagonal: Callable[..., Array]
    cholesky: Callable[[Array], Array]
    solve_lower: Callable[[Array, Array, bool], Array]
    log_softmax: Callable[[Array], Array]
    log_normal_cdf: Callable[[Array], Array]
    log_gamma: Callable[[Array], Array]
    score_terms: Callable[..., tuple[Array, Array]]
    work_terms: Callable[..., tuple[Array, Array]]
