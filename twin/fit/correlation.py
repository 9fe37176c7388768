"""Correlation matrices as free numbers: the rows of their Cholesky factor, up to length."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytensor.tensor as pt
from pymc.logprob.transforms import Transform


class FactorRows(Transform):  # type: ignore[misc]  # PyMC ships no types
    """Free numbers below the diagonal of a correlation's lower Cholesky factor, row by row.

    With ones on the diagonal and each row brought to length 1 they are the factor:

        L_ij = x_ij / (1 + |x_i|^2)^(1/2),        L_ii = 1 / (1 + |x_i|^2)^(1/2).

    PyMC's own transform is the same but for the order of the numbers, which it lays out and pads in
    many more operations: for three correlations they were a quarter of all that numba compiled.
    The map from the m free numbers of a row to its entries below the diagonal has the determinant
    (1 + |x_i|^2)^(-(m + 2) / 2).

    Parameters
    ----------
    n
        Number of rows.
    """

    name = "factor_rows"
    ndim_supp = 1

    def __init__(self, n: int) -> None:
        self.n = n
        self._below = np.tril_indices(n, -1)

    def forward(self, value: Any, *_: Any) -> Any:
        """Free numbers of a factor, shape (n (n - 1) / 2,)."""
        value = pt.as_tensor(value)
        return value[self._below] / pt.diagonal(value)[self._below[0]]

    def backward(self, value: Any, *_: Any) -> Any:
        """Factor of free numbers, shape (n, n)."""
        rows = self._unscaled(value)
        return rows / pt.sqrt(self._squared_length(rows))[:, None]

    def log_jac_det(self, value: Any, *_: Any) -> Any:
        """Log of the determinant of `backward`, of the entries below the diagonal."""
        free_and_two = np.arange(self.n) + 2
        return -0.5 * pt.sum(free_and_two * pt.log(self._squared_length(self._unscaled(value))))

    def _unscaled(self, value: Any) -> Any:
        return pt.set_subtensor(pt.as_tensor(np.eye(self.n))[self._below], value)

    def _squared_length(self, rows: Any) -> Any:
        return pt.sum(rows**2, axis=-1)
