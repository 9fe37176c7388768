"""What a study would have recorded, against people drawn one by one."""

import numpy as np
import pytest

from twin.elicit.matching import Figures, Weak, match, together
from twin.elicit.study import Natural, Recorded, improved, mixed, passed, recorded
from twin.law.backends import NUMPY
from twin.law.expected import expected_severity
from twin.law.measurement import Scale, record
from twin.law.residual import retest_error

PEOPLE = 400_000
RMDQ, NRS, VAS = Scale(1 / 24), Scale(0.1), Scale(0.0)
SOME = Natural(0.4, 0.15, -1.5, 0.5, 0.18, 0.27, 0.7, 0.13, 0.5, 3.0)


def drawn(natural: Natural, scale: Scale, week: float) -> tuple[np.ndarray, np.ndarray]:
    """Return recorded severities of two visits, written out from the page of the model."""
    rng = np.random.default_rng(1)
    start, other = rng.normal(size=(2, PEOPLE))
    r = natural.correlation
    set_point = natural.set_point_mean + natural.set_point_sd * (
        r * start + np.sqrt(1 - r**2) * other
    )
    start = natural.start_mean + natural.start_sd * start
    rate = np.exp(natural.log_rate_mean + natural.log_rate_sd * rng.normal(size=PEOPLE))
    level = set_point + (start - set_point) * np.exp(-rate * week)
    alike = natural.persistent_share * np.exp(-week / natural.persistence)
    one, two = rng.normal(size=(2, PEOPLE)) * natural.spread
    noise = alike * one + np.sqrt(1 - alike**2) * two
    return record(scale, start + one), record(scale, level + noise)


@pytest.mark.parametrize("scale", [RMDQ, NRS, VAS])
@pytest.mark.parametrize("entry", [None, 0.25])
def test_moments_are_those_of_people_drawn_one_by_one(scale: Scale, entry: float | None) -> None:
    first, later = drawn(SOME, scale, 13.0)
    kept = first >= (0.0 if entry is None else entry - 1e-9)
    first, later = first[kept], later[kept]
    found = recorded(SOME, scale, 13.0, entry)
    # standard errors of the drawn figures are below 0.0006
    assert found.first == pytest.approx(first.mean(), abs=0.002)
    assert found.later == pytest.approx(later.mean(), abs=0.002)
    assert found.first_sd == pytest.approx(first.std(), abs=0.002)
    assert found.sd == pytest.approx(later.std(), abs=0.002)
    assert found.correlation == pytest.approx(np.corrcoef(first, later)[0, 1], abs=0.007)
    assert found.change_sd == pytest.approx((later - first).std(), abs=0.003)


@pytest.mark.parametrize("by", [0.0, 4 / 24, 0.3, 1.0])
def test_the_share_that_improved_is_that_of_people_drawn_one_by_one(by: float) -> None:
    first, later = drawn(SOME, RMDQ, 13.0)
    share = (first - later >= by - 1e-9).mean()
    assert improved(SOME, RMDQ, 13.0, by) == pytest.approx(share, abs=0.004)


def test_the_first_power_of_what_is_recorded_is_the_laws_expected_score() -> None:
    mean, sd = np.array([-0.1, 0.05, 0.4, 0.9]), np.array([0.1, 0.05, 0.2, 0.3])
    for scale in (RMDQ, NRS, VAS):
        found = passed(mean, sd, scale, power=1)
        np.testing.assert_allclose(found, expected_severity(mean, sd**2, scale), rtol=1e-12)


def test_groups_mix_as_their_people_do() -> None:
    other = SOME._replace(start_mean=0.6, set_point_mean=0.4)
    both = mixed([recorded(one, RMDQ, 13.0) for one in (SOME, other)], [0.25, 0.75])
    parts = [drawn(one, RMDQ, 13.0) for one in (SOME, other)]
    some, rest = PEOPLE // 4, 3 * PEOPLE // 4
    first = np.concatenate([parts[0][0][:some], parts[1][0][:rest]])
    later = np.concatenate([parts[0][1][:some], parts[1][1][:rest]])
    assert both.first_sd == pytest.approx(first.std(), abs=0.002)
    assert both.correlation == pytest.approx(np.corrcoef(first, later)[0, 1], abs=0.007)
    assert both.change_sd == pytest.approx((first - later).std(), abs=0.003)


def test_people_who_stay_as_they_are_show_the_retest_error_of_the_law() -> None:
    # far from the ends of a fine scale, where nothing is rounded or hidden
    still = Natural.unchanged(mean=0.6, sd=0.05, spread=0.04, share=0.5, persistence=3.0)
    implied = retest_error(NUMPY, np.array(0.04), np.array(0.5), np.array(3.0), np.array(2.0))
    assert recorded(still, Scale(0.002), 2.0).change_sd / np.sqrt(2) == pytest.approx(
        float(implied), rel=0.01
    )


def test_a_match_finds_the_parameters_behind_figures() -> None:
    truth = np.array([0.45, 0.2, -1.6])

    def predict(parameters: np.ndarray) -> np.ndarray:
        start, set_point, log_rate = parameters
        natural = SOME._replace(start_mean=start, set_point_mean=set_point, log_rate_mean=log_rate)
        seen: list[Recorded] = [recorded(natural, RMDQ, week) for week in (4.0, 13.0, 52.0)]
        return np.array([seen[0].first, *(one.later for one in seen)])

    value = predict(truth)
    figures = Figures(value, np.full(4, 1e-4), together(np.full(4, 0.05), 0.5))
    weak = Weak(np.array([0.3, 0.3, -2.0]), np.array([0.5, 0.5, 1.0]))
    found = match(predict, figures, weak)
    np.testing.assert_allclose(found.centre, truth, atol=2e-3)


def test_the_width_of_a_linear_match_is_that_of_bayes_rule() -> None:
    slope = np.array([[1.0, 0.0], [1.0, 2.0], [0.5, -1.0]])
    covariance = together(np.array([0.1, 0.2, 0.3]), 0.4)
    figures = Figures(slope @ [1.0, -1.0], np.full(3, 1e-3), covariance)
    weak = Weak(np.zeros(2), np.array([1.0, 2.0]))
    found = match(lambda parameters: slope @ parameters, figures, weak)
    # the same, written as the variance that is left after the figures are seen
    prior = np.diag([1.0, 4.0])
    gain = prior @ slope.T @ np.linalg.inv(slope @ prior @ slope.T + covariance)
    left = prior - gain @ slope @ prior
    np.testing.assert_allclose(found.sd, np.sqrt(np.diagonal(left)), rtol=1e-4)
