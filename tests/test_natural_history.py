"""How people fare by kind, against sums written out; and which published figures are drawn in."""

import re

import numpy as np
import pytest
import xarray as xr

from priors import load_evidence
from priors.elicited_population import load_population_evidence
from twin.instruments import instrument
from twin.outcomes.measures import Measures
from twin.outcomes.natural_history import HistoryOf, Responders
from twin.outcomes.settings import OutcomeSettings
from twin.outcomes.summarise import Summary
from twin.outcomes.tallied import tallied
from twin.population.published import RESPONSE_POINTS, published
from twin.simulate.chunk import Chunk
from twin.simulate.design import Design

N_PEOPLE, SAMPLES, WEEKS = 7, 6, 5
KINDS = ("acute", "persistent", "acute", "persistent", "persistent", "acute", "persistent")
ORDER = ("acute", "subacute", "persistent")
RESPONDERS = Responders("disability", 6 / 24, 4 / 24)


@pytest.fixture(scope="module")
def design() -> Design:
    return Design(
        scenarios=("app", "usual_care"),
        comparator="usual_care",
        patients=tuple(f"e{i}" for i in range(N_PEOPLE)),
        weeks=np.arange(WEEKS),
        outcomes=("pain", "disability"),
        instruments={"pain": instrument("pain_nrs"), "disability": instrument("rmdq")},
        n_chains=2,
        n_draws=SAMPLES // 2,
        has_work=True,
        worker=np.array([True, True, False, True, True, True, False]),
    )


@pytest.fixture(scope="module")
def simulated(design: Design) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    shape = (2, SAMPLES, N_PEOPLE, WEEKS)
    scores = np.stack([rng.integers(0, 11, shape), rng.integers(0, 25, shape)], axis=-1)
    work = rng.integers(0, 4, shape)
    work[:, :, ~design.worker] = -1
    return scores.astype(np.float32), work.astype(np.int8)


def found(design: Design, scores: np.ndarray, work: np.ndarray, size: int) -> xr.Dataset:
    measures = Measures.of(design, OutcomeSettings(), HistoryOf(KINDS, ORDER, RESPONDERS))
    summary = Summary(design, measures)
    for at in range(0, N_PEOPLE, size):
        people = np.s_[:, :, at : at + size]
        chunk = Chunk(at, scores[people], scores[people], work[people])
        summary.add(tallied(design, measures, [chunk]))
    history = summary.history()
    assert history is not None
    return history.dataset()


def test_statistics_are_those_of_the_comparator_written_out(
    design: Design, simulated: tuple[np.ndarray, np.ndarray]
) -> None:
    scores, work = simulated
    told = found(design, scores, work, size=3)
    assert told["kind"].to_numpy().tolist() == ["acute", "persistent"]
    pain, disability = scores[1, ..., 0], scores[1, ..., 1]
    acute = np.array(KINDS) == "acute"
    at = {"outcome": "pain", "kind": "acute"}
    np.testing.assert_allclose(10 * told["mean"].sel(at), pain[:, acute].mean(1), rtol=1e-6)
    own = told.sel(outcome="disability")
    np.testing.assert_allclose(24 * own["everyone"], disability.mean(1), rtol=1e-6)
    np.testing.assert_allclose(24 * own["sd"], disability.std(1), rtol=1e-6)
    np.testing.assert_allclose(own["at_best"], (disability == 0).mean(1))
    for sample in range(SAMPLES):
        enrolled = disability[sample, :, 0] >= 6
        fell = disability[sample, :, :1] - disability[sample] >= 4
        expected = fell[enrolled].mean(0)
        np.testing.assert_allclose(told["improved"].isel(sample=sample), expected)
        states = work[1, sample, design.worker]
        np.testing.assert_allclose(told["absent"].isel(sample=sample), (states >= 2).mean(0))
        away = states[states[:, 0] != 0]
        back = [(away[:, : week + 1] == 0).any(1).mean() for week in range(WEEKS)]
        np.testing.assert_allclose(told["returned"].isel(sample=sample), back)


def test_how_people_are_cut_into_chunks_changes_nothing(
    design: Design, simulated: tuple[np.ndarray, np.ndarray]
) -> None:
    assert found(design, *simulated, size=1).equals(found(design, *simulated, size=7))


def test_a_figure_for_validation_is_drawn_as_not_fitted_to() -> None:
    library = load_evidence()
    points = published(library)
    responders = [point for point in points if point.statistic == "improved"]
    assert [point.fitted for point in responders] == [False]
    assert responders[0].value == 0.39
    what = library["selfback_responders_usual_care_3mo"].what
    assert f"at least {RESPONSE_POINTS} points" in what


def test_every_figure_that_priors_were_made_to_give_is_one_that_they_rest_on() -> None:
    told = load_population_evidence()
    keys = {
        key
        for some in (told.parameters, *told.classes.values())
        for one in some.values()
        for key in one.evidence
    }
    library = load_evidence()
    rows = {library[key].row for key in keys}
    for point in published(library):
        if point.fitted and point.statistic != "absent":  # of work nothing is elicited here
            (row,) = re.findall(r"evidence (\d+\.\d+)", point.source)
            assert row in rows, point
