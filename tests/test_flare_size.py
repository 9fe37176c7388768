"""Flares of another size: held to closed forms, and to nothing where nothing is in force."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import xarray as xr
from scenario_kit import followed, intervention, ready, scenario, sure
from scipy.stats import norm

from scenarios import load_scenario
from twin.cohort import Cohort
from twin.law.expected import expected_severity
from twin.law.measurement import Scale, record
from twin.simulate.flare_size import LARGEST, SMALLEST, resize_expected, resized
from twin.simulate.follow import follow
from twin.simulate.known import Seen
from twin.simulate.noise import Noise
from twin.simulate.person import _AtStart, simulate_person
from twin.simulate.prepared import Prepared

type Trial = tuple[Cohort, xr.DataTree]

HALF = math.log(0.5)


def on_flares(log_ratio: float, target: str = "flare_size", **changes: Any) -> dict[str, Any]:
    """Return an intervention that does nothing but change the size of flares."""
    distribution = {"family": "normal", "mean": log_ratio, "sd": 1e-300}
    belief = sure("normal", 0.0) | {"distribution": distribution}
    effect = {"target": target, "unit": "log_sd_ratio", **belief}
    care = intervention(effects=[effect], **changes)
    del care["response_time"]
    return care


def test_the_factor_is_the_ratio_to_the_power_of_the_dose_of_the_week_that_ends(
    trial: Trial,
) -> None:
    schedule = {"start_week": 3, "duration_weeks": 10, "ramp_weeks": 4}
    prepared = ready(trial, scenario(on_flares(HALF, schedule=schedule)))
    middle = np.arange(41.0) - 0.5
    dose = np.clip((middle - 3) / 4, 0, 1)
    after = middle >= 13
    dose[after] = 0.5 + 0.5 * 2 ** (-(middle[after] - 13) / 12)  # the lasting share, and waning
    for one in followed(prepared):
        assert one.flare_size is not None
        wanted = np.broadcast_to(0.5**dose, (400, 41))
        for k in range(2):
            np.testing.assert_allclose(one.flare_size[:, :, k], wanted, rtol=2e-4)


def test_flares_vary_by_the_square_of_the_ratio_and_errors_as_before(trial: Trial) -> None:
    prepared = ready(trial, scenario(on_flares(HALF)))
    noise, drawn = prepared.noise, []
    for person in range(16):
        one = follow(prepared.setting, prepared.plans[1], _AtStart(prepared, person).person)
        drawn.append(_AtStart(prepared, person).residuals_with(one.flare_size)[:, 40])
    standardised = np.concatenate(
        [own / np.sqrt((0.5 * noise.flare_sd) ** 2 + noise.error_sd**2) for own in drawn]
    )
    n = len(standardised)
    np.testing.assert_allclose(standardised.var(axis=0), 1, atol=5 * math.sqrt(2 / n))
    unchanged = (noise.flare_sd**2 + noise.error_sd**2) / (
        (0.5 * noise.flare_sd) ** 2 + noise.error_sd**2
    )
    assert (unchanged > 1 + 10 * math.sqrt(2 / n)).all()  # or the test could not fail


@pytest.mark.parametrize("ratio", [0.3, 2.0])
def test_expected_scores_are_the_mean_of_what_is_recorded_at_that_spread(
    trial: Trial, ratio: float
) -> None:
    prepared = ready(trial, scenario(on_flares(math.log(ratio))))
    noise, weeks = prepared.noise, (1, 13, 40)
    moved = 0.0
    for person in range(16):
        found, one = simulate_person(prepared, person), followed(prepared)[person]
        for k, scale in enumerate(prepared.design.instruments.values()):
            spread = np.sqrt((ratio * noise.flare_sd[:, k]) ** 2 + noise.error_sd[:, k] ** 2)
            measured = Scale.of(scale)
            for week in weeks:
                level = one.levels[:5, week, k]
                # by quadrature over the continuous severity, not by the law's sum over steps
                z = np.linspace(-8, 8, 40_001)
                shown = record(measured, level[:, None] + spread[:5, None] * z)
                wanted = scale.from_severity(shown @ norm.pdf(z) * (z[1] - z[0]))
                width = abs(float(scale.from_severity(1.0) - scale.from_severity(0.0)))
                np.testing.assert_allclose(
                    found.expected[1, :5, week, k], wanted, atol=3e-4 * width, rtol=0
                )
                apart = found.expected[1, :5, week, k] - found.expected[0, :5, week, k]
                moved = max(moved, float(np.abs(apart).max()) / width)
    assert moved > 30 * 3e-4  # near the end of a scale flares show in the mean


def test_a_ratio_of_one_changes_no_bit(trial: Trial) -> None:
    prepared = ready(trial, scenario(on_flares(1e-300)))
    for person in range(16):
        found = simulate_person(prepared, person)
        assert followed(prepared)[person].flare_size is not None  # it went all the way
        np.testing.assert_array_equal(found.expected[1], found.expected[0])
        np.testing.assert_array_equal(found.recorded[1], found.recorded[0])
        np.testing.assert_array_equal(found.work[1], found.work[0])


def test_nothing_changes_before_its_start_nor_in_whoever_goes_without(trial: Trial) -> None:
    care = on_flares(HALF, schedule={"start_week": 9, "duration_weeks": 5}, eligible_if="female")
    prepared = ready(trial, scenario(care))
    women = trial[0].patients["female"].to_numpy() == 1
    assert 0 < women.sum() < 16
    for person in range(16):
        found = simulate_person(prepared, person)
        until = np.s_[:, :10] if women[person] else np.s_[:]
        np.testing.assert_array_equal(found.recorded[1][until], found.recorded[0][until])
        np.testing.assert_array_equal(found.expected[1][until], found.expected[0][until])
        differs = (found.recorded[1, :, 10:] != found.recorded[0, :, 10:]).any()
        assert differs == women[person]
        np.testing.assert_array_equal(found.work[1], found.work[0])  # levels move work, not flares


def test_flares_of_one_outcome_leave_the_other_alone(trial: Trial) -> None:
    prepared = ready(trial, scenario(on_flares(HALF, "pain_flare_size")))
    for person in range(16):
        found = simulate_person(prepared, person)
        np.testing.assert_array_equal(found.recorded[1, ..., 1], found.recorded[0, ..., 1])
        np.testing.assert_array_equal(found.expected[1, ..., 1], found.expected[0, ..., 1])
        assert (found.recorded[1, :, 1:, 0] != found.recorded[0, :, 1:, 0]).any()


def test_a_rule_sees_flares_of_the_size_that_they_have(trial: Trial) -> None:
    rule = {
        "name": "worse",
        "weeks": [6],
        "ask": "rmdq > rmdq_baseline",
        "then": {"stop": ["care"]},
    }
    prepared = ready(trial, scenario(on_flares(math.log(3.0)), rules=[rule]))
    seen: list[Seen] = []
    person = _AtStart(prepared, 3)
    original = person.person.see

    def watch(*asked: Any) -> Seen:
        seen.append(original(*asked))
        return seen[-1]

    follow(prepared.setting, prepared.plans[1], replace(person.person, see=watch))
    found = simulate_person(prepared, 3).recorded[:, :, 6]
    np.testing.assert_allclose(seen[0].severity * [10, 24], found[1], atol=1e-5)
    assert (found[1] != found[0]).any()


def test_the_table_of_spreads_is_as_fine_as_it_says() -> None:
    rng, n = np.random.default_rng(4), 500
    scales = [Scale(0.1), Scale(1 / 24), Scale(0.0)]
    error = rng.uniform(0.04, 0.1, size=(n, 3))
    flare, factor = rng.uniform(0.04, 0.15, size=(n, 3)), rng.uniform(0.2, 4, size=(n, 1, 3))
    level = rng.uniform(-0.3, 1.2, size=(n, 1, 3))
    corr = np.tile(np.eye(3), (n, 1, 1))
    noise = Noise(flare, error, corr, corr, np.ones(n))
    found = np.zeros(level.shape, dtype=np.float32)
    resize_expected(level, factor, noise, scales, np.ones(3), found)
    for k, scale in enumerate(scales):
        spreads = (factor[:, 0, k] * flare[:, k], flare[:, k])
        after, before = (
            expected_severity(level[:, 0, k], one**2 + error[:, k] ** 2, scale) for one in spreads
        )
        np.testing.assert_allclose(found[:, 0, k], after - before, atol=1.5e-4)
    assert error.min() > SMALLEST
    assert (factor[:, 0] * flare + error).max() < LARGEST


def test_the_line_between_tabulated_spreads_errs_little() -> None:
    spread = SMALLEST * 2 ** (np.arange(2, 8, 1 / 24))[:, None]
    level = np.linspace(-0.5, 1.5, 400)
    ends = [expected_severity(level, one**2, Scale(0.1)) for one in (spread[:-1], spread[1:])]
    middle = expected_severity(level, (spread[:-1] * spread[1:]), Scale(0.1))
    np.testing.assert_allclose((ends[0] + ends[1]) / 2, middle, atol=3e-5)


def test_no_bit_of_a_residual_moves_where_the_factor_is_one() -> None:
    rng = np.random.default_rng(2)
    residual, flare = rng.normal(size=(2, 7, 5, 2))
    np.testing.assert_array_equal(resized(residual, flare, np.ones(flare.shape)), residual)


def test_it_is_said_in_words(trial: Trial) -> None:
    care = on_flares(HALF)
    said = " ".join(str(scenario(care)).split())
    assert "Effect on the size of flares: ratio of SDs 0.50" in said
    assert "above 1 is larger flares [assumed: a test]" in said
    alone = " ".join(str(scenario(on_flares(HALF, "pain_flare_size"))).split())
    assert "Effect on the size of flares of pain" in alone


def test_people_of_another_size_depend_on_nobody(trial: Trial) -> None:
    care = on_flares(HALF, uptake=sure("beta", 0.5))
    alone: Prepared = ready(trial, scenario(care))
    beside = ready(trial, scenario(intervention("other"), name="another"), scenario(care))
    for person in (2, 9):
        one, same = simulate_person(alone, person), simulate_person(beside, person)
        np.testing.assert_array_equal(one.recorded[1], same.recorded[2])
        np.testing.assert_array_equal(one.expected[1], same.expected[2])


def test_an_effect_on_flares_stands_beside_an_arms_own_and_may_differ_between_people(
    trial: Trial,
) -> None:
    by = [{"by": "female", **sure("normal", 1.0)}]
    effect = on_flares(HALF)["effects"][0] | {"modified_by": by}
    (app,) = load_scenario("app").interventions
    told = app.model_dump() | {"name": "calm", "drawn_as": "app", "effects": [effect]}
    prepared = ready(trial, load_scenario("app"), scenario(told))
    women = trial[0].patients["female"].to_numpy() == 1
    for person, (plain, calm) in enumerate(
        zip(followed(prepared, 1), followed(prepared, 2), strict=True)
    ):
        assert calm.flare_size is not None
        np.testing.assert_array_equal(calm.levels, plain.levels)  # the arm's own effect is its own
        dose = prepared.exposures["app"].dose[:, prepared.setting.cells.at_week[1:41] - 1]
        wanted = 0.5 ** (dose * (2 if women[person] else 1))
        np.testing.assert_allclose(calm.flare_size[:, 1:, 0], wanted, rtol=1e-6)
        np.testing.assert_array_equal(calm.flare_size[:, 0], 1)
