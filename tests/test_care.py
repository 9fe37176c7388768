"""What people get is counted as a plain loop would count it, and shown as a tree."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scenario_kit import intervention, ready, scenario, sure
from test_rules import STRATA, stepped

from twin.cohort import Cohort
from twin.outcomes.settings import OutcomeSettings
from twin.outcomes.summarise import summarise
from twin.report.care import care_shown
from twin.simulate.person import simulate_person
from twin.simulate.simulate import simulate

Trial = tuple[Cohort, xr.DataTree]


@pytest.fixture(scope="module")
def counted(trial: Trial) -> tuple[pd.DataFrame, list[np.ndarray], list[np.ndarray]]:
    places = intervention("b", capacity={"places_per_week": 0.5}, uptake=sure("beta", 0.5))
    tried = stepped(missing=sure("beta", 0.2))
    prepared = ready(trial, tried, scenario(intervention("a"), places, name="queued"))
    chunks = simulate(prepared)
    care = summarise(prepared.design, chunks, OutcomeSettings()).care
    people = [simulate_person(prepared, person).care for person in range(16)]
    return care, [one.weeks for one in people], [one.decision for one in people]


def value(care: pd.DataFrame, scenario: str, name: str, detail: str, week: int) -> float:
    at = care.set_index(["scenario", "name", "detail", "week"])["mean"]
    return float(at[scenario, name, detail, week])


def test_shares_are_those_of_a_plain_loop(counted: tuple[pd.DataFrame, list, list]) -> None:
    care, weeks, decisions = counted
    rows = {("stepped", "app"): 0, ("stepped", "physio"): 1, ("queued", "a"): 2, ("queued", "b"): 3}
    for (of, name), row in rows.items():
        offered, wait, begun, ended = np.stack([one[row] for one in weeks], axis=1)[:4]
        assert value(care, of, name, "offered", 40) == pytest.approx(np.isfinite(offered).mean())
        assert value(care, of, name, "begun", 40) == pytest.approx((begun <= 40).mean())
        for week in (4, 26):
            active = (begun <= week) & (ended > week)
            assert value(care, of, name, "active", week) == pytest.approx(active.mean())
        waiting = np.isfinite(wait) & ~np.isfinite(begun)
        assert value(care, of, name, "waiting", 40) == pytest.approx(waiting.mean())
    codes = np.stack([one[0] for one in decisions])
    for code, answer in enumerate(("otherwise", "then", "not_seen")):
        found = value(care, "stepped", "no_response", answer, 6)
        assert found == pytest.approx((codes == code).mean())


def test_the_mean_wait_is_that_of_those_who_begin(counted: tuple[pd.DataFrame, list, list]) -> None:
    care, weeks, _ = counted
    _, wait, begun = np.stack([one[3] for one in weeks], axis=1)[:3]
    waits = np.where(np.isfinite(begun), begun, 0) - np.where(np.isfinite(begun), wait, 0)
    each = waits.sum(axis=0) / np.isfinite(begun).sum(axis=0)
    assert value(care, "queued", "b", "wait", 40) == pytest.approx(np.nanmean(each), rel=1e-6)


def test_the_ways_from_a_rule_come_to_all_who_are_asked(
    counted: tuple[pd.DataFrame, list, list],
) -> None:
    care, weeks, _ = counted
    rule = care[(care["subject"] == "rule")]
    on = np.stack([one[0] for one in weeks])
    assert rule["mean"].sum() == pytest.approx(((on[:, 2] <= 6) & (on[:, 2] < np.inf)).mean())


def test_groups_come_to_everyone(trial: Trial) -> None:
    parts = (intervention("physio"), intervention("psychology"))
    prepared = ready(trial, scenario(*parts, strata=STRATA))
    care = summarise(prepared.design, simulate(prepared), OutcomeSettings()).care
    groups = care[care["subject"] == "group"]
    assert list(groups["name"]) == ["low", "medium", "high"]
    assert groups["mean"].sum() == pytest.approx(1)


def test_contacts_go_with_the_part_of_a_course_that_people_go_through(trial: Trial) -> None:
    visits = [{"kind": "physiotherapy_contact", **sure("log_normal", 6.0)}]
    app = intervention("app", schedule={"start_week": 0, "duration_weeks": 12}, resources=visits)
    stop = {"name": "stop", "weeks": [3], "ask": "female", "then": {"stop": ["app"]}}
    prepared = ready(trial, scenario(app, rules=[stop]))
    care = summarise(prepared.design, simulate(prepared), OutcomeSettings()).care
    (found,) = care.loc[care["detail"] == "physiotherapy_contact", "mean"]
    women = trial[0].patients["female"].mean()
    assert found == pytest.approx(6 * (women * 3 / 12 + (1 - women)), rel=1e-4)


def test_the_report_draws_the_tree_with_shares_that_come_to_all_who_are_asked(
    trial: Trial,
) -> None:
    tried = stepped(missing=sure("beta", 0.2))
    prepared = ready(trial, tried)
    found = summarise(prepared.design, simulate(prepared), OutcomeSettings())
    content = SimpleNamespace(outcomes=found)
    shown = care_shown(content, tried)  # type: ignore[arg-type]
    (fork,) = shown.forks
    assert fork.week == 6
    assert fork.question == "rmdq > 0.7 * rmdq_baseline? (of those in: app)"
    assert [(way.said, way.follows) for way in fork.ways] == [
        ("yes", "offer: physio; stop: app"),
        ("no", "go on as before"),
        ("not known", "go on as before"),
    ]
    shares = [float(way.share.removesuffix("%").strip()) for way in fork.ways]
    assert sum(shares) == pytest.approx(float(fork.asked.removesuffix("%").strip()), abs=1.5)
    assert [one.title for one in shown.taken] == ["app", "physio"]
    assert shown.weeks == (4, 26)


def test_the_share_in_each_intervention_is_told_for_every_week(trial: Trial) -> None:
    prepared = ready(trial, stepped())
    found = summarise(prepared.design, simulate(prepared), OutcomeSettings())
    weeks = np.stack([simulate_person(prepared, person).care.weeks for person in range(16)])
    for row, name in enumerate(("app", "physio")):
        begun, ended = weeks[:, row, 2], weeks[:, row, 3]
        wanted = [((begun <= week) & (week < ended)).mean() for week in range(41)]
        np.testing.assert_allclose(found.in_force["stepped", name], wanted)
