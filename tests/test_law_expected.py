"""The expected recorded score against brute force."""

import numpy as np
import pytest

from twin.law.expected import clipped_normal, expected_severity
from twin.law.measurement import Scale, record

MEANS = np.array([-0.3, 0.0, 0.05, 0.4, 0.97, 1.2])


def recorded_mean(mean: float, sd: float, step: float) -> float:
    """Integrate the recorded value over the latent normal, on a fine even grid of it."""
    z = np.linspace(-9, 9, 2_000_001)
    weight = np.exp(-(z**2) / 2)
    return float((record(Scale(step), mean + sd * z) * weight).sum() / weight.sum())


@pytest.mark.parametrize("sd", [0.05, 0.12, 0.3])
def test_a_clipped_normal_has_the_mean_that_integration_finds(sd: float) -> None:
    found = clipped_normal(MEANS, np.full(len(MEANS), sd))
    wanted = [recorded_mean(mean, sd, 0.0) for mean in MEANS]
    np.testing.assert_allclose(found, wanted, atol=1e-8)


@pytest.mark.parametrize(("step", "sd"), [(0.1, 0.1), (1 / 24, 0.11), (0.02, 0.05)])
def test_rounding_to_a_grid_is_accounted_for_to_a_ten_thousandth(step: float, sd: float) -> None:
    found = expected_severity(MEANS, np.full(len(MEANS), sd**2), step)
    wanted = np.array([recorded_mean(mean, sd, step) for mean in MEANS])
    np.testing.assert_allclose(found, wanted, atol=1e-4)
    # taking rounding for an added variance would be worse than ignoring it
    added = clipped_normal(MEANS, np.sqrt(sd**2 + np.full(len(MEANS), step**2 / 12)))
    assert np.abs(added - wanted).max() > 5 * np.abs(found - wanted).max()
