"""The cohort's arrays as data of the model: exchanging them gives the other cohort's model."""

from collections.abc import Mapping

import numpy as np
import pymc as pm
import pytest
from numpy.typing import NDArray
from pytensor.compile.mode import Mode

from priors import load_prior_set
from twin.cohort.synthetic import SyntheticSettings, synthetic_cohort
from twin.fit.arrays import model_spec, records, retest_figures
from twin.fit.model import build_model
from twin.fit.settings import ModelSettings
from twin.fit.shared_data import end_slots, exchangeable
from twin.law.records import Records

# PyTensor asks for a BLAS to link; nothing here multiplies matrices large enough
pytestmark = pytest.mark.filterwarnings("ignore:.*BLAS:UserWarning")

AS_WRITTEN = Mode(linker="py", optimizer=None)  # no compilation: a graph is evaluated once
SETTINGS = SyntheticSettings(people=8, clusters=2, entry_minimum=None)
SLOTS = 30

type Point = Mapping[str, NDArray[np.float64]]


def data_of(seed: int) -> Records:
    return records(synthetic_cohort(SETTINGS, seed)[0], ModelSettings().time_grid)


def built(data: Records, slots: int | None) -> pm.Model:
    cohort, _ = synthetic_cohort(SETTINGS, seed=1)
    spec, priors = model_spec(cohort), load_prior_set("literature")
    return build_model(spec, data, priors, retest_figures(cohort), slots)


def log_density(model: pm.Model, point: Point) -> float:
    terms = model.compile_logp(sum=False, mode=AS_WRITTEN)(point)
    return float(sum(np.sum(term) for term in terms))


def jittered(model: pm.Model) -> Point:
    rng = np.random.default_rng(1)
    return {
        name: value + 0.1 * rng.normal(size=np.shape(value))
        for name, value in model.initial_point().items()
    }


def test_exchanged_data_give_the_other_cohorts_model() -> None:
    one, other = data_of(1), data_of(2)
    assert one.scores.week.shape != other.scores.week.shape or not np.array_equal(
        one.scores.n_scores, other.scores.n_scores
    )
    exchanged, fresh = built(one, SLOTS), built(other, SLOTS)
    point = jittered(fresh)
    wanted = log_density(fresh, point)
    assert log_density(exchanged, point) != pytest.approx(wanted, abs=1e-3)
    for name, value in exchangeable(other, SLOTS).items():
        exchanged[name].set_value(value)
    assert log_density(exchanged, point) == pytest.approx(wanted, rel=1e-12)


def test_idle_slots_add_a_standard_normal_coordinate_and_nothing_else() -> None:
    data = data_of(1)
    used = int(np.count_nonzero(data.scores.end))
    assert 0 < used < SLOTS
    with_idle, without = built(data, SLOTS), built(data, None)
    point = dict(jittered(with_idle))
    (depth,) = [name for name in point if name.startswith("beyond_end")]
    idle = point[depth][used:]
    tight = point | {depth: point[depth][:used]}
    found = log_density(with_idle, point) - log_density(without, tight)
    assert found == pytest.approx(float(-0.5 * (idle**2).sum()), abs=1e-8)


def test_more_scores_at_an_end_than_slots_are_refused() -> None:
    data = data_of(1)
    with pytest.raises(ValueError, match=r"scores lie at an end .* has 1 slots"):
        end_slots(data.scores, 1)


def test_a_cohort_without_scores_at_an_end_has_no_depths() -> None:
    data = data_of(1)
    inside = data._replace(scores=data.scores._replace(end=0 * data.scores.end))
    assert not any(name.startswith("beyond_end") for name in built(inside, None).initial_point())
