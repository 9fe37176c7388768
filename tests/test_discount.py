"""Power priors against their closed forms, and against what they must never do."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from priors import Beta, Dirichlet, Distribution, HalfNormal, Lkj, LogNormal, Normal
from priors.discount import discounted
from priors.widen import widened

N = 200_000
RNG = np.random.default_rng(3)


def values(distribution: Distribution | None) -> list[float]:
    assert distribution is not None
    return [
        float(value)
        for name, value in distribution.model_dump().items()
        if name != "family" and not isinstance(value, tuple)
    ]


def quantiles_of(one: stats.distributions.rv_frozen) -> NDArray[np.float64]:
    """Draws of a distribution without Monte-Carlo error, shape (draw, 1)."""
    return np.asarray(one.ppf((np.arange(N) + 0.5) / N))[:, None]


def test_half_of_twenty_people_are_ten_people() -> None:
    """Known SD: n people of mean m make the posterior precision 1/v0 + n/s^2."""
    prior, sd, mean, weight = Normal(mean=0.3, sd=0.2), 0.5, 0.7, 0.5

    def posterior(n: float) -> tuple[float, float]:
        precision = 1 / 0.2**2 + n / sd**2
        return (0.3 / 0.2**2 + n * mean / sd**2) / precision, precision**-0.5

    draws = quantiles_of(stats.norm(*posterior(20)))
    assert values(discounted(prior, draws, weight)) == pytest.approx(posterior(10), rel=1e-3)


def test_half_of_twenty_throws_are_ten_throws() -> None:
    draws = quantiles_of(stats.beta(2 + 14, 3 + 6))
    found = discounted(Beta(a=2.0, b=3.0), draws, 0.5)
    assert values(found) == pytest.approx([2 + 7, 3 + 3], rel=1e-3)


def test_a_positive_value_is_discounted_on_the_log_scale() -> None:
    prior = LogNormal(median=0.15, log_sd=0.5)
    draws = quantiles_of(stats.lognorm(0.1, scale=0.3))
    found = values(discounted(prior, draws, 0.4))
    precision = 0.6 / 0.5**2 + 0.4 / 0.1**2
    centre = (0.6 * np.log(0.15) / 0.5**2 + 0.4 * np.log(0.3) / 0.1**2) / precision
    assert found == pytest.approx([np.exp(centre), precision**-0.5], rel=1e-3)


@pytest.mark.parametrize(
    ("prior", "same"),
    [
        (Normal(mean=0.3, sd=0.2), stats.norm(0.3, 0.2)),
        (LogNormal(median=0.4, log_sd=0.3), stats.lognorm(0.3, scale=0.4)),
        (HalfNormal(sd=0.3), stats.halfnorm(scale=0.3)),
        (Beta(a=2.0, b=6.0), stats.beta(2, 6)),
    ],
)
def test_a_fit_that_learnt_nothing_changes_nothing(
    prior: Distribution, same: stats.distributions.rv_frozen
) -> None:
    found = discounted(prior, quantiles_of(same), 0.5)
    assert values(found) == pytest.approx(values(prior), rel=1e-3)


def test_a_fit_that_learnt_all_has_its_variance_divided_by_the_weight() -> None:
    draws = quantiles_of(stats.norm(0.4, 0.001))
    mean, sd = values(discounted(Normal(mean=0.0, sd=1.0), draws, 0.25))
    assert (mean, sd) == pytest.approx((0.4, 0.002), rel=1e-3)


def test_an_entry_that_the_fit_lacks_keeps_its_prior() -> None:
    draws = np.column_stack([np.full(N, np.nan), RNG.normal(0.7, 0.1, N)])
    for prior in (Normal(mean=0.3, sd=0.2), Normal(mean=(0.3, 0.3), sd=0.2)):
        found = discounted(prior, draws, 0.5)
        assert isinstance(found, Normal)
        assert isinstance(found.mean, tuple)
        assert isinstance(found.sd, tuple)
        assert (found.mean[0], found.sd[0]) == pytest.approx((0.3, 0.2))
        assert found.mean[1] > 0.55
        assert found.sd[1] < 0.15


def test_what_has_no_weighted_mean_of_its_own_family_is_not_taken_over() -> None:
    draws = np.ones((10, 1))
    assert discounted(Lkj(eta=2.0), draws, 0.5) is None
    assert discounted(Dirichlet(concentration=1.0), draws, 0.5) is None


# ---- the opposite: knowing less


@pytest.mark.parametrize(
    ("narrow", "wide"),
    [
        (Normal(mean=(0.3, 0.1), sd=0.1), Normal(mean=(0.3, 0.1), sd=0.2)),
        (Normal(mean=0.3, sd=(0.1, 0.2)), Normal(mean=0.3, sd=(0.2, 0.4))),
        (LogNormal(median=0.3, log_sd=0.1), LogNormal(median=0.3, log_sd=0.2)),
        (HalfNormal(sd=0.1), HalfNormal(sd=0.2)),
        (Beta(a=18.0, b=4.0), Beta(a=9.0, b=2.0)),
        # half of it would make the ends the likeliest values
        (Beta(a=3.0, b=1.5), Beta(a=2.0, b=1.0)),
        (Beta(a=0.5, b=0.5), Beta(a=0.5, b=0.5)),
        (Lkj(eta=3.0), Lkj(eta=1.5)),
        (Lkj(eta=1.5), Lkj(eta=1.0)),
        (Dirichlet(concentration=1.0), Dirichlet(concentration=1.0)),
    ],
    ids=str,
)
def test_a_wider_prior_keeps_its_centre(narrow: Distribution, wide: Distribution) -> None:
    assert widened(narrow, 2) == wide
