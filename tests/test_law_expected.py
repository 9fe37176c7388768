"""The expected recorded score against brute force."""

import numpy as np
import pytest

from twin.law.expected import expected_severity
from twin.law.measurement import Scale, record

MEANS = np.array([-0.3, 0.0, 0.05, 0.4, 0.97, 1.2])


def recorded_mean(mean: float, sd: float, scale: Scale) -> float:
    """Integrate the recorded value over the latent normal, on a fine even grid of it."""
    z = np.linspace(-9, 9, 2_000_001)
    weight = np.exp(-(z**2) / 2)
    return float((record(scale, mean + sd * z) * weight).sum() / weight.sum())


@pytest.mark.parametrize("step", [0.1, 1 / 24, 0.02])
@pytest.mark.parametrize("sd", [0.05, 0.12, 0.3])
def test_a_score_is_expected_where_integration_finds_it(step: float, sd: float) -> None:
    found = expected_severity(MEANS, np.full(len(MEANS), sd**2), Scale(step))
    wanted = [recorded_mean(mean, sd, Scale(step)) for mean in MEANS]
    np.testing.assert_allclose(found, wanted, atol=1e-5)  # of the integration


@pytest.mark.parametrize("power", [1.0, 2.0])
@pytest.mark.parametrize("sd", [0.05, 0.12, 0.3])
def test_a_continuous_score_is_a_grid_of_small_steps(sd: float, power: float) -> None:
    scale = Scale(0.0, power)
    found = expected_severity(MEANS, np.full(len(MEANS), sd**2), scale)
    wanted = [recorded_mean(mean, sd, scale) for mean in MEANS]
    np.testing.assert_allclose(found, wanted, atol=5e-5)


@pytest.mark.parametrize("power", [1.0, 2.0])
def test_what_is_shown_leads_back(power: float) -> None:
    latent, scale = np.linspace(-0.9, 1.5, 25), Scale(0.0, power)
    np.testing.assert_allclose(scale.behind(scale.shown(latent)), latent, atol=1e-9)
    assert (scale.shown(latent) > np.maximum(latent, 0) ** power).all()


def test_a_square_shows_more_of_a_difference_the_worse_it_is() -> None:
    square, linear = Scale(0.0, 2.0), Scale(0.0)
    np.testing.assert_allclose(square.shown_difference(0.1, [0.3, 0.6]), [0.07, 0.13])
    np.testing.assert_allclose(square.difference_behind([0.07, 0.13], [0.09, 0.36]), [0.1, 0.1])
    np.testing.assert_allclose(linear.shown_difference(0.1, [0.3, 0.6]), [0.1, 0.1])
    np.testing.assert_allclose(linear.difference_behind(0.1, [0.3, 0.6]), [0.1, 0.1])


def test_an_instrument_hides_differences_only_near_its_best_end() -> None:
    shown = Scale(0.0).shown
    slope = np.diff(shown(np.array([0.2, 0.2001, 0.4, 0.4001, -0.2, -0.1999])))[::2] / 1e-4
    np.testing.assert_allclose(slope, [0.88, 0.98, 0.12], atol=0.01)
