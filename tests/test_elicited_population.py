"""What was elicited of people and their course: does the engine give back what was published?"""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from priors import EvidenceLibrary, LogNormal, Normal, load_evidence
from priors.elicited_population import (
    ElicitedParameter,
    PopulationEvidence,
    load_population_evidence,
)
from twin.elicit import retest
from twin.elicit.between_outcomes import between_levels
from twin.elicit.classes import CLASSES
from twin.elicit.natural_history import course_keys
from twin.elicit.population import COMMAND, elicit
from twin.elicit.shelf import Shelf
from twin.elicit.spread import CORRELATIONS, MEANS, disability_course
from twin.elicit.write import POPULATION, write_population
from twin.instruments import instrument
from twin.law import forward
from twin.law.backends import NUMPY
from twin.law.dose import NEVER, read_arms_on_grid
from twin.law.grid import TimeGrid
from twin.law.measurement import Scale, record
from twin.law.parameters import ModelSpec, assemble

PEOPLE = 200_000
SPEC = ModelSpec(("pain", "disability"), ("cohort",), (), (), has_work=False)


@pytest.fixture(scope="module")
def evidence() -> EvidenceLibrary:
    return load_evidence()


@pytest.fixture(scope="module")
def told() -> PopulationEvidence:
    return load_population_evidence()


def centre(one: ElicitedParameter) -> np.ndarray:
    given = one.distribution
    return np.array(given.mean if isinstance(given, Normal) else given.median)


def simulated(
    told: PopulationEvidence, means: dict[str, ElicitedParameter], weeks: list[float]
) -> np.ndarray:
    """Return recorded scores of people drawn by the law, shape (person, visit, outcome)."""
    rng = np.random.default_rng(1)
    z = centre(told.correlations["start_set_point"])
    correlation = np.eye(4)
    for k in range(2):
        correlation[k, 2 + k] = correlation[2 + k, k] = np.tanh(z[k])
    instruments = [instrument("pain_nrs"), instrument("rmdq")]
    values = {
        **{name: centre(one) for name, one in means.items()},
        "log_rate_sd": np.array(0.4),
        "person_correlation": np.linalg.cholesky(correlation),
        "spread": np.array([centre(told.instruments[one.name]) for one in instruments]),
        "persistent_share": np.full(2, 0.5),
        "persistence": np.array(3.0),
        "flare_correlation": np.eye(2),
    }
    population = assemble(NUMPY, SPEC, values)
    nobody = np.zeros(PEOPLE, dtype=np.int64)
    people = forward.draw_people(population, np.zeros((PEOPLE, 0)), nobody - 1, nobody, rng)
    grid, week = TimeGrid((0.0, 52.0)), np.tile(weeks, (PEOPLE, 1))
    level = forward.levels(population, people, grid, read_arms_on_grid([NEVER], grid), nobody, week)
    latent = level + forward.draw_residuals(population, week, rng)
    return np.stack(
        [
            one.from_severity(record(Scale.of(one), latent[:, :, k]))
            for k, one in enumerate(instruments)
        ],
        axis=-1,
    )


@pytest.mark.parametrize("name", CLASSES)
def test_pain_of_each_class_runs_as_the_pooled_course_does(
    name: str, told: PopulationEvidence, evidence: EvidenceLibrary
) -> None:
    records = [evidence[key] for key in course_keys(name)]
    scores = simulated(told, told.classes[name], [record.weeks for record in records])
    pain = 10 * scores[:, :, 0].mean(axis=0)
    published = np.array([record.estimate for record in records])
    assert np.abs(pain - published).max() < 3, f"{name}: {pain.round(1)} beside {published}"


def test_disability_runs_and_spreads_as_in_uk_beam(
    told: PopulationEvidence, evidence: EvidenceLibrary
) -> None:
    records = [evidence[key] for key in MEANS]
    means = {name: one for name, one in told.parameters.items() if name != "spread"}
    scores = simulated(told, means, [record.weeks for record in records])[:, :, 1]
    mean, sd = scores.mean(axis=0), scores.std(axis=0)
    correlation = np.corrcoef(scores.T)[0, 1:]
    assert np.abs(mean - [record.estimate for record in records]).max() < 0.5, mean
    assert np.abs(sd - [record.sd for record in records]).max() < 0.5, sd
    published = [evidence[key].estimate for key in CORRELATIONS]
    assert np.abs(correlation - published).max() < 0.05, correlation


