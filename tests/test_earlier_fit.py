"""Priors that an earlier fit informs: what is taken over, for whom, and what is refused."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from priors import Normal, load_prior_set
from twin.cohort import Cohort
from twin.cohort.synthetic import SyntheticSettings, synthetic_cohort
from twin.config.run_config import PriorChoice
from twin.errors import InputError
from twin.fit.arrays import model_spec
from twin.fit.observed import constant_data, observed_data
from twin.fit.prior_draw import draw_truth
from twin.fit.store import save_fit
from twin.instruments import instrument
from twin.law.parameters import sampled_parameters
from twin.pipeline.chosen_priors import chosen_priors
from twin.pipeline.earlier_fit import CARRIED, power_prior

SMALL = SyntheticSettings(people=12, clusters=2, days_absent=True)
EARLIER, _ = synthetic_cohort(SMALL, seed=1)
COHORT, _ = synthetic_cohort(SMALL, seed=2)
LITERATURE = load_prior_set("literature")
DRAWS = 200


def fitted(cohort: Cohort, path: Path, **attributes: Any) -> Path:
    """Store something like a fit, its posterior a narrow cloud about one draw of the priors."""
    rng, spec = np.random.default_rng(4), model_spec(cohort)
    value = draw_truth(LITERATURE, spec, (), rng)
    posterior = xr.Dataset(coords={name: list(one) for name, one in spec.coords.items()})
    for parameter in sampled_parameters(spec):
        centre = value[parameter.name]
        cloud = centre * (1 + 0.01 * rng.standard_normal((2, DRAWS, *centre.shape)))
        posterior[parameter.name] = (("chain", "draw", *parameter.dims), cloud)
    groups = {
        "posterior": posterior,
        "observed_data": observed_data(cohort),
        "constant_data": constant_data(cohort),
    }
    tree = xr.DataTree.from_dict(groups)
    tree.attrs = {"cohort": cohort.name, "cohort_hash": cohort.hash, "converged": 1, **attributes}
    save_fit(tree, path)
    return path


@pytest.fixture
def fit(tmp_path: Path) -> Path:
    return fitted(EARLIER, tmp_path / "fit.nc")


def test_population_parameters_are_taken_over_and_what_arms_did_is_not(fit: Path) -> None:
    priors = power_prior(LITERATURE, fit, 0.5, COHORT)
    changed = {
        name
        for name, prior in LITERATURE.parameters.items()
        if priors[name].distribution != prior.distribution
    }
    assert changed == set(CARRIED)
    of_arms = {p.name for p in sampled_parameters(model_spec(COHORT)) if "active_arm" in p.dims}
    assert not changed & of_arms
    for name in changed:
        assert "fit of 12 people of synthetic (fit.nc), counting 0.5" in priors[name].source
        assert priors[name].label == "borrowed"
    assert "correlations are dropped" in priors.notes[-1]
    assert "correlations are dropped" in " ".join(str(priors).split())


def test_half_a_fit_has_twice_its_variance_where_it_says_nearly_everything(fit: Path) -> None:
    with xr.open_datatree(fit) as stored:
        drawn = stored["posterior"]["set_point_mean"].load()
    found = power_prior(LITERATURE, fit, 0.5, COHORT)["set_point_mean"].distribution
    assert isinstance(found, Normal)
    np.testing.assert_allclose(found.mean, drawn.mean(("chain", "draw")), rtol=0.01)
    np.testing.assert_allclose(found.sd, 2**0.5 * drawn.std(("chain", "draw")), rtol=0.01)


def test_outcomes_are_told_apart_by_name(fit: Path) -> None:
    outcomes = dict(reversed(COHORT.outcomes.items()))
    turned = power_prior(LITERATURE, fit, 0.5, replace(COHORT, outcomes=outcomes))
    plain = power_prior(LITERATURE, fit, 0.5, COHORT)
    one, other = (priors["start_mean"].distribution for priors in (plain, turned))
    assert isinstance(one, Normal)
    assert isinstance(other, Normal)
    assert isinstance(one.mean, tuple)
    assert one.mean == pytest.approx(other.mean[::-1])  # type: ignore[index]


def test_an_outcome_that_the_fit_lacks_keeps_its_prior(fit: Path) -> None:
    visits = COHORT.visits.assign(sleep=COHORT.visits["pain"])
    outcomes = {**COHORT.outcomes, "sleep": instrument("pain_nrs")}
    more = replace(COHORT, outcomes=outcomes, visits=visits)
    found = power_prior(LITERATURE, fit, 0.5, more)["start_mean"].distribution
    before = LITERATURE["start_mean"].distribution
    assert isinstance(found, Normal)
    assert isinstance(before, Normal)
    assert (found.mean[2], found.sd[2]) == pytest.approx((before.mean, before.sd))  # type: ignore[index]
    assert found.sd[0] < before.sd / 2  # type: ignore[index, operator]


def other_instrument(cohort: Cohort) -> Cohort:
    scale = instrument("ndi")
    visits = cohort.visits.assign(disability=cohort.visits["disability"] % 24)
    return replace(cohort, outcomes={**cohort.outcomes, "disability": scale}, visits=visits)


def without_covariates(cohort: Cohort) -> Cohort:
    return replace(cohort, covariates={})


def renamed(cohort: Cohort) -> Cohort:
    return replace(
        cohort,
        outcomes={"ache": cohort.outcomes["pain"]},
        visits=cohort.visits.rename(columns={"pain": "ache"}),
    )


@pytest.mark.parametrize(
    ("cohort", "attributes", "says"),
    [
        (COHORT, {"converged": 0}, "did not pass its convergence gate"),
        (EARLIER, {}, "the very people of cohort synthetic: they would count twice"),
        # the same scores, read with something else beside them, have another hash
        (without_covariates(EARLIER), {}, "they would count twice"),
        (other_instrument(COHORT), {}, "measured disability by rmdq, and this cohort by ndi"),
        (renamed(COHORT), {}, "has none of the outcomes ache. It has pain, disability."),
    ],
)
def test_a_fit_that_must_not_inform_priors_is_refused(
    tmp_path: Path, cohort: Cohort, attributes: dict[str, Any], says: str
) -> None:
    path = fitted(EARLIER, tmp_path / "fit.nc", **attributes)
    with pytest.raises(InputError) as refusal:
        power_prior(LITERATURE, path, 0.5, cohort)
    assert says in str(refusal.value)
    assert str(path) in str(refusal.value)


def test_a_run_believes_its_set_without_its_own_cohort_and_with_its_earlier_fit(fit: Path) -> None:
    named = replace(COHORT, name="ashar2022")
    alone = chosen_priors(PriorChoice(), named)
    assert alone.numbers == load_prior_set("literature", ["ashar2022"]).numbers
    assert alone.numbers != LITERATURE.numbers
    both = chosen_priors(PriorChoice(fit=str(fit), discount=0.25), named)
    assert both.numbers == power_prior(alone, fit, 0.25, named).numbers
    other_name = replace(COHORT, name="other", evidence_ids=("ashar2022",))
    assert chosen_priors(PriorChoice(), other_name).numbers == alone.numbers


def test_a_set_that_lacks_an_outcome_of_the_cohort_is_refused() -> None:
    with pytest.raises(InputError, match="not for ache"):
        chosen_priors(PriorChoice(name="literature_acute"), renamed(COHORT))
