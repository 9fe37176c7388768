"""Diagnostics against closed forms of normal models, and from end to end on a small trial."""

import dataclasses
from pathlib import Path
from typing import NamedTuple

import arviz as az
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from conftest import known_tree
from scipy.stats import norm

from priors import load_prior_set
from scenarios import load_scenario
from twin.cohort import Cohort
from twin.cohort.synthetic import SyntheticSettings, synthetic_cohort
from twin.diagnose.contraction import contraction, verdict
from twin.diagnose.densities import log_priors, retest_log_likelihood
from twin.diagnose.diagnose import diagnose
from twin.diagnose.dropout_settings import DropoutSettings, dropout_deltas
from twin.diagnose.leave_one_out import leave_one_out, person_log_likelihood
from twin.diagnose.power import POWERS, SENSITIVE, Weights, sensitivity, weighted_summary
from twin.diagnose.sensitivity import ALL_PRIORS, LIKELIHOOD
from twin.diagnose.settings import DiagnoseSettings
from twin.errors import InputError
from twin.fit.arrays import model_spec, records
from twin.fit.covariate_gaps import covariate_gaps
from twin.fit.estimands import arm_contrasts
from twin.fit.plan import FitPlan
from twin.fit.prior_draw import draw_truth
from twin.fit.retest import RetestFigure
from twin.fit.settings import FitSettings, ModelSettings, SamplerSettings
from twin.law.parameters import ModelSpec, sampled_parameters
from twin.outcomes import table
from twin.outcomes.outcomes import Outcomes
from twin.outcomes.settings import OutcomeSettings
from twin.outcomes.summarise import summarise
from twin.simulate.prepare import prepare
from twin.simulate.settings import SimulationSettings
from twin.simulate.simulate import simulate

DRAWS = ("chain", "draw")


