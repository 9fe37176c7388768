"""Rounding as a variance, against the exact probability of a recorded score.

Far from the floor, where what is shown is the severity itself; the first cells above the floor,
which are wider, have a test of their own.

The likelihood reads a score inside its scale as h times a normal density with h^2 / 12 added to
its variance (MODEL.md, section 3); exactly, its probability is a difference of normal distribution
functions. SDs are the quantiles 0.5 %, 50 % and 99.5 % of the prior of the spread (0.039, 0.11 and
0.31), or the error alone at the prior medians (0.078); means lie anywhere between two recorded
values. Levels that differ between people come on top and only make the approximation better.

Measured for one score: the largest error of a probability, that of a log probability within 3 SD,
and the expected loss of log-likelihood in nats.

    NRS   SD 0.039     0.021    0.045    0.019
    NRS   SD 0.078    0.0012    0.015  8.7e-06
    NRS   SD 0.11    0.00023   0.0048  5.2e-07
    RMDQ  SD 0.039   0.00049   0.0085  1.7e-06
    NRS   SD 0.31    1.5e-06  0.00011  1.7e-10

Measured for an NRS and an RMDQ score that are correlated before rounding: the largest error of a
joint probability, as a share of the largest joint probability.

    SD 0.039  correlation 0.4     0.036
    SD 0.078  correlation 0.4    0.0035
    SD 0.078  correlation 0.8     0.015
    SD 0.11   correlation 0.4   0.00095
    SD 0.11   correlation 0.8    0.0045

So only an NRS with hardly any flare or error, less than half a point, is read badly: it costs a
fiftieth of a nat for each score there.
"""

from itertools import pairwise, product

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import multivariate_normal, norm

from priors import LogNormal, load_prior_set
from twin.instruments import instrument, instruments
from twin.law.measurement import Scale

type Floats = NDArray[np.float64]

MEANS = np.linspace(-0.5, 0.5, 41)  # of the score, in steps from a recorded value
ERROR_ALONE = 0.5**0.5  # of the spread, at the prior median of persistent_share


def step_of(name: str) -> float:
    scale = instrument(name)
    assert scale.step is not None
    return scale.step / scale.range


def spread(quantile: float) -> float:
    """Return a quantile of the default prior of the spread."""
    prior = load_prior_set("literature")["spread"].distribution
    assert isinstance(prior, LogNormal)
    return float(prior.median * np.exp(prior.log_sd * norm.ppf(quantile)))


def one_score(step: float, sd: float) -> tuple[float, float, float]:
    """Return the largest errors of a probability and of its log, and the expected loss."""
    worst = np.zeros(3)
    for mean in MEANS:
        away = (np.arange(-80, 81) - mean) * step
        exact = norm.cdf((away + step / 2) / sd) - norm.cdf((away - step / 2) / sd)
        read = step * norm.pdf(away, scale=np.sqrt(sd**2 + step**2 / 12))
        near = np.abs(away) < 3 * sd
        able = np.abs(away) < 8 * sd  # beyond, differences of distribution functions are dust
        loss = (exact[able] * np.log(exact[able] / read[able])).sum()
        log_error = np.abs(np.log(read[near] / exact[near])).max()
        worst = np.maximum(worst, [np.abs(exact - read).max(), log_error, loss])
    return float(worst[0]), float(worst[1]), float(worst[2])


def pair_of_scores(steps: tuple[float, float], sd: float, correlation: float) -> float:
    """Return the largest error of a joint probability, as a share of the largest."""
    covariance = sd**2 * np.array([[1.0, correlation], [correlation, 1.0]])
    widths = np.array(steps)
    exact_law = multivariate_normal([0, 0], covariance)
    read_law = multivariate_normal([0, 0], covariance + np.diag(widths**2 / 12))
    error = highest = 0.0
    for means in product((0.0, 0.25, 0.5), repeat=2):
        for cell in product(range(-2, 3), repeat=2):
            middle = (np.array(cell) - means) * widths
            exact = exact_law.cdf(middle + widths / 2, lower_limit=middle - widths / 2)
            read = widths.prod() * read_law.pdf(middle)
            error, highest = max(error, abs(exact - read)), max(highest, exact)
    return float(error / highest)


@pytest.mark.parametrize(
    ("name", "quantile", "share", "measured"),
    [
        ("pain_nrs", 0.005, 1.0, (0.0215, 0.0449, 0.0191)),
        ("pain_nrs", 0.5, ERROR_ALONE, (0.00119, 0.0147, 8.73e-06)),
        ("pain_nrs", 0.5, 1.0, (0.000232, 0.00484, 5.21e-07)),
        ("rmdq", 0.005, 1.0, (0.000486, 0.00847, 1.66e-06)),
        ("pain_nrs", 0.995, 1.0, (1.47e-06, 0.000109, 1.72e-10)),
    ],
)
def test_rounding_read_as_a_variance_is_as_near_as_was_measured(
    name: str, quantile: float, share: float, measured: tuple[float, float, float]
) -> None:
    found = one_score(step_of(name), spread(quantile) * share)
    assert found == pytest.approx(measured, rel=0.02)


@pytest.mark.parametrize(
    ("quantile", "share", "correlation", "measured"),
    [
        (0.005, 1.0, 0.4, 0.0359),
        (0.5, ERROR_ALONE, 0.4, 0.00351),
        (0.5, ERROR_ALONE, 0.8, 0.0147),
        (0.5, 1.0, 0.4, 0.000953),
        (0.5, 1.0, 0.8, 0.0045),
    ],
)
def test_rounding_of_correlated_scores_is_as_near_as_was_measured(
    quantile: float, share: float, correlation: float, measured: float
) -> None:
    steps = (step_of("pain_nrs"), step_of("rmdq"))
    found = pair_of_scores(steps, spread(quantile) * share, correlation)
    assert found == pytest.approx(measured, rel=0.02)


def test_no_instrument_has_a_wider_step_than_those_measured() -> None:
    steps = [scale.step / scale.range for scale in instruments().values() if scale.step is not None]
    assert max(steps) == step_of("pain_nrs")


def first_cells(name: str, sd: float) -> float:
    """Return the largest error of a probability of the three lowest scores inside a scale."""
    step, worst = step_of(name), 0.0
    edges = Scale(step).behind((np.arange(4) + 0.5) * step)
    for low, high in pairwise(edges):
        for mean in np.linspace(low - 3 * sd, high + 3 * sd, 61):
            exact = norm.cdf((high - mean) / sd) - norm.cdf((low - mean) / sd)
            variance = sd**2 + (high - low) ** 2 / 12
            read = (high - low) * norm.pdf((low + high) / 2, mean, np.sqrt(variance))
            worst = max(worst, abs(exact - read))
    return worst


@pytest.mark.parametrize(
    ("name", "share", "measured"),
    [
        ("pain_nrs", 1.0, 0.0026),
        ("pain_nrs", ERROR_ALONE, 0.0114),
        ("rmdq", 1.0, 0.000868),
        ("odi", 1.0, 0.000557),
    ],
)
def test_rounding_near_the_floor_is_as_near_as_was_measured(
    name: str, share: float, measured: float
) -> None:
    # a score stands for more of the continuous severity there
    assert first_cells(name, spread(0.5) * share) == pytest.approx(measured, rel=0.02)
