"""People drawn from evidence: who they are, what they are like, and how they fare."""

from pathlib import Path

import numpy as np
import pytest

from priors import EvidenceLibrary, LogNormal, Normal, load_evidence, load_prior_set
from priors.elicited_population import load_population_evidence
from scenarios import load_scenario
from twin.cohort import Cohort
from twin.config import RunConfig
from twin.elicit.assumed import PRIORS
from twin.elicit.classes import CLASSES
from twin.elicit.natural_history import class_shares, course_keys
from twin.elicit.shelf import Shelf
from twin.fit.arrays import model_spec
from twin.fit.settings import ModelSettings
from twin.population.cohort import evidence_cohort
from twin.population.draw import draw_twins
from twin.population.facts import risk_shares
from twin.population.parameters import draw_values
from twin.population.settings import PopulationSettings
from twin.simulate.prepare import prepare
from twin.simulate.settings import SimulationSettings
from twin.simulate.simulate import simulate
from twin.twins import TwinEnsemble

MODEL = ModelSettings()


@pytest.fixture(scope="module")
def library() -> EvidenceLibrary:
    return load_evidence()


@pytest.fixture(scope="module")
def many(library: EvidenceLibrary) -> Cohort:
    return evidence_cohort(PopulationSettings(people=20_000), library, seed=1)


def test_kinds_of_people_are_as_common_as_published(many: Cohort, library: EvidenceLibrary) -> None:
    shelf, people = Shelf(library), many.patients
    for name, share in class_shares(shelf).items():
        # three standard errors of a share among 20,000 are 0.011 at most
        assert (people["episode_class"] == name).mean() == pytest.approx(share, abs=0.011)
    for place, share in enumerate(risk_shares(shelf).values(), start=1):
        assert (people["risk_group"] == place).mean() == pytest.approx(share, abs=0.011)
    women, employed = library["selfback_women"], library["impact_employed_first"]
    assert women.estimate is not None
    assert employed.estimate is not None
    assert people["female"].mean() == pytest.approx(women.estimate / 100, abs=0.011)
    second = library["impact_employed_second"].estimate or 0.0
    published = (employed.estimate + second) / 200
    assert people["labour_force"].mean() == pytest.approx(published, abs=0.011)
    assert people["age"].between(18, 90).all()


def test_only_the_kinds_that_are_wanted_are_drawn_and_they_keep_their_proportions(
    many: Cohort, library: EvidenceLibrary
) -> None:
    wanted = PopulationSettings(
        people=5000,
        episode_class=("acute", "subacute"),
        risk_group=("high",),
        age=(20, 40),
        female=True,
        deprivation=(4, 5),
        digital_access=False,
        employed=True,
    )
    people = evidence_cohort(wanted, library, seed=1).patients
    assert set(people["episode_class"]) == {"acute", "subacute"}
    assert set(people["risk_group"]) == {3.0}
    assert people["age"].between(20, 40).all()
    assert people["female"].eq(1).all()
    assert set(people["deprivation"]) == {4.0, 5.0}
    assert people["digital_access"].eq(0).all()
    assert people["labour_force"].all()
    shares = class_shares(Shelf(library))
    acute = shares["acute"] / (shares["acute"] + shares["subacute"])
    assert (people["episode_class"] == "acute").mean() == pytest.approx(acute, abs=0.022)


def test_the_facts_about_a_person_do_not_depend_on_who_else_is_drawn(
    library: EvidenceLibrary,
) -> None:
    few, more = (
        evidence_cohort(PopulationSettings(people=n), library, seed=3).patients for n in (5, 50)
    )
    assert more.head(5).equals(few)


def test_nobody_too_old_for_it_is_employed() -> None:
    with pytest.raises(ValueError, match="nobody is employed from 67 years on"):
        PopulationSettings(age=(70, 80), employed=True)


@pytest.fixture(scope="module")
def some(library: EvidenceLibrary) -> Cohort:
    return evidence_cohort(PopulationSettings(people=400), library, seed=1)


def test_classes_start_and_end_where_the_evidence_says(some: Cohort) -> None:
    told = load_population_evidence()
    tree = draw_twins(some, MODEL, load_prior_set(PRIORS), draws=400, seed=1)
    twins = tree["twins"].to_dataset()
    of = some.patients["episode_class"].to_numpy()
    for name in CLASSES:
        for parameter in ("start", "set_point", "log_rate"):
            given = told.classes[name][f"{parameter}_mean"].distribution
            assert isinstance(given, Normal)
            own = twins[parameter].isel(patient=of == name).mean(("chain", "draw", "patient"))
            # of 400 populations, and of some 60 people in each
            error = 4 * np.array(given.sd) / 20 + 0.01
            assert (np.abs(own.to_numpy() - given.mean) < error).all(), f"{name}: {parameter}"