def draws(values: np.ndarray, **others: object) -> xr.DataArray:
    """Return values as four chains; other dims come last, with their labels."""
    shape = (4, len(values) // 4, *values.shape[1:])
    coords = {"chain": np.arange(4), "draw": np.arange(shape[1]), **others}
    return xr.DataArray(values.reshape(shape), dims=(*DRAWS, *others), coords=coords)


# leaving people out


def normal_model(y: np.ndarray) -> xr.DataArray:
    """Log-likelihood of people y ~ N(mean, 1) at draws from the posterior under a flat prior."""
    mean = np.random.default_rng(1).normal(y.mean(), 1 / np.sqrt(len(y)), 4000)
    patients = np.array([f"p{i}" for i in range(len(y))], dtype=object)
    found = draws(norm.logpdf(y, mean[:, None], 1.0), patient=patients)
    return found.rename("log_likelihood").assign_attrs(points=2)


def test_leaving_a_person_out_gives_the_exact_predictive_density() -> None:
    y = np.random.default_rng(2).normal(0.3, 1.0, 30)
    found = leave_one_out(normal_model(y))
    n = len(y)
    others = (y.sum() - y) / (n - 1)
    exact = norm.logpdf(y, others, np.sqrt(1 + 1 / (n - 1)))
    np.testing.assert_allclose(found["elpd"], exact, atol=0.01)
    assert found.attrs["elpd_loo"] == pytest.approx(exact.sum(), abs=0.05)
    assert found.attrs["se"] == pytest.approx(np.sqrt(n * exact.var()), rel=0.05)
    assert found.attrs["p_loo"] == pytest.approx(1.0, abs=0.35)  # one parameter
    assert float(found["p_loo"].sum()) == pytest.approx(found.attrs["p_loo"], abs=1e-6)
    assert found.attrs["n_high_k"] == 0


def test_a_person_unlike_all_others_is_named_by_a_high_k() -> None:
    y = np.append(np.random.default_rng(3).normal(0.0, 1.0, 7), 9.0)
    found = leave_one_out(normal_model(y))
    assert found.attrs["largest_k"] == 0.7
    high = found["patient"].where(found["pareto_k"] > found.attrs["largest_k"], drop=True)
    assert list(high.values) == ["p7"]
    assert found.attrs["n_high_k"] == 1


def test_a_chain_that_is_stuck_gives_an_infinite_k_and_no_error() -> None:
    found = normal_model(np.random.default_rng(2).normal(0.3, 1.0, 5))
    # one chain in four stands still where it is worst for the first person
    found[3, :, 0] = float(found[:, :, 0].min()) - 1.0
    people = leave_one_out(found)
    assert np.isposinf(people["pareto_k"][0])
    assert np.isfinite(people["pareto_k"][1:]).all()
    assert np.isfinite(people["elpd"]).all()
    assert people.attrs["n_high_k"] == 1


# power scaling


class Conjugate(NamedTuple):
    """Posterior of a mean with a N(0, 1) prior and one normal observation, as draws."""

    precision: float
    observed: float

    def moments(self, power: float) -> tuple[float, float]:
        """Mean and SD when the prior counts as its power."""
        total = power + self.precision
        return self.precision * self.observed / total, 1 / np.sqrt(total)

    def draw(self) -> xr.DataArray:
        mean, sd = self.moments(1.0)
        return draws(
            mean + sd * norm.ppf((np.random.default_rng(4).permutation(8000) + 0.5) / 8000)
        )

    def weights(self, at: xr.DataArray) -> Weights:
        return Weights(at.copy(data=norm.logpdf(at.to_numpy())))


@pytest.mark.parametrize("position", [0, 1])
def test_weighted_draws_have_the_moments_of_the_scaled_posterior(position: int) -> None:
    model = Conjugate(precision=2.0, observed=1.5)
    at = model.draw()
    weight = model.weights(at).by_power[position]
    mean, sd = model.moments(POWERS[position])
    found = weighted_summary(at.expand_dims(row=1), weight, 0.9)
    assert float(found["mean"][0]) == pytest.approx(mean, abs=0.01)
    assert float(found["lower"][0]) == pytest.approx(norm.ppf(0.05, mean, sd), abs=0.03)
    assert float(found["upper"][0]) == pytest.approx(norm.ppf(0.95, mean, sd), abs=0.03)
    moved = sensitivity(at, model.weights(at))
    shift = (mean - model.moments(1.0)[0]) / model.moments(1.0)[1]
    assert float(moved["shift"][position]) == pytest.approx(shift, abs=0.02)


def test_sensitivity_is_that_of_arviz_and_tells_strong_data_from_weak() -> None:
    found = []
    for precision in (0.5, 200.0):
        model = Conjugate(precision, observed=2.0)
        at = model.draw()
        mine = float(sensitivity(at, model.weights(at))["sensitivity"])
        prior = at.copy(data=norm.logpdf(at.to_numpy()))
        tree = xr.DataTree.from_dict(
            {
                "posterior": at.to_dataset(name="x"),
                "log_prior": prior.to_dataset(name="x"),
                "log_likelihood": prior.to_dataset(name="x"),
            }
        )
        theirs = float(az.psense(tree, group="prior", alphas=POWERS)["x"])
        assert mine == pytest.approx(theirs, rel=0.1)
        found.append(mine)
    assert found[1] < SENSITIVE < found[0]


def test_even_weights_give_the_plain_quantiles() -> None:
    values = np.random.default_rng(5).normal(size=(400, 3))
    values[::7, 2] = np.nan  # a quantity that not every draw has
    at = draws(values, row=np.arange(3)).transpose("row", *DRAWS)
    even = xr.full_like(at[0], 1 / 400)
    found = weighted_summary(at, even, 0.8)
    for name, q in (("lower", 0.1), ("upper", 0.9)):
        np.testing.assert_allclose(found[name], np.nanquantile(values, q, axis=0), rtol=1e-9)
    np.testing.assert_allclose(found["mean"], np.nanmean(values, axis=0))


def test_a_component_that_is_the_same_in_every_draw_moves_nothing() -> None:
    at = Conjugate(1.0, 1.0).draw()
    weights = Weights(xr.zeros_like(at))
    assert np.isnan(weights.pareto_k).all()
    moved = sensitivity(at, weights)
    assert float(abs(moved["shift"]).max()) < 1e-9
    assert float(moved["sensitivity"]) < 1e-3
    still = sensitivity(xr.full_like(at, 0.3), Conjugate(1.0, 1.0).weights(at))
    assert float(still["sensitivity"]) == 0.0


# densities and contraction

SPEC = ModelSpec(("pain",), ("usual_care", "app"), (), (), False, usual_week=10.0)


def posterior_of(spec: ModelSpec, n: int = 4000) -> xr.Dataset:
    """Return draws from the priors; of the arm's effect, what little data could leave of it."""
    rng, priors, found = np.random.default_rng(6), load_prior_set("literature"), {}
    for parameter in sampled_parameters(spec):
        shape = tuple(len(spec.coords[dim]) for dim in parameter.dims)
        prior = priors[parameter.name].distribution
        if parameter.is_correlation:
            value = np.stack([prior.draw(rng, shape) for _ in range(n)])
        else:
            value = prior.draw(rng, (n, *shape))
        labels = {dim: list(spec.coords[dim]) for dim in parameter.dims}
        found[parameter.name] = draws(value, **labels)
    if "arm_effect" in found:
        seen = 1 - np.exp(-spec.usual_week / found["response_time"])
        found["arm_effect"] = (-0.05 + 0.02 * found["arm_effect"] / 0.4) / seen
    return xr.Dataset(found)


def test_the_prior_of_an_arms_effect_is_on_what_a_usual_visit_sees_of_it() -> None:
    posterior = posterior_of(SPEC, 8)
    found = log_priors(SPEC, load_prior_set("literature"), posterior)
    one = posterior.isel(chain=2, draw=1)
    seen = float(one["arm_effect"][0, 0]) * (1 - np.exp(-10.0 / float(one["response_time"][0])))
    assert float(found["arm_effect"][2, 1]) == pytest.approx(norm.logpdf(seen, 0.0, 0.4))
    spread = np.log(float(one["spread"][0]))
    exact = norm.logpdf(spread, np.log(0.11), 0.4) - spread
    assert float(found["spread"][2, 1]) == pytest.approx(exact)
    assert set(found) == {parameter.name for parameter in sampled_parameters(SPEC)}


def test_standard_normals_of_the_model_have_no_prior_of_their_own() -> None:
    spec = ModelSpec(("pain",), ("usual_care",), ("a", "b"), (), False)
    names = {parameter.name for parameter in sampled_parameters(spec) if parameter.standard}
    assert names
    posterior = posterior_of(ModelSpec(("pain",), ("usual_care",), (), (), False), 8)
    cluster = {
        f"cluster_{part}_{name}": values
        for part in ("start", "set_point")
        for name, values in (
            ("sd", draws(np.full((8, 1), 0.05), outcome=["pain"])),
            ("z", draws(np.zeros((8, 2, 1)), cluster=["a", "b"], outcome=["pain"])),
        )
    }
    found = log_priors(spec, load_prior_set("literature"), posterior.assign(cluster))
    assert not names & set(found)


def test_published_retest_errors_count_as_likelihood() -> None:
    posterior = posterior_of(SPEC, 8)
    figure = RetestFigure(outcome=0, sem=0.1, lag_weeks=2.0, source="")
    found = retest_log_likelihood(posterior, (figure, figure), 0.3)
    one = posterior.isel(chain=1, draw=0)
    kept = float(one["persistent_share"][0]) * np.exp(-2.0 / float(one["persistence"]))
    implied = float(one["spread"][0]) * np.sqrt(1 - kept)
    assert float(found[1, 0]) == pytest.approx(-((np.log(implied / 0.1) / 0.3) ** 2))


def test_contraction_tells_what_is_learnt_from_what_is_prior() -> None:
    found = contraction(SPEC, load_prior_set("literature"), posterior_of(SPEC))
    effect = found.sel(effect="arm_effect[app, pain]")
    assert float(effect["prior_sd"]) == pytest.approx(0.4, rel=0.02)
    assert float(effect["posterior_sd"]) == pytest.approx(0.02, rel=0.05)
    assert float(effect["contraction"]) == pytest.approx(1 - (0.02 / 0.4) ** 2, abs=1e-3)
    assert float(effect["z_score"]) == pytest.approx(-0.05 / 0.02, abs=0.35)
    assert str(effect["verdict"].values) == "learnt"
    lasting = found.sel(effect="lasting_share[app]")
    assert float(lasting["contraction"]) == pytest.approx(0, abs=0.08)
    assert str(lasting["verdict"].values) == "prior"
    assert str(lasting["outcome"].values) == ""
    assert [verdict(x) for x in (0.75, 0.74, 0.25, 0.24, -0.1)] == [
        *("learnt", "partly", "partly", "prior", "prior")
    ]


def test_a_cohort_of_one_arm_has_no_effect_to_learn() -> None:
    spec = ModelSpec(("pain",), ("usual_care",), (), (), False)
    found = contraction(spec, load_prior_set("literature"), posterior_of(spec, 8))
    assert found.sizes["effect"] == 0


# from end to end


IGNORABLE = DropoutSettings()


class Trial(NamedTuple):
    plan: FitPlan
    fit: xr.DataTree
    outcomes: Outcomes

    def diagnose(self, dropout: DropoutSettings = IGNORABLE, **choices: object) -> xr.DataTree:
        settings = DiagnoseSettings(**choices)  # type: ignore[arg-type]
        return diagnose(self.plan, self.fit, self.outcomes, settings, dropout)


def near(posterior: xr.Dataset, spec: ModelSpec) -> xr.Dataset:
    """Return a posterior whose numbers vary by a few per cent about the truth."""
    rng, found = np.random.default_rng(7), posterior.copy()
    for parameter in sampled_parameters(spec):
        if not parameter.is_correlation:
            value = posterior[parameter.name]
            found[parameter.name] = value * np.exp(0.03 * rng.normal(size=value.shape))
    return found


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory) -> Trial:
    cohort, truth = synthetic_cohort(SyntheticSettings(people=12, clusters=2), seed=1)
    model, grid = ModelSettings(), ModelSettings().time_grid
    spec, data = model_spec(cohort), records(cohort, grid)
    fit = known_tree(cohort, spec, data, truth)
    posterior = near(fit["posterior"].to_dataset(), spec)
    fit["posterior"] = xr.DataTree(posterior)
    estimands = arm_contrasts(
        spec, data, posterior, fit["twins"].to_dataset(), cohort.outcomes, (13.0,)
    )
    fit["estimands"] = xr.DataTree(estimands)
    plan = FitPlan(
        cohort=cohort,
        model=model,
        priors=load_prior_set("literature"),
        sampler=SamplerSettings(),
        fit=FitSettings(),
        seed=1,
        folder=tmp_path_factory.mktemp("fits"),
    )
    return Trial(plan, fit, simulated(cohort, fit))


