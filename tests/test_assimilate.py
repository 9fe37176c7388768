"""Twins of people that a fit never saw: alone or in company, at once or by and by."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from scenarios import load_scenario
from twin.assimilate import (
    add_visits,
    assimilate,
    change,
    credibility,
    read_further,
    read_people,
    read_person,
)
from twin.assimilate.credibility import with_credibility
from twin.assimilate.visits import people_of
from twin.cohort import Cohort
from twin.cohort.cohort import Covariate
from twin.cohort.synthetic import SyntheticSettings, synthetic_cohort
from twin.errors import InputError
from twin.fit.draws import populations
from twin.fit.frame import FRAME, Frame, frame_of
from twin.fit.settings import ModelSettings
from twin.fit.store import load_fit, save_fit
from twin.instruments import instrument
from twin.law.measurement import Scale
from twin.law.parameters import sampled_parameters
from twin.simulate.prepare import prepare
from twin.simulate.settings import SimulationSettings
from twin.simulate.simulate import simulate
from twin.twins import TwinEnsemble

DRAWS = 60
WEEKS = (0, 6, 13, 26, 39)


@pytest.fixture(scope="module")
def fit() -> xr.DataTree:
    """Return what a fit of a small trial would be, its population known to within a little."""
    cohort, truth = synthetic_cohort(SyntheticSettings(people=24, clusters=3), seed=31)
    frame = Frame.of(cohort, ModelSettings())
    rng = np.random.default_rng(0)
    names = [parameter.name for parameter in sampled_parameters(frame.spec)]
    posterior = truth[names].expand_dims(chain=[0, 1], draw=np.arange(DRAWS // 2))
    for name in ("start_mean", "set_point_mean", "log_rate_mean"):
        posterior[name] = posterior[name] + 0.05 * rng.normal(size=posterior[name].shape)
    tree = xr.DataTree.from_dict({"posterior": posterior})
    tree.attrs = {FRAME: frame.model_dump_json(), "converged": 1, "accepted_unconverged": 0}
    return tree


@pytest.fixture(scope="module")
def people() -> Cohort:
    cohort, _ = synthetic_cohort(SyntheticSettings(people=10, clusters=3), seed=32)
    patients = cohort.patients.copy()
    patients.loc[patients.index[:2], "depression"] = np.nan
    patients.loc[patients.index[3], "cluster"] = "z99"
    return replace(cohort, patients=patients)


@pytest.fixture(scope="module")
def twins(fit: xr.DataTree, people: Cohort) -> xr.DataTree:
    return assimilate(fit, people, seed=5)


def some(people: Cohort, ids: list[str]) -> Cohort:
    return replace(
        people,
        patients=people.patients.loc[ids],
        visits=people.visits[people.visits["patient"].isin(ids)],
    )


def parameters(tree: xr.DataTree, patient: str) -> dict[str, Any]:
    own = tree["twins"].to_dataset().sel(patient=patient)
    return {str(name): own[name].to_numpy() for name in own if own[name].dims != ("gap",)}


def same(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert one.keys() - other.keys() <= {"missing_covariate", "gap_patient", "gap_covariate"}
    for name in one.keys() & other.keys() - {"missing_covariate"}:
        np.testing.assert_array_equal(one[name], other[name], err_msg=name)


def test_a_person_is_the_same_alone_in_company_shuffled_and_on_any_number_of_threads(
    fit: xr.DataTree, people: Cohort, twins: xr.DataTree
) -> None:
    ids = list(people.patients.index)
    for patient in ids[:5]:
        same(
            parameters(assimilate(fit, some(people, [patient]), seed=5), patient),
            parameters(twins, patient),
        )
    shuffled = replace(
        people,
        patients=people.patients.loc[ids[::-1]],
        visits=people.visits.sample(frac=1, random_state=1),
    )
    again = assimilate(fit, shuffled, seed=5, workers=2)["twins"].to_dataset()
    assert again.identical(twins["twins"].to_dataset())
    other = assimilate(fit, people, seed=6)
    assert not np.array_equal(
        parameters(other, ids[0])["start"], parameters(twins, ids[0])["start"]
    )


def test_visits_that_come_one_by_one_end_where_those_that_come_at_once_do(
    fit: xr.DataTree, people: Cohort, twins: xr.DataTree, tmp_path: Path
) -> None:
    growing = assimilate(
        fit, replace(people, visits=people.visits[people.visits["week"] == 0]), seed=5
    )
    # out of order, and stored in between
    for week in (13, 6, 39, 26):
        save_fit(growing, tmp_path / "twins.nc")
        stored = load_fit(tmp_path / "twins.nc")
        assert stored is not None
        growing = add_visits(stored, people.visits[people.visits["week"] == week])
    one, other = (tree["twins"].to_dataset() for tree in (growing, twins))
    for name in ("start", "set_point", "log_rate", "response", "work_frailty", "population_draw"):
        np.testing.assert_array_equal(one[name], other[name], err_msg=name)
    assert growing["observed_data"].to_dataset().equals(twins["observed_data"].to_dataset())


def test_what_the_last_visit_changed_is_told(fit: xr.DataTree) -> None:
    visits = [{"week": 0, "pain": 6, "disability": 14}, {"week": 6, "pain": 5, "disability": 12}]
    before = assimilate(fit, read_people([{"patient": "anna", "visits": visits}], fit))
    bad = pd.DataFrame({"patient": ["anna"], "week": [39.0], "pain": [9.0]})
    after = add_visits(before, bad)
    told = change(before, after, "anna")
    assert told.visits["week"].tolist() == [39.0]
    first = told.parameters[0]
    assert (first.parameter, first.outcome) == ("set_point", "pain")
    x, y = (tree["twins"]["set_point"].sel(outcome="pain").to_numpy() for tree in (before, after))
    assert first.moved == pytest.approx((y.mean() - x.mean()) / x.std())
    assert first.moved > 0.5
    assert "week 39 told pain 9" in str(told)
    assert f"set point of pain                     up by {first.moved:.1f} of its SDs" in str(told)
    with pytest.raises(InputError, match="is a week at which anna was seen already"):
        add_visits(after, bad)
    with pytest.raises(InputError, match="bert' is nobody among the twins"):
        add_visits(after, bad.assign(patient="bert"))
    assert "nothing moved" in str(change(after, after, "anna"))


def test_what_a_document_says_of_further_visits_goes_with_what_is_known(
    fit: xr.DataTree, tmp_path: Path
) -> None:
    known = {"labour_force": True, "instruments": {"disability": "odi"}}
    visits = [{"week": 4, "pain": 6, "disability": 40, "work_status": "permanently_out"}]
    twins = assimilate(fit, read_people([{"patient": "anna", **known, "visits": visits}], fit))
    twins = with_credibility(twins, credibility(fit, people_of(twins)))
    file = tmp_path / "later.json"

    def further(patient: str = "anna", **said: Any) -> pd.DataFrame:
        file.write_text(json.dumps({"patient": patient, **said}))
        return read_further(file, twins)

    grown = add_visits(twins, further(visits=[{"week": 9, "pain": 4, "disability": 66}]))
    assert grown["observed_data"]["score"].sel(outcome="disability").to_numpy().tolist() == [
        [40, 66]
    ]
    assert grown["twins"]["surprise"].item() != twins["twins"]["surprise"].item()
    for wrong, message in (
        ({"patient": "ana"}, "'ana' is nobody among the twins.*'anna'"),
        ({"covariates": {"age": 3}}, "'covariates' of anna is known already"),
        ({"visits": [{"week": 4, "pain": 1}]}, "week = 4 is a week at which anna was seen"),
        ({"visits": [{"week": 9, "disability": 65}]}, "disability = 65.*is no score of odi"),
        ({"visits": [{"week": 9, "work_status": "working"}]}, "comes after permanently_out"),
    ):
        with pytest.raises(InputError, match=message):
            further(**wrong)


def test_the_people_of_stored_twins_are_those_that_were_told(
    people: Cohort, twins: xr.DataTree
) -> None:
    back = people_of(twins)
    pd.testing.assert_frame_equal(
        back.visits, people.visits, check_dtype=False, check_index_type=False
    )
    pd.testing.assert_frame_equal(
        back.patients,
        people.patients,
        check_dtype=False,
        check_column_type=False,
        check_index_type=False,
    )


def test_a_twin_is_simulated_with_the_population_that_each_draw_belongs_to(
    fit: xr.DataTree, twins: xr.DataTree
) -> None:
    settings = SimulationSettings(draws=DRAWS, horizon_weeks=26, progress_bar=False)
    scenarios = [load_scenario(name) for name in ("usual_care", "app", "selfback")]
    cohort = people_of(twins)

    def courses(of: Cohort, tree: xr.DataTree) -> tuple[np.ndarray, np.ndarray]:
        chunks = list(simulate(prepare(of, tree, scenarios, settings, seed=1)))
        return tuple(
            np.concatenate([getattr(c, part) for c in chunks], axis=2)
            for part in ("recorded", "work")
        )

    everyone = courses(cohort, twins)
    # a twin of its own, of whom nobody else is told: the same futures, effects from evidence too
    patient = str(cohort.patients.index[4])
    alone = assimilate(fit, some(cohort, [patient]), seed=5)
    for mine, theirs in zip(courses(people_of(alone), alone), everyone, strict=True):
        np.testing.assert_array_equal(mine[:, :, 0], theirs[:, :, 4])
    # were the draws of the population put in the person's order, nothing would be left to pair
    posterior = alone["posterior"].to_dataset().transpose("chain", "draw", ...)
    order = alone["twins"]["population_draw"].to_numpy().ravel()
    assert (order != np.arange(DRAWS)).any()

    def in_order(one: xr.DataArray) -> xr.DataArray:
        values = one.to_numpy()
        flat = values.reshape(DRAWS, *values.shape[2:])[order]
        return one.copy(data=flat.reshape(values.shape))

    ordered = posterior.map(in_order)
    unpaired = xr.DataTree.from_dict(
        {"posterior": ordered, "twins": alone["twins"].to_dataset().drop_vars("population_draw")}
    )
    unpaired.attrs = dict(alone.attrs)
    mine, _ = courses(people_of(alone), alone)
    theirs, _ = courses(people_of(alone), unpaired)
    np.testing.assert_array_equal(mine[:2], theirs[:2])


PIECES: dict[str, dict[str, Any]] = {
    "nothing": {},
    "covariates": {"covariates": {"age": 61, "female": True}},
    "pain": {"visits": [{"week": week, "pain": 5} for week in WEEKS]},
    "work": {
        "labour_force": True,
        "visits": [
            {"week": 0, "work_status": "sick_listed"},
            {"week": 6, "work_status": "working"},
        ],
    },
    "one visit": {"visits": [{"week": 0, "pain": 6, "disability": 12}]},
    "forty visits": {
        "labour_force": True,
        "visits": [
            {"week": w, "pain": 3 + w % 3, "disability": 8 + w % 4, "work_status": "working"}
            for w in range(40)
        ],
    },
    "floor": {"visits": [{"week": week, "pain": 0, "disability": 0} for week in WEEKS]},
    "ceiling": {"visits": [{"week": week, "pain": 10, "disability": 24} for week in WEEKS]},
    "out of order": {"visits": [{"week": week, "pain": 4} for week in (26, 0, 13)]},
}


@pytest.mark.parametrize("piece", PIECES)
def test_whoever_brings_little_or_much_has_a_twin(fit: xr.DataTree, piece: str) -> None:
    tree = assimilate(fit, read_people([{"patient": "p", **PIECES[piece]}], fit))
    own = tree["twins"].to_dataset()
    for name in ("start", "set_point", "log_rate", "level_now", "flare_now", "work_frailty"):
        assert np.isfinite(own[name]).all(), name
        assert own[name].std() > 0
    at = own["level_now"].mean(("chain", "draw", "patient"))
    if piece == "floor":
        assert (at < 0.1).all()
    if piece == "ceiling":
        assert (at > 0.9).all()
    assert "Twin p of cohort newcomers" in str(TwinEnsemble(tree)["p"])


def test_without_data_a_twin_is_drawn_from_the_population(fit: xr.DataTree) -> None:
    tree = assimilate(fit, read_people([{"patient": "p"}], fit))
    own, posterior = tree["twins"].to_dataset().isel(patient=0), fit["posterior"].to_dataset()
    np.testing.assert_array_equal(own["population_draw"].to_numpy().ravel(), np.arange(DRAWS))
    assert own["ess"].item() == DRAWS
    many = assimilate(fit, read_people([{"patient": f"p{i}"} for i in range(200)], fit))
    start = many["twins"]["start"].mean(("chain", "draw", "patient")).to_numpy()
    expected = posterior["start_mean"].mean(("chain", "draw")).to_numpy()
    # of other covariates than the average each, by the joint normal of the cohort's
    np.testing.assert_allclose(start, expected, atol=0.02)


def test_a_score_on_another_instrument_is_the_same_share_of_its_scale(fit: xr.DataTree) -> None:
    visits = [{"week": 0, "pain": 6, "disability": 12}, {"week": 6, "pain": 4, "disability": 6}]
    odi = [{**visit, "disability": round(visit["disability"] / 24 * 50) * 2} for visit in visits]
    own = assimilate(fit, read_people([{"patient": "p", "visits": visits}], fit))
    told = {"patient": "p", "visits": odi, "instruments": {"disability": "odi"}}
    other = assimilate(fit, read_people([told], fit))
    mean = [tree["twins"]["start"].mean(("chain", "draw")).to_numpy() for tree in (own, other)]
    np.testing.assert_allclose(mean[0], mean[1], atol=0.02)
    (note,) = [one for one in json.loads(other.attrs["notes"]) if "odi" in one]
    assert "read as the same share of the scale" in note
    assert TwinEnsemble(other).instruments["disability"].name == "odi"
    assert people_of(other).outcomes["disability"] == instrument("odi")


def test_someone_from_an_unknown_clinic_is_less_certain_than_one_from_a_known(
    fit: xr.DataTree, people: Cohort, twins: xr.DataTree
) -> None:
    notes = json.loads(twins.attrs["notes"])
    assert any("clusters that the fit never met are drawn anew: z99" in note for note in notes)
    assert frame_of(twins).spec.clusters == (*frame_of(fit).spec.clusters, "z99")
    effect = twins["posterior"]["cluster_effect"].sel(cluster="z99")
    assert (effect.std(("chain", "draw")) > 0).any()
    known = fit["posterior"]["cluster_start_z"]
    kept = twins["posterior"]["cluster_start_z"].sel(cluster=known["cluster"])
    np.testing.assert_array_equal(kept.transpose(*known.dims), known)


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "key": ({"vists": []}, "vists.* is not a known key"),
    "covariate": ({"covariates": {"agee": 4}}, "agee' is not a covariate of the fit.*'age'"),
    "kind": ({"covariates": {"age": "old"}}, "covariates.age = 'old' is continuous"),
    "score": ({"visits": [{"week": 0, "pain": 11}]}, "pain = 11.*is no score of pain_nrs, 0 to 10"),
    "outcome": ({"visits": [{"week": 0, "pian": 1}]}, "pian' is not an outcome of the fit.*'pain'"),
    "week": ({"visits": [{"week": -1}]}, "visits.0.week = -1"),
    "twice": ({"visits": [{"week": 3}, {"week": 3}]}, "visits.week = 3 is told twice"),
    "late": ({"visits": [{"week": 90, "pain": 1}]}, "week = 90 must not be after week 52"),
    "work": (
        {"visits": [{"week": 0, "work_status": "working"}]},
        "working' is told of somebody outside the labour force",
    ),
    "out": (
        {
            "labour_force": True,
            "visits": [
                {"week": 6, "work_status": "working"},
                {"week": 0, "work_status": "permanently_out"},
            ],
        },
        "working' comes after permanently_out, which is for good",
    ),
    "instrument": ({"instruments": {"pain": "nrss"}}, "nrss"),
    "arm": ({"arm": "ap"}, "ap' is an arm that the fit knows nothing of.*'app'"),
}


@pytest.mark.parametrize("fault", WRONG)
def test_what_cannot_be_is_refused_with_the_way_out(fit: xr.DataTree, fault: str) -> None:
    given, message = WRONG[fault]
    with pytest.raises(InputError, match=message):
        assimilate(fit, read_people([{"patient": "p", **given}], fit))


def test_a_document_may_be_yaml_or_json_and_of_several(fit: xr.DataTree, tmp_path: Path) -> None:
    given = [
        {"patient": "a", "labour_force": True, "covariates": {"age": 40}, "visits": []},
        {"patient": "b", "visits": [{"week": 0, "pain": 3, "days_absent": None}]},
    ]
    (tmp_path / "two.json").write_text(json.dumps(given))
    (tmp_path / "one.yaml").write_text("patient: a\nlabour_force: true\ncovariates: {age: 40}\n")
    two = read_person(tmp_path / "two.json", fit)
    one = read_person(tmp_path / "one.yaml", fit)
    assert list(two.patients.index) == ["a", "b"]
    pd.testing.assert_series_equal(two.patients.loc["a"], one.patients.loc["a"])
    (tmp_path / "broken.yaml").write_text("patient: [")
    with pytest.raises(InputError, match="cannot be read"):
        read_person(tmp_path / "broken.yaml", fit)


def test_people_with_a_covariate_of_another_kind_or_level_are_refused(
    fit: xr.DataTree, people: Cohort
) -> None:
    other = {**people.covariates, "age": Covariate("personal", "ordinal")}
    with pytest.raises(InputError, match="'age' is ordinal where the fit's is continuous"):
        assimilate(fit, replace(people, covariates=other))


def test_a_fit_that_does_not_say_how_it_reads_people_is_refused(people: Cohort) -> None:
    with pytest.raises(InputError, match="Fit the cohort again with this version"):
        assimilate(xr.DataTree(), people)


def test_whoever_was_recruited_by_the_threshold_is_read_as_such(
    fit: xr.DataTree, people: Cohort, twins: xr.DataTree
) -> None:
    recruited = assimilate(fit, people, seed=5, recruited=True)
    evidence = [tree["twins"]["log_evidence"].to_numpy() for tree in (twins, recruited)]
    # divided by the chance of having been enrolled, which is below one
    assert (evidence[1] > evidence[0]).all()
    assert recruited.attrs["recruited"] == 1


def test_whoever_was_recruited_without_a_score_is_known_to_have_passed(
    fit: xr.DataTree,
) -> None:
    many = read_people([{"patient": f"p{i}"} for i in range(150)], fit)
    frame = frame_of(fit)
    assert frame.entry is not None
    assert frame.entry.outcome == "disability"
    alike, passed = (assimilate(fit, many, recruited=told) for told in (False, True))
    start = [
        tree["twins"]["start"].sel(outcome="disability").to_numpy().ravel()
        for tree in (alike, passed)
    ]
    # in each draw of the population those who pass: start, flare and error above the bound
    rng = np.random.default_rng(0)
    covariance = np.asarray(frame.covariate_covariance)
    starts = []
    for _, _, population in populations(frame.spec, fit["posterior"].to_dataset()):
        x = rng.multivariate_normal(np.zeros(len(covariance)), covariance, 4000)
        own = population.mean[2] + x @ population.covariate_effect[:, 2]
        own = own + np.sqrt((population.scale[2] ** 2).sum()) * rng.normal(size=4000)
        score = own + population.spread[1] * rng.normal(size=4000)
        low, _ = frame.outcomes["disability"].cell(frame.entry.minimum)
        behind = Scale.of(frame.outcomes["disability"]).behind(low)
        starts.append(own[score > behind][:500])
    expected = np.concatenate(starts)
    assert start[0].mean() < start[1].mean() - 0.05
    assert start[1].mean() == pytest.approx(expected.mean(), abs=0.02)
    assert start[1].std() == pytest.approx(expected.std(), rel=0.06)


def test_somebody_whom_no_draw_expects_is_led_there_by_tempering(fit: xr.DataTree) -> None:
    swings = [{"week": w, "pain": [0, 10][w % 2], "disability": [0, 24][w % 2]} for w in range(8)]
    own = assimilate(fit, read_people([{"patient": "p", "visits": swings}], fit))["twins"]
    assert own["method"].item() == "tempered"
    assert own["pareto_k"].item() > 0.7
    assert np.isfinite(own["set_point"]).all()
