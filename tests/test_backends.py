"""One law, four tables of operations: the same numbers, and gradients that are their slopes."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytensor
import pytensor.tensor as pt
import pytest
from numpy.typing import NDArray
from pytensor.compile.mode import Mode

from priors import load_prior_set
from twin.cohort import Cohort, DaysAbsent
from twin.cohort.synthetic import SyntheticSettings, synthetic_cohort
from twin.fit.arrays import model_spec, records
from twin.fit.ops import TENSOR
from twin.fit.prior_draw import draw_truth
from twin.law import score_kernels, work_flat_kernels
from twin.law.backends import COMPILED, NUMPY
from twin.law.grid import TimeGrid
from twin.law.likelihood import Terms, log_likelihood
from twin.law.ops import ArrayOps
from twin.law.parameters import ModelSpec, assemble
from twin.law.records import Records

type Floats = NDArray[np.float64]

GRID = TimeGrid((0, 2, 6, 13, 26, 52))
AS_WRITTEN = Mode(linker="py", optimizer=None)  # no compilation: a graph is evaluated once
N_PARAMETERS = {"score_terms": 10, "work_terms": 13}
N_RESULTS = 2
KERNELS = {
    "score_terms": (score_kernels.score_terms, score_kernels.score_terms_gradient),
    "work_terms": (
        work_flat_kernels.flat_work_terms,
        work_flat_kernels.flat_work_terms_gradient,
    ),
}


@pytest.fixture(scope="module", autouse=True)
def _jax_in_double_precision() -> Iterator[None]:
    """Turn on for this file what `twin.fit.sample` turns on before it samples with JAX."""
    import jax

    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", True)
    yield
    jax.config.update("jax_enable_x64", before)


class Case(NamedTuple):
    spec: ModelSpec
    data: Records
    truth: dict[str, Floats]
    covariate: Floats
    latent: Floats
    z: Floats
    eps: Floats

    def terms(self, xp: ArrayOps, truth: dict[str, Any] | None = None, **state: Any) -> Terms:
        at = {"covariate": self.covariate, "latent": self.latent, "z": self.z, "eps": self.eps}
        population = assemble(xp, self.spec, self.truth if truth is None else truth)
        return log_likelihood(xp, population, self.data, **(at | state))


def everything() -> Cohort:
    settings = SyntheticSettings(
        people=8, clusters=2, visit_jitter_weeks=1.0, employed_share=0.75, days_absent=True
    )
    cohort, _ = synthetic_cohort(settings, seed=5)
    patients, visits = cohort.patients.copy(), cohort.visits.copy()
    patients.loc["p002", "age"] = np.nan
    patients.loc["p003", "cluster"] = None
    visits.loc[visits["patient"] == "p004", "pain"] = 0.0
    workers = patients.index[patients["labour_force"]]
    rows = {worker: visits.index[visits["patient"] == worker] for worker in workers}
    left, unseen = rows[workers[0]], rows[workers[1]]
    visits.loc[left[-2:], "work_status"] = ["sick_listed", "permanently_out"]
    visits.loc[left[-1], "days_absent"] = np.nan
    visits.loc[unseen, "work_status"] = None
    visits.loc[unseen[1:], "days_absent"] = 3.0
    # asked about so long a time that windows overlap, and at baseline reach back beyond it
    meaning = DaysAbsent(recall_weeks=7.5)
    most = meaning.possible(pd.Series(7.5, visits.index))
    visits["days_absent"] = visits["days_absent"].clip(upper=most)
    visits.loc[rows[workers[2]][0], "days_absent"] = 11.0
    return replace(cohort, patients=patients, visits=visits, days_absent=meaning)


def without_work(cohort: Cohort) -> Cohort:
    return replace(cohort, visits=cohort.visits.assign(work_status=None, days_absent=np.nan))


def without_days(cohort: Cohort) -> Cohort:
    return replace(cohort, visits=cohort.visits.assign(days_absent=np.nan))


def without_states(cohort: Cohort) -> Cohort:
    return replace(cohort, visits=cohort.visits.assign(work_status=None), days_absent=DaysAbsent())


def without_arms(cohort: Cohort) -> Cohort:
    only = {"usual_care": cohort.arms["usual_care"]}
    return replace(cohort, patients=cohort.patients.assign(arm="usual_care"), arms=only)


def without_entry(cohort: Cohort) -> Cohort:
    return replace(cohort, entry=None)


def without_clusters(cohort: Cohort) -> Cohort:
    return replace(cohort, patients=cohort.patients.assign(cluster=None))


def without_covariates(cohort: Cohort) -> Cohort:
    return replace(cohort, covariates={})


def with_one_outcome(cohort: Cohort) -> Cohort:
    return replace(cohort, outcomes={"disability": cohort.outcomes["disability"]})


def with_nothing(cohort: Cohort) -> Cohort:
    for take in (without_work, without_arms, without_entry, without_clusters, without_covariates):
        cohort = take(cohort)
    return with_one_outcome(cohort)


def with_one_covariate(cohort: Cohort) -> Cohort:
    return replace(cohort, covariates={"age": cohort.covariates["age"]})


OPTIONS = (
    lambda cohort: cohort,
    with_one_covariate,
    without_work,
    without_days,
    without_states,
    without_arms,
    without_entry,
    without_clusters,
    without_covariates,
    with_one_outcome,
    with_nothing,
)
NAMES = [option.__name__.replace("<lambda>", "with_everything") for option in OPTIONS]


def case_of(cohort: Cohort) -> Case:
    rng = np.random.default_rng(6)
    spec, data = model_spec(cohort), records(cohort, GRID)
    n_linear = 3 * len(spec.outcomes) + spec.has_work
    depth = 0.1 * rng.exponential(size=data.scores.end.shape)
    return Case(
        spec,
        data,
        draw_truth(load_prior_set("literature"), spec, (), rng),
        np.where(np.isnan(data.covariate), 0.4, data.covariate),
        data.scores.severity + data.scores.end * depth,
        rng.normal(size=cohort.n),
        rng.normal(size=(cohort.n, n_linear)),
    )


@pytest.fixture(scope="module")
def full() -> Case:
    return case_of(everything())


def flat(terms: Terms) -> list[Any]:
    """Return every array of the terms, those of the people included."""
    return [*terms[:-1], *terms.people]


def total(terms: Terms) -> Any:
    """Return one number that everything in the terms moves."""
    own = terms.people
    people = own.frailty.sum() + (own.start - 2 * own.set_point + 3 * own.response).sum()
    parts = [terms.scores, terms.entry, terms.work_state, terms.days_absent]
    return sum((part if isinstance(part, float) else part.sum()) for part in parts) + people


def evaluated(values: list[Any]) -> list[Floats]:
    symbolic = [pt.as_tensor_variable(value) for value in values]
    return pytensor.function([], symbolic, mode=AS_WRITTEN)()


@pytest.mark.parametrize("option", OPTIONS, ids=NAMES)
def test_all_tables_give_the_same_numbers(option: Callable[[Cohort], Cohort]) -> None:
    import jax.numpy as jnp

    from twin.fit.jax_ops import JAX

    case = case_of(option(everything()))
    wanted = flat(case.terms(NUMPY))
    assert all(np.isfinite(value).all() for value in wanted)
    symbolic = {name: pt.as_tensor_variable(value) for name, value in case.truth.items()}
    traced = {name: jnp.asarray(value) for name, value in case.truth.items()}
    state = {"latent": case.latent, "z": case.z, "eps": case.eps}
    found = {
        "compiled": flat(case.terms(COMPILED)),
        "tensor": evaluated(
            flat(
                case.terms(
                    TENSOR, symbolic, **{n: pt.as_tensor_variable(x) for n, x in state.items()}
                )
            )
        ),
        "jax": flat(case.terms(JAX, traced, **{n: jnp.asarray(x) for n, x in state.items()})),
    }
    for table, values in found.items():
        for value, want in zip(values, wanted, strict=True):
            np.testing.assert_allclose(value, want, rtol=1e-10, atol=1e-10, err_msg=table)


def arguments(case: Case, name: str) -> list[Any]:
    """Return what the law calls a kernel with, its parameters as arrays."""
    caught: list[Any] = []

    def spy(*given: Any) -> Any:
        caught.extend(work_flat_kernels.as_arrays(given) if name == "work_terms" else given)
        return getattr(COMPILED, name)(*given)

    case.terms(COMPILED._replace(**{name: spy}))
    n = N_PARAMETERS[name]
    return [*(np.asarray(x, dtype=float) for x in caught[:n]), *caught[n:]]


def direction(name: str, position: int, like: Floats, rng: np.random.Generator) -> Floats:
    """Return a random direction among the values that an argument can have."""
    away = rng.normal(size=like.shape)
    if (name, position) == ("score_terms", 5):
        return away + away.T  # a covariance
    return away


@pytest.mark.parametrize(
    ("name", "position"),
    [(name, position) for name, n in N_PARAMETERS.items() for position in range(n)],
)
def test_a_kernels_gradient_is_its_slope(full: Case, name: str, position: int) -> None:
    rng = np.random.default_rng(position)
    given = arguments(full, name)
    kernel, gradient = KERNELS[name]
    results = kernel(*given)
    weight = [rng.normal(size=result.shape) for result in results[:N_RESULTS]]
    bar = gradient(*given, *results[N_RESULTS:], *weight)[position]
    away = direction(name, position, given[position], rng)
    length = 2e-4  # the error of the five-point formula is of its fourth power

    def at(steps: int) -> float:
        moved = [*given]
        moved[position] = np.asarray(given[position] + steps * length * unit)
        found = kernel(*moved)[:N_RESULTS]
        return float(sum((w * x).sum() for w, x in zip(weight, found, strict=True)))

    # severities, variances and slopes move by what is small for each
    unit = away * np.minimum(np.abs(given[position]).max(), 1.0)
    slope = (at(-2) - 8 * at(-1) + 8 * at(1) - at(2)) / (12 * length)
    carried = float((bar * unit).sum())
    assert carried != 0
    assert carried == pytest.approx(slope, rel=1e-6, abs=1e-7)


@pytest.mark.slow
def test_carried_and_traced_gradients_are_the_same(full: Case) -> None:
    import jax
    import jax.numpy as jnp

    from twin.fit.jax_ops import JAX

    start = full.truth | {"latent": full.latent, "z": full.z, "eps": full.eps}

    def split(values: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        names = ("latent", "z", "eps")
        return (
            {name: value for name, value in values.items() if name not in names},
            {name: values[name] for name in names},
        )

    def traced(values: dict[str, Any]) -> Any:
        truth, state = split(values)
        return total(full.terms(JAX, truth, **state))

    wanted = jax.grad(traced)({name: jnp.asarray(value) for name, value in start.items()})
    symbolic = {name: pt.as_tensor_variable(value).copy() for name, value in start.items()}
    truth, state = split(symbolic)
    gradients = pytensor.grad(
        total(full.terms(TENSOR, truth, **state)),
        list(symbolic.values()),
        disconnected_inputs="raise",
    )
    found = dict(zip(symbolic, evaluated(gradients), strict=True))
    for name, gradient in wanted.items():
        # what stands above the diagonal of a factor is no parameter
        part = np.tril if name.endswith("_correlation") else np.asarray
        value, want = part(found[name]), part(np.asarray(gradient))
        assert np.abs(want).max() > 0, name
        scale = max(1.0, float(np.abs(want).max()))
        np.testing.assert_allclose(value / scale, want / scale, rtol=0, atol=1e-9, err_msg=name)