def simulated(cohort: Cohort, fit: xr.DataTree) -> Outcomes:
    settings = SimulationSettings(draws=200, horizon_weeks=26, progress_bar=False)
    scenarios = [load_scenario(name) for name in ("usual_care", "selfback")]
    prepared = prepare(cohort, fit, scenarios, settings, seed=1)
    return summarise(prepared.design, simulate(prepared), OutcomeSettings())


@pytest.fixture(scope="module")
def found(trial: Trial) -> xr.DataTree:
    return trial.diagnose(draws=60, points=8)


def test_every_diagnostic_is_there_and_opens_with_xarray_alone(
    trial: Trial, found: xr.DataTree, tmp_path: Path
) -> None:
    assert set(found.children) == {
        *("contraction", "log_prior", "power_scaling", "contrast_power"),
        *("log_likelihood", "leave_one_out"),
    }
    people = found["leave_one_out"]
    assert list(people["patient"].values) == list(trial.plan.cohort.patients.index)
    assert np.isfinite(people["elpd"]).all()
    components = list(found["power_scaling"]["component"].values)
    assert components[0] == ALL_PRIORS
    assert components[-1] == LIKELIHOOD
    found.to_netcdf(tmp_path / "diagnostics.nc", engine="netcdf4")
    with xr.open_datatree(tmp_path / "diagnostics.nc", engine="netcdf4") as stored:
        for name, group in found.children.items():
            xr.testing.assert_allclose(stored[name].to_dataset(), group.to_dataset())