def test_people_of_a_class_differ_as_elicited_whatever_facts_explain(some: Cohort) -> None:
    told = load_population_evidence()
    given = told.classes["persistent"]["set_point_sd"].distribution
    assert isinstance(given, LogNormal)
    tree = draw_twins(some, MODEL, load_prior_set(PRIORS), draws=400, seed=1)
    of = (some.patients["episode_class"] == "persistent").to_numpy()
    sd = tree["twins"]["set_point"].isel(patient=of).std("patient")
    log = np.log(sd.to_numpy()).mean((0, 1))
    # effects drawn at random explain more in some populations and less in others
    np.testing.assert_allclose(log, np.log(given.median), atol=0.1)


def test_starts_and_set_points_go_together_as_elicited(some: Cohort) -> None:
    spec, priors, told = (
        model_spec(some, MODEL),
        load_prior_set(PRIORS),
        load_population_evidence(),
    )
    rng = np.random.default_rng(1)
    drawn = [draw_values(some, spec, priors, told, rng)["person_correlation"] for _ in range(300)]
    matrices = np.stack([factor @ factor.T for factor in drawn])
    np.testing.assert_allclose(np.diagonal(matrices, axis1=1, axis2=2), 1.0)
    given = told.correlations["start_set_point"].distribution
    assert isinstance(given, Normal)
    for k in range(2):
        z = np.arctanh(matrices[:, k, 2 + k])
        mean, sd = np.array(given.mean)[k], np.array(given.sd)[k]
        assert z.mean() == pytest.approx(mean, abs=4 * sd / np.sqrt(300))


def test_the_ensemble_says_that_it_is_drawn_from_evidence(some: Cohort) -> None:
    tree = draw_twins(some, MODEL, load_prior_set(PRIORS), draws=16, seed=1)
    twins = TwinEnsemble(tree)
    assert "DRAWN FROM EVIDENCE: no real people" in str(twins)
    assert twins.from_evidence
    assert twins.synthetic


@pytest.mark.slow
def test_simulated_twins_run_the_published_course(some: Cohort, library: EvidenceLibrary) -> None:
    tree = draw_twins(some, MODEL, load_prior_set(PRIORS), draws=200, seed=1)
    settings = SimulationSettings(draws=200, progress_bar=False)
    prepared = prepare(some, tree, [load_scenario("usual_care")], settings, seed=1)
    assert prepared.design.worker.tolist() == some.patients["labour_force"].tolist()
    chunks = list(simulate(prepared))
    recorded = np.concatenate([chunk.recorded for chunk in chunks], axis=2)[0, ..., 0]
    work = np.concatenate([chunk.work for chunk in chunks], axis=2)[0]
    of = some.patients["episode_class"].to_numpy()
    for name in CLASSES:
        records = [library[key] for key in course_keys(name)]
        for record in records:
            assert record.weeks is not None
            assert record.estimate is not None
            by_draw = 10 * recorded[:, of == name, int(record.weeks)].mean(axis=1)
            # 3 points, and what 200 populations leave open
            error = 3 + 3 * by_draw.std() / np.sqrt(len(by_draw))
            assert abs(by_draw.mean() - record.estimate) < error, f"{name} {record.weeks}"
    assert (work[:, ~prepared.design.worker] == -1).all()
    assert (work[:, prepared.design.worker] >= 0).all()


def test_people_come_from_a_cohort_or_from_evidence_not_both() -> None:
    with pytest.raises(ValueError, match="either a cohort or a population"):
        RunConfig()


@pytest.mark.slow
def test_a_run_on_evidence_reports_on_its_first_page_what_it_rests_on(tmp_path: Path) -> None:
    from twin.config import Output
    from twin.pipeline import run

    config = RunConfig(
        population=PopulationSettings(people=30, draws=32),
        scenario=("usual_care", "selfback"),
        simulation=SimulationSettings(draws=32, progress_bar=False),
        output=Output(folder=str(tmp_path / "runs"), fits=str(tmp_path / "fits")),
    )
    page = run(config).read_text("utf-8")
    first = page[: page.index('id="people"')]
    assert "DRAWN FROM EVIDENCE" in first
    assert "SYNTHETIC" not in first
    assert "Nothing was fitted" in page
