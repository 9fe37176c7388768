"""People drawn from their own data given the population, and who a population is learnt from."""

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from scipy.stats import chisquare

from twin.cohort import Cohort
from twin.cohort.synthetic import SyntheticSettings, synthetic_cohort
from twin.fit.arrays import model_spec, records
from twin.fit.settings import ModelSettings
from twin.fit.subset import representative_rows, subset
from twin.fit.update import stacked, updated_people
from twin.law.backends import COMPILED, NUMPY
from twin.law.likelihood import log_likelihood
from twin.law.parameters import ModelSpec, assemble, sampled_parameters
from twin.law.records import Records
from twin.update.everyone import Run

MODEL = ModelSettings()
EFFECTS = ("log_rate", "start", "set_point", "response", "work_frailty")


def still(spec: ModelSpec, truth: xr.Dataset, draws: int) -> xr.Dataset:
    """Return a posterior that knows the population."""
    names = [parameter.name for parameter in sampled_parameters(spec)]
    return truth[names].expand_dims(chain=[0, 1], draw=np.arange(draws))


def updated(cohort: Cohort, truth: xr.Dataset, draws: int) -> tuple[ModelSpec, Records, xr.Dataset]:
    spec, data = model_spec(cohort), records(cohort, MODEL.time_grid, MODEL.partial_loss)
    posterior = still(spec, truth, draws)
    given = stacked(spec, posterior, data.grid, data.dose)
    return (
        spec,
        data,
        updated_people(cohort, spec, data, posterior, given, Run(seed=3), reweigh=False),
    )


@pytest.mark.slow
def test_true_effects_have_uniform_ranks_among_their_draws_at_the_true_population() -> None:
    cohort, truth = synthetic_cohort(SyntheticSettings(people=600, clusters=6), seed=11)
    _, data, twins = updated(cohort, truth, draws=30)
    for effect in EFFECTS:
        drawn = twins[effect].transpose("patient", "chain", "draw", ...).to_numpy()
        drawn = drawn.reshape(len(drawn), 60, -1)
        true = truth[effect].transpose("patient", ...).to_numpy().reshape(len(drawn), -1)
        # nobody responds to the reference arm
        among = data.arm == 1 if effect == "response" else slice(None)
        rank = (drawn[among] < true[among][:, None]).sum(axis=1)
        width = np.bincount(np.arange(61) * 10 // 61) / 61
        # 5 % for the eight columns together
        for column in rank.T:
            own = np.bincount(column * 10 // 61, minlength=10)
            assert chisquare(own, width * own.sum()).pvalue > 0.05 / 8, (effect, own)


def test_who_has_scores_within_their_scales_only_is_known_by_quadrature() -> None:
    settings = SyntheticSettings(people=40, clusters=0, employed_share=0.0)
    cohort, truth = synthetic_cohort(settings, seed=12)
    spec, data, twins = updated(cohort, truth, draws=300)
    values = {p.name: truth[p.name].to_numpy() for p in sampled_parameters(spec)}
    population = assemble(NUMPY, spec, values)
    grid, n = np.linspace(-4, 4, 161), cohort.n
    log, level = [], []
    for z in grid:
        idle = np.zeros((n, population.n_linear))
        at = (data.gaps.observed, data.scores.severity, np.full(n, z), idle)
        terms = log_likelihood(COMPILED, population, data, *at)
        log.append(terms.scores - 0.5 * z**2)
        level.append(terms.people.set_point)  # its mean given the rate
    weight = np.exp(np.array(log) - np.max(log, axis=0))
    mean = (weight[:, :, None] * np.array(level)).sum(axis=0) / weight.sum(axis=0)[:, None]
    plain = np.flatnonzero((data.scores.end == 0).all(axis=1))
    assert len(plain) > 5
    drawn = twins["set_point"].transpose("patient", "outcome", "chain", "draw").to_numpy()
    drawn = drawn.reshape(n, 2, -1)[plain]
    error = drawn.std(axis=-1) / np.sqrt(drawn.shape[-1])
    off = (drawn.mean(axis=-1) - mean[plain]) / error
    assert np.abs(off).max() < 4.5
    assert np.sqrt((off**2).mean()) < 1.4


def test_a_missing_covariate_is_drawn_with_the_person() -> None:
    cohort, truth = synthetic_cohort(SyntheticSettings(people=30, clusters=0), seed=13)
    gone = cohort.patients.index[:3]
    patients = cohort.patients.copy()
    patients.loc[gone, "depression"] = np.nan
    _, data, twins = updated(replace(cohort, patients=patients), truth, draws=20)
    assert data.gaps.n == 3
    assert list(twins["gap_patient"].values) == list(gone)
    assert set(twins["gap_covariate"].values) == {"depression"}
    assert (twins["missing_covariate"].std(("chain", "draw")) > 0.3).all()


def test_one_seed_draws_one_set_of_people() -> None:
    cohort, truth = synthetic_cohort(SyntheticSettings(people=12, clusters=0), seed=14)
    first, again = (updated(cohort, truth, draws=3)[2] for _ in range(2))
    assert first.identical(again)


def test_the_population_is_learnt_from_people_like_all_of_them() -> None:
    cohort, _ = synthetic_cohort(SyntheticSettings(people=1200, clusters=12), seed=15)
    data = records(cohort, MODEL.time_grid, MODEL.partial_loss)
    rows = representative_rows(data, 300, seed=1)
    assert len(np.unique(rows)) == 300
    part = subset(cohort, data, rows, MODEL)
    assert np.bincount(part.arm).tolist() == [150, 150]
    assert np.bincount(part.cluster).min() >= 20
    assert data.work is not None
    assert part.work is not None
    share = len(data.work.worker) / cohort.n
    assert len(part.work.worker) == pytest.approx(300 * share, abs=15)
    everyone, chosen = data.scores.severity[:, 0], part.scores.severity[:, 0]
    assert chosen.mean() == pytest.approx(everyone.mean(), abs=everyone.std() / 60)
    np.testing.assert_array_equal(part.covariate, data.covariate[rows])
    np.testing.assert_array_equal(part.scores.week[0, :3], data.scores.week[rows[0], :3])
    assert list(representative_rows(data, 300, seed=1)) == list(rows)
