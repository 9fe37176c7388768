"""Simulation-based calibration: its arithmetic, a short run of it, and faults that it must find."""

import json
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from scipy.stats import binom, kstest, norm

from twin.cohort.synthetic import synthetic_spec
from twin.fit.reuse import ReusableModel
from twin.fit.settings import SamplerSettings
from twin.law.work import TRANSITIONS
from twin.validate.sbc import __main__ as command
from twin.validate.sbc.design import PEOPLE, RANKED, design, method_hash, slots
from twin.validate.sbc.faults import FAULTS, transposed_transition
from twin.validate.sbc.quantities import (
    LOG_LIKELIHOOD,
    posterior_quantities,
    true_quantities,
    true_state,
)
from twin.validate.sbc.replicate import Outcome, compiled_model, generate, run_replicate
from twin.validate.sbc.table import table
from twin.validate.sbc.uniformity import ERROR_RATE, Envelope, holm
from twin.validate.sbc.verdict import MISFITS, judge

REPLICATES = 200
RNG = np.random.default_rng


@pytest.fixture(scope="module")
def full() -> Envelope:
    return Envelope(REPLICATES, RANKED)


def outcome(seed: int, ranks: dict[str, int], *, converged: bool = True) -> Outcome:
    return Outcome(
        seed=seed,
        people=PEOPLE,
        fault="none",
        method="",
        versions={},
        ranks=ranks,
        converged=converged,
        rhat=("persistence", 1.01 if converged else 1.3),
        ess=("persistence", 300.0),
        divergences=0,
        put_aside=0,
        at_end=8,
        seconds=5.0,
    )


def test_the_statistic_is_the_least_binomial_tail_of_the_ranks() -> None:
    envelope = Envelope(replicates=7, ranked=4)
    ranks = np.array([0, 0, 4, 1, 0, 2, 0])
    least = min(
        min(binom.cdf(below, 7, share), binom.sf(below - 1, 7, share))
        for rank in range(4)
        for below, share in [((ranks <= rank).sum(), (rank + 1) / 5)]
    )
    assert float(envelope.statistic(ranks)) == pytest.approx(-np.log(least))


def test_p_values_of_uniform_ranks_are_uniform(full: Envelope) -> None:
    ranks = RNG(3).integers(0, RANKED, (2_000, REPLICATES), endpoint=True)
    assert kstest(full.p_value(full.statistic(ranks)), "uniform").pvalue > 0.001


@pytest.mark.parametrize("misfit", MISFITS, ids=lambda misfit: misfit.name)
def test_the_stated_power_is_reached_and_is_what_independent_studies_find(
    full: Envelope, misfit: object
) -> None:
    _, shift, ratio = misfit
    quantities = 100
    stated = full.power(shift, ratio, quantities)
    assert stated >= 0.8
    # the truth is standard normal, and draws come from a normal that is off: ranks by counting
    rng, found = RNG(4), []
    for _ in range(300):
        truth = rng.normal(size=(REPLICATES, 1))
        draws = rng.normal(shift, ratio, (REPLICATES, RANKED))
        p = full.p_value(full.statistic((draws < truth).sum(axis=1)))
        found.append(bool(p <= ERROR_RATE / quantities))
    assert np.mean(found) == pytest.approx(
        stated, abs=4 * np.sqrt(stated * (1 - stated) / 300) + 0.01
    )


def test_holm_multiplies_by_the_number_that_are_left() -> None:
    adjusted = holm({"a": 0.04, "b": 0.01, "c": 0.03})
    assert list(adjusted) == ["b", "c", "a"]
    assert adjusted == pytest.approx({"b": 0.03, "c": 0.06, "a": 0.06})


def test_the_verdict_is_red_for_one_shifted_quantity_and_names_it() -> None:
    rng = RNG(5)
    z = rng.normal(size=(REPLICATES, 60))
    z[:, 7] += 0.6
    ranks = rng.binomial(RANKED, norm.cdf(z))
    outcomes = [
        outcome(seed, {f"q{i}": int(rank) for i, rank in enumerate(row)})
        for seed, row in enumerate(ranks)
    ]
    verdict = judge(outcomes)
    assert verdict.found == ("q7",)
    assert not verdict.passed
    assert min(verdict.power.values()) >= 0.8
    shown = table(verdict, outcomes)
    assert "NOT UNIFORM" in shown
    assert "FAILED" in shown

    rest = [o.model_copy(update={"ranks": {"q0": o.ranks["q0"]}}) for o in outcomes]
    assert judge(rest).passed


def test_replicates_that_do_not_converge_are_named_and_too_many_are_red() -> None:
    ranks = RNG(6).integers(0, RANKED, REPLICATES, endpoint=True)

    def study(failing: int) -> list[Outcome]:
        return [
            outcome(seed, {"q": int(rank)}, converged=seed >= failing)
            for seed, rank in enumerate(ranks)
        ]

    few, many = study(10), study(11)
    assert judge(few).passed
    assert judge(few).failed == tuple(range(10))
    assert not judge(many).passed
    assert "seed 10: R-hat 1.300 (persistence)" in table(judge(many), many)
    with pytest.raises(ValueError, match="none of 200 replicates converged"):
        judge(study(REPLICATES))


