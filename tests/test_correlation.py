"""Correlations as free numbers: there and back, and how volume changes on the way."""

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
from pytensor.compile.mode import Mode
from pytensor.gradient import jacobian

from twin.fit.correlation import FactorRows

AS_WRITTEN = Mode(linker="py", optimizer=None)  # no compilation: a graph is evaluated once


def free_numbers(n: int) -> np.ndarray:
    return np.random.default_rng(n).normal(size=n * (n - 1) // 2)


@pytest.mark.parametrize("n", [2, 3, 5])
def test_free_numbers_are_the_factor_of_a_correlation_and_come_back(n: int) -> None:
    rows, free = FactorRows(n), free_numbers(n)
    factor = rows.backward(free)
    found, back = pytensor.function([], [factor, rows.forward(factor)], mode=AS_WRITTEN)()
    np.testing.assert_allclose(np.diagonal(found @ found.T), 1.0)
    assert (np.diagonal(found) > 0).all()
    assert (found[np.triu_indices(n, 1)] == 0).all()
    np.testing.assert_allclose(back, free)


@pytest.mark.parametrize("n", [2, 3, 5])
def test_the_change_of_volume_is_that_of_the_entries_below_the_diagonal(n: int) -> None:
    rows, free = FactorRows(n), pt.dvector()
    below = rows.backward(free)[np.tril_indices(n, -1)]
    derivatives, told = pytensor.function(
        [free],
        [jacobian(below, free, vectorize=True), rows.log_jac_det(free)],
        mode=AS_WRITTEN,
    )(free_numbers(n))
    assert told == pytest.approx(np.linalg.slogdet(derivatives)[1], abs=1e-10)