def test_at_power_one_the_contrasts_are_those_of_the_tables(
    trial: Trial, found: xr.DataTree
) -> None:
    rows = found["contrast_power"].to_dataset()
    plain = rows[["plain_mean", "plain_lower", "plain_upper"]].to_dataframe().reset_index()
    key = ["scenario", "quantity", "outcome", "detail", "week"]
    told = table.contrasts(trial.outcomes, {}).fillna({"outcome": "", "detail": ""})
    both = plain.astype(dict.fromkeys(key[:-1], "str")).merge(
        told.astype(dict.fromkeys(key[:-1], "str")), on=key, validate="one_to_one"
    )
    assert len(both) == len(plain) > 8
    for name in ("mean", "lower", "upper"):
        pd.testing.assert_series_equal(both[f"plain_{name}"], both[name], check_names=False)
    assert set(rows["moved_most_by"].values) <= set(rows["component"].values) - {ALL_PRIORS}


def test_what_was_integrated_once_is_found_again(
    trial: Trial, found: xr.DataTree, monkeypatch: pytest.MonkeyPatch
) -> None:
    def integrate(*_: object) -> None:
        pytest.fail("integrated again")

    monkeypatch.setattr("twin.diagnose.diagnose.person_log_likelihood", integrate)
    again = trial.diagnose(draws=60, points=8)
    xr.testing.assert_identical(
        again["leave_one_out"].to_dataset(), found["leave_one_out"].to_dataset()
    )
    with pytest.raises(pytest.fail.Exception, match="integrated again"):
        trial.diagnose(draws=60, points=16)


