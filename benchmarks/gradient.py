"""How much faster the hand-differentiated kernels are than the plain law differentiated by JAX.

    python benchmarks/gradient.py [--people 240] [--repeats 100] [--days-absent]

Both carry the gradient of the same sum back to the same arguments, on the default synthetic cohort,
after compilation. Times differ between machines: read the ratios.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from twin.cohort.synthetic import SyntheticSettings, synthetic_cohort
from twin.fit.arrays import model_spec, records
from twin.fit.jax_ops import JAX
from twin.fit.settings import ModelSettings
from twin.law import score_kernels, work_flat_kernels
from twin.law.backends import COMPILED, NUMPY
from twin.law.likelihood import log_likelihood
from twin.law.parameters import assemble, sampled_parameters

PARAMETERS = {"score_terms": 10, "work_terms": 13}
RESULTS = 2
KERNELS = {
    "score_terms": (score_kernels.score_terms, score_kernels.score_terms_gradient),
    "work_terms": (
        work_flat_kernels.flat_work_terms,
        work_flat_kernels.flat_work_terms_gradient,
    ),
}


def arguments(people: int, days_absent: bool) -> dict[str, list[Any]]:
    """Return what the law calls each kernel with at the truth of a synthetic cohort."""
    cohort, truth = synthetic_cohort(
        SyntheticSettings(people=people, days_absent=days_absent), seed=1
    )
    spec, data = model_spec(cohort), records(cohort, ModelSettings().time_grid)
    values = {p.name: truth[p.name].to_numpy() for p in sampled_parameters(spec)}
    population, rng = assemble(NUMPY, spec, values), np.random.default_rng(1)
    caught: dict[str, list[Any]] = {}

    def spy(name: str) -> Callable[..., Any]:
        def called(*given: Any) -> Any:
            n = PARAMETERS[name]
            flat = work_flat_kernels.as_arrays(given) if name == "work_terms" else given
            caught[name] = [*(np.asarray(x, dtype=float) for x in flat[:n]), *flat[n:]]
            return getattr(COMPILED, name)(*given)

        return called

    log_likelihood(
        COMPILED._replace(score_terms=spy("score_terms"), work_terms=spy("work_terms")),
        population,
        data,
        np.nan_to_num(data.covariate),
        data.scores.severity,
        rng.normal(size=cohort.n),
        rng.normal(size=(cohort.n, population.n_linear)),
    )
    return caught


def seconds(call: Callable[[], Any], repeats: int) -> float:
    """Return the median time of a call, after one that compiles."""
    call()
    taken = []
    for _ in range(repeats):
        since = time.perf_counter()
        call()
        taken.append(time.perf_counter() - since)
    return float(np.median(taken))


def compare(name: str, told: list[Any], repeats: int) -> str:
    """Return a line with both times of a kernel's gradient and their ratio."""
    n = PARAMETERS[name]
    kernel, gradient = KERNELS[name]
    bars = [np.ones_like(x) for x in kernel(*told)[:RESULTS]]

    def total(parameters: list[Any]) -> Any:
        given = (*parameters, *told[n:])
        if name == "work_terms":
            given = work_flat_kernels.in_tables(given)
        return sum(part.sum() for part in getattr(JAX, name)(*given))

    traced = jax.jit(jax.grad(total))
    by_kernel = seconds(lambda: gradient(*told, *kernel(*told)[RESULTS:], *bars), repeats)
    by_jax = seconds(lambda: jax.block_until_ready(traced(told[:n])), repeats)
    return (
        f"{name:<12} kernel {1e3 * by_kernel:7.2f} ms   JAX {1e3 * by_jax:7.2f} ms   "
        f"ratio {by_jax / by_kernel:5.1f}"
    )


def main() -> None:
    """Print both times and their ratio for each kernel."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=240)
    parser.add_argument("--repeats", type=int, default=100)
    parser.add_argument("--days-absent", action="store_true", help="reported beside work states")
    given = parser.parse_args()
    jax.config.update("jax_enable_x64", True)
    for name, told in arguments(given.people, given.days_absent).items():
        print(compare(name, told, given.repeats))


if __name__ == "__main__":
    main()
