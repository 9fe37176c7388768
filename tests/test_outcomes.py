"""Outcomes are what a plain loop over people and draws finds, and errors are told with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from twin.errors import InputError
from twin.instruments import instrument
from twin.law.work import WORK_STATES
from twin.outcomes.label import joint_label
from twin.outcomes.monte_carlo import estimate
from twin.outcomes.order_statistics import Grid, order_statistics
from twin.outcomes.outcomes import Outcomes
from twin.outcomes.settings import OutcomeSettings
from twin.outcomes.summarise import summarise
from twin.outcomes.table import CONTRAST_COLUMNS, SUMMARY_COLUMNS, contrasts, scenario_summary
from twin.simulate.chunk import Chunk
from twin.simulate.design import Design

SETTINGS = OutcomeSettings(
    level=0.8,
    important_change={"efficacy": 6},
    harm_change={"pain": 0.5},
    report_weeks=(2, 4, 52),
)
HORIZON = 6
N_CHAINS, N_DRAWS = 2, 30
LABELS = {"app": "borrowed", "leaflet": "assumed"}


def tiny_design(scenarios: tuple[str, ...] = ("leaflet", "usual_care", "app")) -> Design:
    """Seven people, an outcome on which more is worse, one on which less is, five workers."""
    return Design(
        scenarios=scenarios,
        comparator="usual_care",
        patients=tuple(f"p{number}" for number in range(7)),
        weeks=np.arange(HORIZON + 1),
        outcomes=("pain", "efficacy"),
        instruments={"pain": instrument("pain_nrs"), "efficacy": instrument("pseq")},
        n_chains=N_CHAINS,
        n_draws=N_DRAWS,
        has_work=True,
        worker=np.array([True, True, False, True, True, False, True]),
    )


def tiny_chunk(design: Design, seed: int = 0) -> Chunk:
    """Random scores and states of everyone; baseline shared, some people without room at it."""
    rng = np.random.default_rng(seed)
    shape = (
        len(design.scenarios),
        N_CHAINS * N_DRAWS,
        len(design.patients),
        HORIZON + 1,
    )
    top = np.array([10, 60])
    recorded = rng.integers(0, top + 1, (*shape, 2)).astype(np.float32)
    recorded[:, :, :, 0] = recorded[:1, :1, :, 0]
    recorded[:, :, 0, 0] = [0, 60]  # at the best ends
    recorded[:, :, 1, 0] = [1, 58]  # no room for an important change
    recorded[:, :, 2, 0] = [2, 54]  # just room
    recorded[:, :, 3, 0] = rng.integers(0, top + 1, (1, shape[1], 2))  # never recorded
    work = rng.integers(0, len(WORK_STATES), shape).astype(np.int8)
    work[:, :, :, 0] = work[:1, :, :, 0]
    work[:, :3, :, 0] = 0  # in these draws nobody is away
    work[:, :, ~design.worker] = -1
    expected = (recorded + rng.uniform(-0.4, 0.4, recorded.shape)).astype(np.float32)
    return Chunk(first=0, expected=expected, recorded=recorded, work=work)


def cut(chunk: Chunk, edges: Sequence[int]) -> list[Chunk]:
    """The same people in several chunks."""
    return [
        Chunk(
            first=start,
            expected=chunk.expected[:, :, start:end],
            recorded=chunk.recorded[:, :, start:end],
            work=chunk.work[:, :, start:end],
        )
        for start, end in pairwise(edges)
    ]


@pytest.fixture(scope="module")
def design() -> Design:
    return tiny_design()


@pytest.fixture(scope="module")
def chunk(design: Design) -> Chunk:
    return tiny_chunk(design)


@pytest.fixture(scope="module")
def outcomes(design: Design, chunk: Chunk) -> Outcomes:
    return summarise(design, [chunk], SETTINGS)


def by_sample(array: xr.DataArray, *dims: str) -> np.ndarray:
    """Values with chain and draw as one first axis."""
    values = array.transpose("chain", "draw", *dims).to_numpy()
    return values.reshape(-1, *values.shape[2:])


def naive_improved(outcome: int, baseline: float, score: float) -> dict[str, bool]:
    if outcome == 0:
        return {
            "important": baseline - score >= 2,
            "relative": baseline > 0 and score <= 0.7 * baseline + 1e-9,
        }
    return {
        "important": score - baseline >= 6,
        "relative": baseline < 60 and 60 - score <= 0.7 * (60 - baseline) + 1e-9,
    }


def test_scores_of_a_cohort_are_those_of_a_plain_loop(
    design: Design, chunk: Chunk, outcomes: Outcomes
) -> None:
    axes = ("scenario", "week", "outcome")
    expected, observed, change = (
        by_sample(outcomes.cohort[name], *axes)
        for name in ("expected_score", "observed_score", "observed_change")
    )
    improved = by_sample(outcomes.cohort["improved"], *axes, "criterion")
    n = len(design.patients)
    for s, sample, week, k in np.ndindex(3, N_CHAINS * N_DRAWS, HORIZON + 1, 2):
        scores = [float(chunk.recorded[s, sample, i, week, k]) for i in range(n)]
        before = [float(chunk.recorded[s, sample, i, 0, k]) for i in range(n)]
        mean = sum(float(chunk.expected[s, sample, i, week, k]) for i in range(n)) / n
        assert expected[sample, s, week, k] == pytest.approx(mean, abs=1e-7)
        assert observed[sample, s, week, k] == pytest.approx(sum(scores) / n, abs=1e-12)
        assert change[sample, s, week, k] == pytest.approx(
            sum(scores) / n - sum(before) / n, abs=1e-12
        )
        better = [naive_improved(k, b, a) for b, a in zip(before, scores, strict=True)]
        for position, name in enumerate(("important", "relative")):
            share = sum(person[name] for person in better) / n
            assert improved[sample, s, week, k, position] == pytest.approx(share, abs=1e-12)


def test_work_of_a_cohort_is_that_of_a_plain_loop(
    design: Design, chunk: Chunk, outcomes: Outcomes
) -> None:
    workers = [i for i, works in enumerate(design.worker) if works]
    share = by_sample(outcomes.cohort["work_share"], "scenario", "week", "work_status")
    weeks = by_sample(outcomes.cohort["weeks_in_state"], "scenario", "work_status")
    lost = by_sample(outcomes.cohort["days_lost"], "scenario")
    wait = by_sample(outcomes.cohort["return_time"], "scenario")
    nobody = 0
    for s, sample in np.ndindex(3, N_CHAINS * N_DRAWS):
        paths = [chunk.work[s, sample, i].tolist() for i in workers]
        for week, state in np.ndindex(HORIZON + 1, 4):
            found = sum(path[week] == state for path in paths) / len(paths)
            assert share[sample, s, week, state] == pytest.approx(found, abs=1e-12)
        for state in range(4):
            found = sum(path[1:].count(state) for path in paths) / len(paths)
            assert weeks[sample, s, state] == pytest.approx(found, abs=1e-12)
        days = [5 * (p[1:].count(2) + p[1:].count(3) + 0.5 * p[1:].count(1)) for p in paths]
        assert lost[sample, s] == pytest.approx(sum(days) / len(days), abs=1e-12)
        away = [p[1:].index(0) + 1 if 0 in p[1:] else HORIZON for p in paths if p[0] != 0]
        if away:
            assert wait[sample, s] == pytest.approx(sum(away) / len(away), abs=1e-12)
        else:
            nobody += 1
            assert np.isnan(wait[sample, s])
    assert nobody >= 9


def test_benefits_of_people_are_those_of_a_plain_loop(
    design: Design, chunk: Chunk, outcomes: Outcomes
) -> None:
    people = outcomes.people
    assert people["week"].to_numpy().tolist() == [2, 4, HORIZON]
    assert people["scenario"].to_numpy().tolist() == ["leaflet", "app"]
    important, harm, sign = (2, 6), (0.5, 0), (1, -1)
    for i, scenario, week, k in np.ndindex(7, 2, 3, 2):
        s, at = (0, 2)[scenario], (2, 4, HORIZON)[week]
        usual, other = (chunk.expected[x, :, i, at, k].astype(float) for x in (1, s))
        gain = sign[k] * (usual - other)
        one = people.isel(patient=i, scenario=scenario, week=week, outcome=k)
        assert one["benefit_mean"].item() == pytest.approx(gain.mean(), abs=1e-12)
        ends = [one["benefit_lower"].item(), one["benefit_upper"].item()]
        np.testing.assert_allclose(ends, np.quantile(gain, [0.1, 0.9]), atol=1e-12)
        assert one["probability_benefit"].item() == np.mean(gain >= important[k])
        assert one["probability_harm"].item() == np.mean(gain < -harm[k])


def test_days_saved_by_people_are_those_of_a_plain_loop(
    design: Design, chunk: Chunk, outcomes: Outcomes
) -> None:
    value = np.array([0, 2.5, 5, 5])
    for i, scenario in np.ndindex(7, 2):
        one = outcomes.people.isel(patient=i, scenario=scenario)
        found = [one[f"days_lost_saved_{name}"].item() for name in ("mean", "lower", "upper")]
        if not design.worker[i]:
            assert np.isnan(found).all()
            continue
        lost = value[chunk.work[:, :, i, 1:]].sum(axis=-1)
        gain = lost[1] - lost[(0, 2)[scenario]]
        told = [gain.mean(), *np.quantile(gain, [0.1, 0.9])]
        np.testing.assert_allclose(found, told, atol=1e-12)


def test_trajectories_are_those_of_a_plain_loop(chunk: Chunk, outcomes: Outcomes) -> None:
    for name, scores in (("expected_score", chunk.expected), ("recorded_score", chunk.recorded)):
        array = outcomes.trajectories[name]
        assert array.dtype == np.float32
        found = array.transpose("statistic", "scenario", "patient", "week", "outcome").to_numpy()
        for s, i, week, k in np.ndindex(3, 7, HORIZON + 1, 2):
            values = scores[s, :, i, week, k].astype(float)
            told = [values.mean(), *np.quantile(values, [0.1, 0.5, 0.9])]
            np.testing.assert_allclose(found[:, s, i, week, k], told, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("samples", [1, 2, 7, 400])
def test_counting_finds_what_sorting_finds(samples: int) -> None:
    rng = np.random.default_rng(samples)
    grid = Grid.of([instrument(name) for name in ("pain_nrs", "pain_vas", "odi")])
    anywhere = rng.gamma(0.1, 300, (samples, 5, 3))  # most near one end, a few far off
    on_grid = rng.integers(0, 6, (samples, 5, 3)) * 2
    off_grid = on_grid + 0.5 * (rng.random((samples, 5, 3)) < 0.01)
    equal = np.full((samples, 5, 3), 4)
    places = np.unique([0, samples // 3, samples // 2, samples - 1])
    for scores in (anywhere, on_grid, off_grid, equal):
        score = scores.astype(np.float32)
        wanted = np.sort(score, axis=0)[places]
        for told in (None, grid):
            np.testing.assert_array_equal(order_statistics(score, places, told), wanted)


def test_every_variable_says_its_meaning_unit_and_number_of_people(outcomes: Outcomes) -> None:
    for data in (outcomes.cohort, outcomes.people, outcomes.trajectories):
        assert data.data_vars
        for name, array in data.data_vars.items():
            assert array.attrs["long_name"], name
            assert array.attrs["units"], name
        assert data.attrs["level"] == 0.8
    people = {str(name): array.attrs["people"] for name, array in outcomes.cohort.items()}
    assert people["improved"] == 7
    assert people["days_lost"] == 5
    assert 1 <= people["return_time"] <= 5


def test_cutting_people_into_chunks_in_any_order_changes_no_bit(
    design: Design, chunk: Chunk, outcomes: Outcomes
) -> None:
    for edges, order in (((0, 3, 4, 7), (2, 0, 1)), (range(8), (6, 1, 3, 0, 5, 2, 4))):
        pieces = cut(chunk, list(edges))
        other = summarise(design, (pieces[i] for i in order), SETTINGS)
        for name in ("cohort", "people", "trajectories"):
            assert getattr(outcomes, name).identical(getattr(other, name)), name


def test_a_scenario_does_not_depend_on_which_others_run(
    design: Design, chunk: Chunk, outcomes: Outcomes
) -> None:
    fewer = replace(design, scenarios=("usual_care", "app"))
    part = Chunk(
        first=0,
        expected=chunk.expected[1:],
        recorded=chunk.recorded[1:],
        work=chunk.work[1:],
    )
    other = summarise(fewer, [part], SETTINGS)
    chosen = outcomes.cohort.sel(scenario=["usual_care", "app"])
    xr.testing.assert_equal(chosen, other.cohort)
    xr.testing.assert_equal(outcomes.people.sel(scenario=["app"]), other.people)


@pytest.mark.parametrize("edges", [[0, 6], [0, 3, 7, 7]])
def test_people_left_out_or_given_twice_are_named(
    design: Design, chunk: Chunk, edges: list[int]
) -> None:
    pieces = cut(chunk, edges)
    twice = [pieces[0], *pieces] if len(pieces) > 1 else pieces
    with pytest.raises(ValueError, match=r"not in exactly one chunk; p\d came [02] times"):
        summarise(design, twice, SETTINGS)


def test_a_scenario_that_does_nothing_differs_by_exactly_zero_with_no_error(
    design: Design, chunk: Chunk
) -> None:
    same = [np.repeat(array[1:2], 3, axis=0) for array in (chunk.expected, chunk.recorded)]
    null = Chunk(
        first=0, expected=same[0], recorded=same[1], work=np.repeat(chunk.work[1:2], 3, axis=0)
    )
    found = summarise(design, [null], SETTINGS)
    table = contrasts(found, LABELS)
    numbers = ["mean", "lower", "upper", "mcse_mean", "mcse_lower", "mcse_upper"]
    assert len(table) > 80
    assert (table[numbers] == 0).all().all()
    better = table["probability_better"]
    assert (better.dropna() == 0.5).all()
    assert set(table.loc[better.isna(), "detail"]) == {"restricted"}
    for name in ("benefit_mean", "benefit_lower", "benefit_upper", "probability_harm"):
        assert (found.people[name] == 0).all()
    assert (found.people["probability_benefit"] == 0).all()
    assert set(np.unique(found.people["days_lost_saved_mean"].dropna("patient"))) == {0.0}


def one(table: pd.DataFrame, **where: object) -> pd.Series:
    """The only row of a table at which some columns have some values."""
    for column, value in where.items():
        table = table[table[column] == value]
    (row,) = (row for _, row in table.iterrows())
    return row


def test_the_summary_holds_each_quantity_with_its_interval(outcomes: Outcomes) -> None:
    table = scenario_summary(outcomes)
    assert tuple(table.columns) == SUMMARY_COLUMNS
    # 2 outcomes x (3 scores + 2 criteria) x 3 weeks, 4 states x (3 weeks + 1), days, return
    assert len(table) == 3 * (2 * 5 * 3 + 4 * 4 + 2)
    assert not table.duplicated(["scenario", "quantity", "outcome", "detail", "week"]).any()
    values = outcomes.cohort["improved"].sel(
        scenario="app", outcome="pain", criterion="relative", week=4
    )
    row = one(table, scenario="app", quantity="improved", outcome="pain", detail="relative", week=4)
    assert row["mean"] == pytest.approx(values.mean().item())
    assert row["lower"] == pytest.approx(np.quantile(values, 0.1))
    assert row["upper"] == pytest.approx(np.quantile(values, 0.9))
    assert (row["level"], row["people"], row["unit"]) == (0.8, 7, "share of people")
    score = one(table, scenario="app", quantity="expected_score", outcome="efficacy", week=HORIZON)
    assert score["unit"] == "points on pseq"
    # independent draws: the error of a mean is the spread over the root of their number
    draws = outcomes.cohort["expected_score"].sel(scenario="app", outcome="efficacy", week=HORIZON)
    naive = draws.std(ddof=1).item() / np.sqrt(N_CHAINS * N_DRAWS)
    assert 0.5 * naive < score["mcse_mean"] < 2 * naive


def test_contrasts_pair_draws_and_know_which_direction_is_better(outcomes: Outcomes) -> None:
    table = contrasts(outcomes, LABELS)
    assert tuple(table.columns) == CONTRAST_COLUMNS
    assert set(table["comparator"]) == {"usual_care"}
    assert table.groupby("scenario")["label"].unique().map(list).to_dict() == {
        "app": ["borrowed"],
        "leaflet": ["assumed"],
    }
    cohort = outcomes.cohort
    apart = cohort.sel(scenario="app") - cohort.sel(scenario="usual_care")

    def share(values: xr.DataArray) -> float:
        known = values.to_numpy()[~np.isnan(values.to_numpy())]
        return float(np.mean(np.where(known == 0, 0.5, known > 0)))

    at = {"scenario": "app", "week": 4}
    cases = {
        ("expected_score", "pain", ""): -apart["expected_score"].sel(outcome="pain", week=4),
        ("expected_score", "efficacy", ""): apart["expected_score"].sel(outcome="efficacy", week=4),
        ("observed_change", "efficacy", ""): apart["observed_change"].sel(
            outcome="efficacy", week=4
        ),
        ("improved", "pain", "important"): apart["improved"].sel(
            outcome="pain", week=4, criterion="important"
        ),
        ("work_share", "", "working"): apart["work_share"].sel(work_status="working", week=4),
        ("work_share", "", "sick_listed"): -apart["work_share"].sel(
            work_status="sick_listed", week=4
        ),
        ("days_lost", "", ""): -apart["days_lost"],
        ("return_time", "", ""): -apart["return_time"],
    }
    for (quantity, outcome, detail), gain in cases.items():
        if quantity in ("days_lost", "return_time"):
            at["week"] = HORIZON
        row = one(table, **at, quantity=quantity, outcome=outcome, detail=detail)
        assert share(gain) != 0.5, "a wrong direction would go unseen"
        assert row["probability_better"] == pytest.approx(share(gain)), quantity
        known = gain.to_numpy()[~np.isnan(gain.to_numpy())]
        assert abs(row["mean"]) == pytest.approx(abs(known.mean()))
        assert row["mcse_mean"] > 0


def test_errors_of_means_and_quantiles_are_those_of_independent_draws() -> None:
    """Of a quantile q with probability p: sqrt(p (1 - p) / n) over the density at q."""
    rng = np.random.default_rng(3)
    n, p, repeats = 4 * 1000, 0.05, 64
    found = estimate(rng.exponential(size=(4, 1000, repeats)), level=1 - 2 * p)
    density = {"lower": 1 - p, "upper": p}
    expected = {name: np.sqrt(p * (1 - p) / n) / height for name, height in density.items()}
    expected["mean"] = 1 / np.sqrt(n)
    for name, error in expected.items():
        ratio = found[f"mcse_{name}"] / error
        # one error scatters by about a sixth around the truth, and is no more than 5 % off it
        assert abs(ratio.mean() - 1) < 0.05 + 5 * ratio.std(ddof=1) / np.sqrt(repeats), name


def test_what_is_the_same_in_all_draws_has_exactly_no_error() -> None:
    same = np.full((4, 250, 1), 0.1)
    assert same.std() > 0, "summing these rounds, or this would prove nothing"
    found = estimate(same, level=0.9)
    assert {name: value.item() for name, value in found.items()} == {
        **dict.fromkeys(("mean", "lower", "upper"), 0.1),
        **dict.fromkeys(("mcse_mean", "mcse_lower", "mcse_upper"), 0.0),
    }


def test_too_few_draws_have_an_estimate_but_no_error() -> None:
    found = estimate(np.array([[[1.0], [2.0], [3.0]]]), level=0.9)
    assert found["mean"].item() == 2
    assert np.isnan(found["mcse_mean"]).all()
    assert np.isnan(found["mcse_upper"]).all()


def test_draws_in_which_nobody_is_away_do_not_spoil_the_time_to_return(
    outcomes: Outcomes,
) -> None:
    values = outcomes.cohort["return_time"].sel(scenario="app").to_numpy()
    known = values[~np.isnan(values)]
    assert 0 < known.size < values.size
    row = one(scenario_summary(outcomes), scenario="app", quantity="return_time")
    assert row["mean"] == pytest.approx(known.mean())
    assert row["lower"] == pytest.approx(np.quantile(known, 0.1))
    assert 0 < row["mcse_mean"] < 2 * known.std() / np.sqrt(known.size)


def test_a_cohort_without_work_data_has_no_work_outcomes(design: Design, chunk: Chunk) -> None:
    idle = replace(design, has_work=False)
    found = summarise(idle, [chunk], SETTINGS)
    assert set(found.cohort.data_vars) == {
        "expected_score",
        "observed_score",
        "observed_change",
        "improved",
    }
    assert not any("days" in str(name) for name in found.people)
    assert set(scenario_summary(found)["outcome"]) == {"pain", "efficacy"}


def test_a_comparator_alone_has_no_contrasts(design: Design, chunk: Chunk) -> None:
    alone = replace(design, scenarios=("usual_care",))
    part = Chunk(
        first=0,
        expected=chunk.expected[1:2],
        recorded=chunk.recorded[1:2],
        work=chunk.work[1:2],
    )
    found = summarise(alone, [part], SETTINGS)
    table = contrasts(found, {})
    assert table.empty
    assert tuple(table.columns) == CONTRAST_COLUMNS
    assert set(scenario_summary(found)["scenario"]) == {"usual_care"}


def test_the_most_demanding_published_change_is_taken_and_its_source_kept(
    design: Design, chunk: Chunk
) -> None:
    scales = {"pain": instrument("rmdq"), "efficacy": instrument("pseq")}
    found = summarise(replace(design, instruments=scales), [chunk], OutcomeSettings())
    change = found.important_changes["pain"]
    assert change is not None
    assert change.value == 5
    assert "Ostelo 2008" in change.source
    # nothing is published for the PSEQ: what rests on it is left out, not made up
    assert found.important_changes["efficacy"] is None
    unknown = [
        np.isnan(array.sel(outcome=name).to_numpy())
        for array in (
            found.cohort["improved"].sel(criterion="important"),
            found.people["probability_benefit"],
        )
        for name in ("efficacy", "pain")
    ]
    assert [(np.all(told), np.any(told)) for told in unknown] == [(True, True), (False, False)] * 2
    table = scenario_summary(found)
    kept = table[(table["quantity"] == "improved") & (table["detail"] == "important")]
    assert set(kept["outcome"]) == {"pain"}


def test_a_configured_change_says_so(outcomes: Outcomes) -> None:
    change = outcomes.important_changes["efficacy"]
    assert change is not None
    assert (change.value, change.source) == (6, "set in the configuration")


def test_a_threshold_for_an_unknown_outcome_is_answered_with_the_nearest(
    design: Design, chunk: Chunk
) -> None:
    wrong = OutcomeSettings(important_change={"efficay": 3})
    with pytest.raises(
        InputError, match=r"important_change = 'efficay'.*Did you mean 'efficacy'\?"
    ):
        summarise(design, [chunk], wrong)


def test_labels_of_a_scenario_are_told_once_and_synthetic_ones_say_so() -> None:
    assert joint_label(["assumed", "borrowed", "assumed"], synthetic=True) == "borrowed, assumed"
    assert joint_label(["estimated"], synthetic=True) == "estimated (synthetic)"
    assert joint_label(["estimated"], synthetic=False) == "estimated"
    assert joint_label([], synthetic=True) == ""