def test_switched_off_nobody_is_left_out_and_the_priors_are_still_scaled(
    trial: Trial, found: xr.DataTree
) -> None:
    off = trial.diagnose(leave_out=False)
    assert set(off.children) == set(found.children) - {"log_likelihood", "leave_one_out"}
    assert LIKELIHOOD not in off["power_scaling"]["component"].values
    xr.testing.assert_identical(
        off["contrast_power"].to_dataset(), found["contrast_power"].to_dataset()
    )


def test_those_who_left_are_taken_to_be_worse_by_half_an_important_change(trial: Trial) -> None:
    told = trial.diagnose(DropoutSettings(assume="delta", delta={"pain": 0.5}), leave_out=False)
    assert told["dropout"]["delta"].sel(outcome="pain") == 0.5
    assert told["dropout"]["delta"].sel(outcome="disability") == 2.5  # RMDQ: half of 5 (Ostelo)
    contrast = told["dropout"]["arm_contrast"]
    assert contrast.sizes["draw"] == trial.outcomes.cohort.sizes["draw"]


@pytest.mark.parametrize(
    ("delta", "message"),
    [({"pian": 1.0}, r"'pian'.*Did you mean 'pain'\?"), ({"pain": -1.0}, "must not be negative")],
)
def test_a_shift_that_makes_no_sense_is_refused(
    trial: Trial, delta: dict[str, float], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        dropout_deltas(trial.plan.cohort, DropoutSettings(delta=delta))


def test_few_draws_are_weighed_without_smoothing_and_nobody_is_left_out(trial: Trial) -> None:
    few = Trial(trial.plan, trial.fit.isel(draw=slice(0, 10)), trial.outcomes)
    settings = SimulationSettings(draws=20, horizon_weeks=13, progress_bar=False)
    scenarios = [load_scenario("usual_care")]
    prepared = prepare(trial.plan.cohort, few.fit, scenarios, settings, seed=1)
    outcomes = summarise(prepared.design, simulate(prepared), OutcomeSettings())
    found = Trial(trial.plan, few.fit, outcomes).diagnose()
    assert "leave_one_out" not in found.children
    assert not found["contrast_power"].data_vars  # one scenario has nothing to be compared with
    power = found["power_scaling"]
    assert np.isnan(power["pareto_k"]).all()
    assert np.isfinite(power["shift"]).all()


def test_one_arm_without_work_clusters_or_covariates_can_be_diagnosed(
    tmp_path: Path,
) -> None:
    whole, _ = synthetic_cohort(SyntheticSettings(people=12, clusters=0), seed=2)
    cohort = dataclasses.replace(
        whole,
        patients=whole.patients.assign(arm="usual_care", labour_force=False),
        arms={"usual_care": whole.arms["usual_care"]},
        covariates={},
    )
    model, priors, rng = ModelSettings(), load_prior_set("literature"), np.random.default_rng(3)
    spec, data = model_spec(cohort), records(cohort, model.time_grid)
    truth = draw_truth(priors, spec, (), rng)
    dims = {parameter.name: parameter.dims for parameter in sampled_parameters(spec)}
    values = xr.Dataset({name: (dims[name], value) for name, value in truth.items()})
    fit = known_tree(cohort, spec, data, values)
    posterior = near(fit["posterior"].to_dataset(), spec)
    fit["posterior"] = xr.DataTree(posterior)
    twins = fit["twins"].to_dataset()
    fit["estimands"] = xr.DataTree(
        arm_contrasts(spec, data, posterior, twins, cohort.outcomes, (13.0,))
    )
    plan = FitPlan(cohort, model, priors, SamplerSettings(), FitSettings(), 1, tmp_path)
    found = Trial(plan, fit, simulated(cohort, fit)).diagnose(draws=60, points=8)
    assert np.isfinite(found["leave_one_out"]["elpd"]).all()
    assert found["contraction"].sizes["effect"] == 0


def test_a_missing_covariate_has_its_value_in_each_draw(trial: Trial) -> None:
    data = records(trial.plan.cohort, trial.plan.model.time_grid)
    covariate = data.covariate.copy()
    covariate[1, 0] = covariate[3, 1] = np.nan
    posterior = trial.fit["posterior"].to_dataset().isel(draw=slice(0, 3))
    values = np.random.default_rng(8).normal(size=(2, 3, 2))
    twins = trial.fit["twins"].to_dataset().isel(draw=slice(0, 3))
    twins["missing_covariate"] = (("chain", "draw", "gap"), values)
    gapped = data._replace(covariate=covariate, gaps=covariate_gaps(covariate))
    patients = [str(name) for name in trial.plan.cohort.patients.index]
    spec = model_spec(trial.plan.cohort)
    with_gaps = person_log_likelihood(spec, gapped, posterior, twins, patients, 8, seed=1)
    without = person_log_likelihood(spec, data, posterior, twins, patients, 8, seed=1)
    same = np.isclose(with_gaps, without, atol=1e-9).all(axis=(0, 1))
    assert [name for name, equal in zip(patients, same, strict=True) if not equal] == [
        patients[1],
        patients[3],
    ]
