"""People of the population are credible as often as is said, and strange ones are found."""

from __future__ import annotations

import numpy as np
import xarray as xr
from scipy import stats

from twin.assimilate import read_people
from twin.assimilate.credibility import credibility, tail
from twin.cohort.synthetic import SyntheticSettings, synthetic_cohort
from twin.fit.frame import FRAME, Frame
from twin.fit.settings import ModelSettings
from twin.law.grid import Floats


def person(patient: str, *scores: tuple[float, float, float], **said: object) -> dict[str, object]:
    """Return a document of somebody with scores of pain and disability by week."""
    visits = [{"week": week, "pain": pain, "disability": rmdq} for week, pain, rmdq in scores]
    return {"patient": patient, "visits": visits, **said}


def test_a_usual_person_is_credible_and_strange_ones_are_not(known_fit: xr.DataTree) -> None:
    jumps = [(week, 10.0 * (week % 2), 24.0 * (week % 2)) for week in range(6)]
    people = [
        person("usual", (0, 6, 11), (6, 4, 8)),
        person("jumping", *jumps),
        person("old", (0, 6, 11), covariates={"age": 300}),
        {"patient": "blank"},
    ]
    found = credibility(known_fit, read_people(people, known_fit))
    verdict = found["verdict"].to_series().to_dict()
    assert verdict["usual"] == verdict["blank"] == "credible"
    assert verdict["jumping"] == verdict["old"] == "outside the cohort"
    assert found["surprise"].sel(patient="blank") == 1
    # and each by what is strange
    assert found["surprise"].sel(patient="old") > 0.05
    assert found["farthest"].to_series().to_dict()["old"] == "age"
    assert found["beyond"].sel(patient="jumping") == 0


def test_a_person_is_as_credible_alone_as_in_company(known_fit: xr.DataTree) -> None:
    people = [person("a", (0, 6, 11), (6, 4, 8)), person("b", (0, 2, 3))]
    together = credibility(known_fit, read_people(people, known_fit))
    alone = credibility(known_fit, read_people(people[1:], known_fit))
    xr.testing.assert_identical(together.sel(patient=["b"]), alone)


def test_people_of_the_population_are_called_strange_as_seldom_as_is_said(
    known_fit: xr.DataTree,
) -> None:
    # the fit's own world, of which it knows the truth; whoever was enrolled passed its threshold
    cohort, _ = synthetic_cohort(SyntheticSettings(people=400, clusters=2), seed=1)
    others, _ = synthetic_cohort(SyntheticSettings(people=240, clusters=2), seed=2)
    fit = known_fit.copy()
    fit.attrs[FRAME] = Frame.of(others, ModelSettings()).model_dump_json()
    found = credibility(fit, cohort, recruited=True)
    scores = found["surprise"].to_numpy()
    # a binomial of 400 at a twentieth has an SD of 0.011
    assert 0.02 < np.mean(scores < 0.05) < 0.085
    assert stats.kstest(scores, "uniform").pvalue > 0.001
    assert np.mean(found["verdict"] == "credible") > 0.97


def test_the_rank_of_a_vector_among_its_like_is_not_too_small_whatever_they_are_like() -> None:
    rng = np.random.default_rng(1)
    root = np.array([[1.0, 0.0, 0.0], [0.8, 0.6, 0.0], [0.3, 0.2, 0.5]])

    def drawn(n: int) -> Floats:
        # in steps, floored and skewed: nothing like a normal, and often tied
        return np.round(np.maximum(np.exp(rng.normal(size=(n, 3)) @ root.T) - 1, 0), 1)

    tails = np.array([tail(drawn(400), drawn(1)[0]) for _ in range(1500)])
    assert 0.035 < np.mean(tails < 0.05) < 0.065
    assert np.mean(tails < 0.5) < 0.55