def entries(told: PopulationEvidence) -> dict[str, ElicitedParameter]:
    parts = {"": told.parameters, "correlations ": told.correlations}
    parts |= {f"{name} ": one for name, one in told.classes.items()}
    parts |= {"instrument ": told.instruments}
    return {f"{part}{name}": one for part, some in parts.items() for name, one in some.items()}


def test_every_prior_rests_on_figures_that_a_prior_may_rest_on(
    told: PopulationEvidence, evidence: EvidenceLibrary
) -> None:
    for name, one in entries(told).items():
        assert one.evidence, name
        for key in one.evidence:
            assert "prior" in evidence.prior(key).use, f"{name}: {key}"
            assert evidence[key].status != "recalled", f"{name}: {key} must be marked"


def test_what_a_cohort_itself_told_has_a_distribution_without_it(
    told: PopulationEvidence, evidence: EvidenceLibrary
) -> None:
    for name, one in entries(told).items():
        sources = {evidence[key].source for key in one.evidence}
        cohorts = {evidence.sources[source].cohort for source in sources if source} - {None}
        assert set(one.without) <= cohorts, name
    assert "ashar2022" in told.instruments["pain_nrs"].without
    assert "ashar2022" in told.correlations["pain_disability"].without


def without_ashar(evidence: EvidenceLibrary) -> EvidenceLibrary:
    """Return the evidence with every figure of the trial made another."""
    changed = tuple(
        record.model_copy(update={"estimate": record.estimate * 0.7})
        if record.source == "ashar2022" and record.estimate is not None
        else record
        for record in evidence.records
    )
    return dataclasses.replace(evidence, records=changed)


def test_without_a_cohort_its_figures_tell_nothing(evidence: EvidenceLibrary) -> None:
    other = without_ashar(evidence)
    own, changed = Shelf(evidence, "ashar2022"), Shelf(other, "ashar2022")
    assert retest.pooled(own) == retest.pooled(changed)
    assert between_levels(own) == between_levels(changed)
    one, two = (disability_course(shelf, 0.156) for shelf in (own, changed))
    assert one.centre == two.centre
    assert one.sd == two.sd
    # with them it would be noticed
    assert retest.pooled(Shelf(evidence)) != retest.pooled(Shelf(other))


def test_studies_that_disagree_widen_the_error(evidence: EvidenceLibrary) -> None:
    found = retest.pooled(Shelf(evidence))["rmdq"]
    logs = [retest.log_spread(Shelf(evidence), study) for study in found.studies]
    assert len(logs) == 2
    assert found.log_sd > np.std(logs)


def test_the_file_is_what_the_evidence_gives_now(
    told: PopulationEvidence, evidence: EvidenceLibrary
) -> None:
    for name, one in retest.pooled(Shelf(evidence)).items():
        given = told.instruments[name].distribution
        assert isinstance(given, LogNormal)
        assert given.median == pytest.approx(np.exp(one.log_centre), rel=1e-3), COMMAND


def test_the_file_that_ships_is_as_it_is_written(told: PopulationEvidence, tmp_path: Path) -> None:
    write_population(told, tmp_path / "population.yaml")
    assert (tmp_path / "population.yaml").read_text("utf-8") == POPULATION.read_text("utf-8")


@pytest.mark.slow
def test_the_whole_file_is_what_the_evidence_gives_now(
    told: PopulationEvidence, evidence: EvidenceLibrary
) -> None:
    now = elicit(evidence)
    assert entries(now).keys() == entries(told).keys()
    for name, one in entries(now).items():
        kept = entries(told)[name]
        assert one.evidence == kept.evidence, COMMAND
        # the last of four digits may differ between machines
        np.testing.assert_allclose(centre(one), centre(kept), rtol=5e-3, err_msg=COMMAND)