def test_a_replicate_whose_sampling_broke_off_comes_back_from_its_file_as_a_failure() -> None:
    class Broken:
        def sample(self, *_: object) -> None:
            raise RuntimeError("all initialization points failed")

    broken = run_replicate(Broken(), 1, PEOPLE, SHORT)
    assert not broken.converged
    assert Outcome.model_validate_json(broken.model_dump_json()) == broken


def test_a_truth_in_the_samplers_coordinates_is_ranked_among_copies_of_itself() -> None:
    made, spec = generate(3, PEOPLE), synthetic_spec(design())
    data, truth = made.records, made.truth
    at, eps = true_state(spec, data, truth)
    assert data.work is not None
    ends = np.nonzero(data.scores.end)
    depth = np.abs(at.latent - data.scores.severity)[ends]
    assert (depth > 0).all()
    names = [name for name in truth if not {"patient", "visit"} & set(truth[name].dims)]
    still = {name: truth[name] for name in names} | {
        "z": xr.DataArray(at.z, dims="z_dim"),
        "eps": xr.DataArray(eps[data.work.worker], dims=("worker", "effect")),
        "beyond_end": xr.DataArray(depth, dims="slot"),
    }
    posterior = xr.Dataset(still).expand_dims(chain=[0], draw=[0])
    found = posterior_quantities(made.cohort, spec, data, posterior, seed=1)
    wanted = true_quantities(spec, data, truth)
    assert found.keys() == wanted.keys()
    for name, value in wanted.items():
        if name.startswith("mean_") and not name.startswith("mean_log_rate"):
            continue  # effects of people without work are drawn anew
        assert float(found[name][0, 0]) == pytest.approx(value, abs=1e-8), name
    assert np.isfinite(wanted[LOG_LIKELIHOOD])


def test_a_fault_changes_what_is_generated_and_not_the_truth_that_is_ranked() -> None:
    sound, faulty = generate(1, PEOPLE), generate(1, PEOPLE, FAULTS["misscaled_error"])
    assert sound.truth["spread"].equals(faulty.truth["spread"])
    assert not sound.cohort.visits["pain"].equals(faulty.cohort.visits["pain"])
    intensity = {move: float(i) for i, move in enumerate(TRANSITIONS)}
    moved = transposed_transition({"log_intensity": np.array(list(intensity.values()))})
    for (a, b), value in zip(TRANSITIONS, moved["log_intensity"], strict=True):
        assert value == intensity[b, a]


def test_a_cohort_that_has_more_ends_than_slots_is_put_aside(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("twin.validate.sbc.design.SLOTS", 6)
    made = [generate(seed, PEOPLE) for seed in range(1, 7)]
    assert all(np.count_nonzero(one.records.scores.end) <= slots(PEOPLE) == 6 for one in made)
    assert sum(one.put_aside for one in made) > 0


def test_a_stored_study_is_judged_without_sampling(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ranks = RNG(8).integers(0, RANKED, 3, endpoint=True)
    for seed, rank in enumerate(ranks, start=1):
        done = outcome(seed, {"q": int(rank)}).model_copy(
            update={"method": method_hash(PEOPLE, command.SAMPLER)}
        )
        place = tmp_path / f"seed-{seed:03}-people-{PEOPLE}-fault-none.json"
        place.write_text(done.model_dump_json(), "utf-8")
    assert command.main(["--replicates", "3", "--folder", str(tmp_path)]) == 0
    assert "3 of 3 replicates are stored" in capsys.readouterr().out
    stored = json.loads((tmp_path / "sbc.json").read_text("utf-8"))
    assert stored["command"].startswith("python -m twin.validate.sbc --replicates 3")
    assert stored["seeds"] == [1, 2, 3]
    assert stored["passed"]
    assert stored["power"].keys() == {misfit.name for misfit in MISFITS}


SHORT = SamplerSettings(chains=2, tune=300, draws=400, cores=2, progress_bar=False)
FEW = 12
COARSE_SHIFT = 1.5
"""Posterior SDs: what so few replicates find in one quantity of all with a probability of 0.8."""


@pytest.fixture(scope="module")
def model() -> ReusableModel:
    return compiled_model(PEOPLE)


@pytest.mark.slow
def test_ranks_are_uniform_in_a_short_study(model: ReusableModel) -> None:
    outcomes = [run_replicate(model, seed, PEOPLE, SHORT) for seed in range(1, FEW + 1)]
    verdict = judge(outcomes)
    kept = Envelope(FEW - len(verdict.failed), RANKED)
    assert kept.power(COARSE_SHIFT, 1.0, len(verdict.p_values)) >= 0.8
    assert not verdict.found, table(verdict, outcomes)
    again = run_replicate(model, 1, PEOPLE, SHORT)
    assert again.ranks == outcomes[0].ranks


@pytest.mark.slow
@pytest.mark.parametrize("fault", [name for name in FAULTS if name != "none"])
def test_a_planted_fault_turns_it_red(model: ReusableModel, fault: str) -> None:
    seeds = range(1, FEW + 1)
    outcomes = [run_replicate(model, seed, PEOPLE, SHORT, FAULTS[fault]) for seed in seeds]
    verdict = judge(outcomes)
    assert verdict.found, table(verdict, outcomes)


@pytest.mark.slow
def test_a_compiled_model_refuses_a_cohort_of_another_size(model: ReusableModel) -> None:
    other = generate(1, PEOPLE + 2).records
    with pytest.raises(ValueError, match=r"compiled for .* \(40, 25, .* cannot take \(42, 26"):
        model.sample(other, SHORT, seed=1)
