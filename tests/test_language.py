"""What a scenario can say, held to closed forms: timing, uptake, adherence, effects."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xarray as xr
from numpy.typing import NDArray
from scenario_kit import (
    RESPONSE_WEEKS,
    SHIFT,
    followed,
    full_shift,
    intervention,
    ready,
    scenario,
    shown,
    sure,
)
from scipy.integrate import quad
from scipy.special import expit, logit
from scipy.stats import norm

from twin.cohort import Cohort
from twin.errors import InputError
from twin.law import course
from twin.law.backends import NUMPY
from twin.law.grid import TimeGrid
from twin.simulate.combine import together
from twin.simulate.delivery import Pace, Spells, dose_over_time
from twin.simulate.person import simulate_person
from twin.simulate.weekly import WeeklyCells

type Floats = NDArray[np.float64]

# Dose: each shape by hand

WEEKS = WeeklyCells.of(TimeGrid((0, 6, 13, 39, 52)))
MIDDLES = WEEKS.grid.middles


def dose(spells: Spells, start: float, stop: float = np.inf, fading: float = np.inf) -> Floats:
    pace = Pace(np.array([0.4]), np.array([10.0]), np.array([fading]))
    return dose_over_time(spells, pace, WEEKS.grid, np.array([start]), np.array([stop]))[0]


def left(weeks: Floats) -> Floats:
    """What is left so many weeks after the end."""
    return 0.4 + 0.6 * 0.5 ** (weeks / 10)


MAIN = Spells((0.0,), (12.0,), 0.0)


@pytest.mark.parametrize(
    ("found", "wanted"),
    [
        (dose(MAIN, 3), lambda m: (m >= 3) * np.where(m < 15, 1.0, left(m - 15))),
        (dose(MAIN, np.inf), lambda m: 0 * m),
        (
            dose(MAIN._replace(ramp_weeks=4.0), 3),
            lambda m: (m >= 3) * np.where(m < 15, np.minimum((m - 3) / 4, 1), left(m - 15)),
        ),
        (dose(MAIN, 3, stop=9), lambda m: (m >= 3) * np.where(m < 9, 1.0, left(m - 9))),
        (dose(MAIN, 9, stop=9), lambda m: 0 * m),
        (
            dose(MAIN, 3, fading=5.0),
            lambda m: (
                (m >= 3)
                * np.where(m < 15, 1.0, left(m - 15))
                * 0.5 ** ((np.minimum(m, 15) - 3) / 5)
            ),
        ),
        (
            dose(Spells((0.0, 20.0), (12.0, 24.0)), 3),
            lambda m: (
                (m >= 3)
                * np.select(
                    [m < 15, m < 23, m < 27], [1.0 + 0 * m, left(m - 15), 1.0 + 0 * m], left(m - 27)
                )
            ),
        ),
        (
            dose(Spells((0.0, 20.0), (12.0, 24.0)), 3, fading=5.0),
            lambda m: (
                (m >= 3)
                * np.select(
                    [m < 15, m < 23, m < 27],
                    [
                        0.5 ** ((m - 3) / 5),
                        left(m - 15) * 0.5 ** (12 / 5),
                        0.5 ** ((m - 23) / 5),
                    ],
                    left(m - 27) * 0.5 ** (4 / 5),
                )
            ),
        ),
    ],
    ids=["plain", "never", "ramp", "stopped", "stopped at once", "fading", "booster", "both"],
)
def test_a_dose_has_the_shape_that_is_stated(found: Floats, wanted: Any) -> None:
    with np.errstate(over="ignore"):
        np.testing.assert_allclose(found, wanted(MIDDLES), rtol=1e-12)


def test_steps_take_up_what_the_closed_form_does() -> None:
    rng = np.random.default_rng(2)
    doses, rate = rng.random((5, WEEKS.grid.n_cells)), rng.uniform(0.1, 1, 5)
    doses[:, :7] = 0
    edges, middles = course.uptake_by_steps(NUMPY, WEEKS.grid, doses, rate)
    times = np.tile(np.concatenate([[0], WEEKS.grid.ends, MIDDLES]), (5, 1))
    closed = course.uptake(NUMPY, WEEKS.grid, doses, rate, times)
    np.testing.assert_allclose(np.concatenate([edges, middles], axis=1), closed, atol=1e-14)
    assert (edges[:, :8] == 0).all()


# Timing, from the file to the level


def taken_up(week: Floats, start: float, ends: float = np.inf) -> Floats:
    """Share of a response at full dose from start to end, lasting share and waning as above."""
    rate = 1 / RESPONSE_WEEKS

    def at(t: float) -> float:
        def pull(u: float) -> float:
            force = 1.0 if u < ends else 0.5 + 0.5 * 0.5 ** ((u - ends) / 12)
            return float(rate * np.exp(-rate * (t - u)) * force)

        inner = [ends] if start < ends < t else None
        return quad(pull, start, t, points=inner)[0] if t > start else 0.0

    return np.array([at(float(t)) for t in week])


@pytest.mark.parametrize(
    ("schedule", "start", "ends"),
    [
        ({"start_week": 0, "duration_weeks": 60}, 0, 60),
        ({"start_week": 7, "duration_weeks": 60}, 7, 67),
        ({"start_week": 7, "duration_weeks": 10}, 7, 17),
        ({"start_week": 7, "duration_weeks": 30, "stop_week": 20}, 7, 20),
    ],
)
def test_a_level_follows_its_schedule(
    trial: tuple[Cohort, xr.DataTree], schedule: dict[str, Any], start: float, ends: float
) -> None:
    prepared = ready(trial, scenario(intervention(schedule=schedule)))
    wanted = taken_up(np.arange(41.0), start, ends)
    found = shown(prepared) / full_shift(prepared)[:, None]
    # waning is read in the middle of each week
    np.testing.assert_allclose(found, np.broadcast_to(wanted, found.shape), atol=1e-3)


def test_a_published_difference_does_not_depend_on_when_people_begin(
    trial: tuple[Cohort, xr.DataTree],
) -> None:
    late = intervention(schedule={"start_week": 12, "duration_weeks": 60})
    at_once, later = ready(trial, scenario(intervention())), ready(trial, scenario(late))
    np.testing.assert_array_equal(full_shift(at_once), full_shift(later))


def test_each_person_waits_as_the_distribution_says(trial: tuple[Cohort, xr.DataTree]) -> None:
    wait = sure("log_normal", 6.0)
    wait["distribution"]["log_sd"] = 0.5
    schedule = {"start_week": 1, "wait_weeks": wait, "duration_weeks": 60}
    prepared = ready(trial, scenario(intervention(schedule=schedule)))
    start = np.stack([one.courses["care"].start for one in followed(prepared)])
    assert (start == np.ceil(start)).all()
    waited = norm.cdf(np.log(np.arange(1, 20) / 6.0) / 0.5)  # begun by week 1 + so many
    found = [(start <= 1 + weeks).mean() for weeks in range(1, 20)]
    np.testing.assert_allclose(found, waited, atol=4 * 0.5 / np.sqrt(start.size))
    # and everyone's level follows the own start
    person, sample = 3, 17
    own = shown(prepared)[person, sample] / full_shift(prepared)[sample]
    np.testing.assert_allclose(own, taken_up(np.arange(41.0), start[person, sample]), atol=1e-9)


# Uptake and adherence


def test_uptake_depends_on_people_as_its_odds_say(trial: tuple[Cohort, xr.DataTree]) -> None:
    by = [{"by": "female", **sure("normal", 1.2)}]
    prepared = ready(trial, scenario(intervention(uptake=sure("beta", 0.4), uptake_by=by)))
    begun = np.stack([np.isfinite(one.courses["care"].start) for one in followed(prepared)])
    female = trial[0].patients["female"].to_numpy() == 1
    for group, odds in ((~female, 0.0), (female, 1.2)):
        wanted = expit(logit(0.4) + odds)
        assert begun[group].mean() == pytest.approx(
            wanted, abs=4 * 0.5 / np.sqrt(begun[group].size)
        )


def test_where_fewer_take_it_up_than_in_the_studies_less_comes_of_it(
    trial: tuple[Cohort, xr.DataTree],
) -> None:
    as_studied = intervention(uptake=sure("beta", 0.8))
    fewer = intervention(uptake=sure("beta", 0.2), studied={"uptake": sure("beta", 0.8)})
    gained = [shown(ready(trial, scenario(one)))[:, :, 13].mean() for one in (as_studied, fewer)]
    assert gained[1] / gained[0] == pytest.approx(0.25, abs=0.03)


def test_adherence_differs_between_people_and_keeps_the_published_mean(
    trial: tuple[Cohort, xr.DataTree],
) -> None:
    level, spread = 0.6, sure("half_normal", 1.0)
    care = intervention(adherence_level=sure("beta", level), adherence_spread=spread)
    prepared = ready(trial, scenario(care))
    spreads = prepared.exposures["care"].adherence_spread
    shares = shown(prepared)[:, :, 13] / (full_shift(prepared) * taken_up(np.array([13.0]), 0))
    z = (logit(shares) - logit(level)) / spreads
    assert np.mean(z) == pytest.approx(0, abs=4 / np.sqrt(z.size))
    assert np.std(z) == pytest.approx(1, abs=4 / np.sqrt(2 * z.size))
    mean = [
        quad(lambda x, s=s: expit(logit(level) + s * x) * norm.pdf(x), -8, 8)[0]
        for s in spreads[:20]
    ]
    plain = full_shift(ready(trial, scenario(intervention())))
    # near the floor a larger shift is shown less: what is held here is what the dose makes of it
    behind = full_shift(prepared)[:20] * mean
    np.testing.assert_allclose(behind, plain[:20], rtol=2e-4)


def test_half_the_intensity_has_half_the_effect(trial: tuple[Cohort, xr.DataTree]) -> None:
    whole, half = (
        ready(trial, scenario(intervention())),
        ready(trial, scenario(intervention(dose=0.5))),
    )
    np.testing.assert_allclose(shown(half), 0.5 * shown(whole), rtol=1e-9, atol=1e-12)


# Eligibility


def test_only_the_eligible_are_offered_it_and_the_others_change_in_nothing(
    trial: tuple[Cohort, xr.DataTree],
) -> None:
    prepared = ready(trial, scenario(intervention(eligible_if="age >= 45 and disability >= 40")))
    first = trial[0].visits.query("week == 0").set_index("patient")["disability"]
    patients = trial[0].patients
    wanted = ((patients["age"] >= 45) & (first[patients.index] / 24 >= 0.4)).to_numpy()
    assert 0 < wanted.sum() < len(wanted)
    for person in range(len(wanted)):
        found = simulate_person(prepared, person)
        assert np.isfinite(found.care.weeks[0, 0]).all() == wanted[person]
        if not wanted[person]:
            np.testing.assert_array_equal(found.recorded[1], found.recorded[0])
            np.testing.assert_array_equal(found.work[1], found.work[0])


def test_a_published_difference_is_that_of_the_eligible(trial: tuple[Cohort, xr.DataTree]) -> None:
    prepared = ready(trial, scenario(intervention(eligible_if="rmdq >= 12")))
    found = [simulate_person(prepared, person) for person in range(16)]
    eligible = [one for one in found if np.isfinite(one.care.weeks[0, 0]).all()]
    assert 0 < len(eligible) < 16
    gained = np.mean([(one.expected[1] - one.expected[0])[:, 13, 1] for one in eligible])
    assert gained / 24 == pytest.approx(SHIFT, abs=0.002)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"eligible_if": "agee > 3"}, "care.eligible_if = 'agee' is not known of these people"),
        ({"eligible_if": "odi > 3"}, "Known: pain, pain_nrs, disability, rmdq, work,"),
        ({"eligible_if": "work == 'sicklisted'"}, "Did you mean 'sick_listed'?"),
        ({"eligible_if": "rmdq_baseline > 3"}, "is not known of these people"),
        (
            {
                "uptake": sure("beta", 0.5),
                "uptake_by": [{"by": "deprivation", **sure("normal", 1)}],
            },
            "care.uptake_by = 'deprivation' is not known",
        ),
        (
            {"capacity": {"places_per_week": 1, "priority": "pian"}},
            "care.capacity.priority = 'pian' is not known",
        ),
    ],
)
def test_what_a_cohort_does_not_know_is_refused(
    trial: tuple[Cohort, xr.DataTree], changes: dict[str, Any], says: str
) -> None:
    with pytest.raises(InputError) as refused:
        ready(trial, scenario(intervention(**changes)))
    assert says in str(refused.value)


# Effects


def test_an_effect_is_larger_in_those_who_gain_more(trial: tuple[Cohort, xr.DataTree]) -> None:
    effect = intervention()["effects"][0] | {
        "modified_by": [{"by": "female", **sure("normal", 0.5)}]
    }
    plain = shown(ready(trial, scenario(intervention())))
    found = shown(ready(trial, scenario(intervention(effects=[effect]))))
    factor = np.where(trial[0].patients["female"] == 1, 1.5, 1.0)[:, None, None]
    np.testing.assert_allclose(found, factor * plain, rtol=1e-6, atol=1e-12)


def test_a_faster_recovery_is_a_clock_that_runs_faster(trial: tuple[Cohort, xr.DataTree]) -> None:
    rate = {"target": "recovery_rate", "unit": "log_rate_ratio", **sure("normal", np.log(2.0))}
    care = intervention(effects=[rate], schedule={"start_week": 10, "duration_weeks": 8})
    del care["response_time"]
    care["lasting_share"] = sure("beta", 1e-12)
    care["waning_half_life"] = sure("log_normal", 1e-6)
    prepared = ready(trial, scenario(care))
    weeks = np.arange(41.0)
    passed = weeks + np.clip(weeks - 10, 0, 8)  # twice as fast for eight weeks
    for person, one in enumerate(followed(prepared)):
        own = {name: values[person] for name, values in prepared.twins.items()}
        left = np.exp(-np.exp(own["log_rate"])[:, None, :] * passed[None, :, None])
        wanted = own["set_point"][:, None] + (own["start"] - own["set_point"])[:, None] * left
        np.testing.assert_allclose(one.levels, wanted, atol=1e-6)


def test_leaving_work_for_good_can_be_made_rarer(trial: tuple[Cohort, xr.DataTree]) -> None:
    never = {"target": "exit", "unit": "log_hazard_ratio", **sure("normal", -60.0)}
    cohort, fit = trial
    posterior = fit["posterior"].to_dataset()
    often = posterior.assign(log_exit_intensity=0 * posterior["log_exit_intensity"] - 2.0)
    tree = xr.DataTree.from_dict({"posterior": often, "twins": fit["twins"].to_dataset()})
    tree.attrs = fit.attrs
    care = intervention(effects=[never])
    del care["response_time"]
    prepared = ready((cohort, tree), scenario(care))
    states = np.stack([simulate_person(prepared, person).work for person in range(16)])
    assert (states[:, 0] == 3).any()
    assert not (states[:, 1] == 3).any()


# Combination

PARTS = {"a": np.array([[[-0.1], [-0.2]]]), "b": np.array([[[-0.3], [0.1]]])}


@pytest.mark.parametrize(
    ("rule", "shares", "wanted"),
    [
        ({}, [], [-0.4, -0.1]),
        ({"rule": "largest"}, [], [-0.3, -0.2]),
        ({"at_most": 0.25}, [], [-0.25, -0.1]),
        ({"interactions": [{"between": ["a", "b"], **sure("normal", -1)}]}, [-1.0], [-0.3, -0.1]),
        ({"interactions": [{"between": ["a", "b"], **sure("normal", 1)}]}, [0.5], [-0.45, -0.1]),
    ],
    ids=["add", "largest", "cap", "all of the smaller lost", "some gained"],
)
def test_effects_combine_as_stated(rule: Any, shares: list[float], wanted: list[float]) -> None:
    stated = scenario(intervention("a"), intervention("b"), combine=rule).combine
    found = together(stated, PARTS, [np.array([share]) for share in shares])
    np.testing.assert_allclose(np.asarray(found)[0, :, 0], wanted)


def test_interventions_add_up_unless_stated_otherwise(trial: tuple[Cohort, xr.DataTree]) -> None:
    first, second = (
        intervention("a"),
        intervention("b", schedule={"start_week": 5, "duration_weeks": 9}),
    )
    alone = [ready(trial, scenario(one)) for one in (first, second)]
    both = ready(trial, scenario(first, second))
    np.testing.assert_allclose(shown(both), sum(map(shown, alone)), atol=1e-12)
