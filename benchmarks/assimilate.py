"""How long a twin without a refit takes, and how much memory.

    python benchmarks/assimilate.py runs/<run>/fit.nc [--people 1000] [--workers 2]

Reads a stored fit; new people with five visits each are generated, in the design of the synthetic
cohort. Of one person, after warm-up, the median of fifty is told: of the whole way from records to
`twins`, and of the posterior alone, which is what an importance sampler of another package is
compared by (JMbayes2: 210 ms for one person with 200 draws of a simpler model; rstanarm: 1.4 s).
"""

from __future__ import annotations

import argparse
import resource
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from twin.assimilate import Assimilator
from twin.assimilate.newcomers import newcomers, records_of_newcomers
from twin.cohort import Cohort
from twin.cohort.synthetic import SyntheticSettings, synthetic_cohort
from twin.fit.people import last_weeks
from twin.fit.store import load_fit
from twin.fit.update import stacked
from twin.update.everyone import CANDIDATES
from twin.update.update import update

ONE_BY_ONE = 50


def new_people(people: int) -> Cohort:
    """Return people who came to all five visits."""
    settings = SyntheticSettings(people=people, missing_shares=(0.0,) * 5)
    return synthetic_cohort(settings, seed=99)[0]


def only(cohort: Cohort, patient: str) -> Cohort:
    """Return a cohort of one."""
    return replace(
        cohort,
        patients=cohort.patients.loc[[patient]],
        visits=cohort.visits[cohort.visits["patient"] == patient],
    )


def main() -> None:
    """Print times of one person and of many, diagnostics, and the peak of memory."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("fit", type=Path)
    parser.add_argument("--people", type=int, default=1000)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    fit = load_fit(given.fit)
    if fit is None:
        parser.error(f"there is no fit at {given.fit}")
    since = time.perf_counter()
    ready = Assimilator(fit)
    everyone = new_people(given.people)
    ready.assimilate(only(everyone, str(everyone.patients.index[0])))
    print(
        f"warm-up, compilation included where it is not cached: {time.perf_counter() - since:.1f} s"
    )

    whole, posterior = [], []
    stack = stacked(ready.frame.spec, ready.posterior, ready.frame.time_grid, ready.frame.dose)
    for patient in everyone.patients.index[:ONE_BY_ONE]:
        one = only(everyone, str(patient))
        since = time.perf_counter()
        ready.assimilate(one)
        whole.append(time.perf_counter() - since)
        read = newcomers(ready.frame, one).cohort
        records = records_of_newcomers(ready.frame, read)
        week = float(last_weeks(read, records)[0])
        since = time.perf_counter()
        update(stack, records, 0, str(patient), week, 1, candidates=CANDIDATES, reweigh=True)
        posterior.append(time.perf_counter() - since)
    for name, times in (("records to twins", whole), ("the posterior alone", posterior)):
        low, median, high = 1e3 * np.quantile(times, [0.1, 0.5, 0.9])
        print(
            f"one person, {stack.n} draws, {name}: median {median:.0f} ms ({low:.0f} to {high:.0f})"
        )

    since, spent = time.perf_counter(), time.process_time()
    twins = ready.assimilate(everyone, workers=given.workers)["twins"]
    since, spent = time.perf_counter() - since, time.process_time() - spent
    print(
        f"{given.people} people on {given.workers} threads: {since:.1f} s, of {spent:.1f} s of "
        f"processor time"
    )
    k, ess = twins["pareto_k"].to_numpy(), twins["ess"].to_numpy()
    print(
        f"Pareto k: median {np.median(k):.2f}, largest {k.max():.2f}, above 0.7 {(k > 0.7).sum()}; "
        f"effective draws of {stack.n}: median {np.median(ess):.0f}, least {ess.min():.0f}; "
        f"tempered: {(twins['method'].to_numpy() != 'laplace').sum()}"
    )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"peak of memory, the fit included: {peak:.2f} GiB")


if __name__ == "__main__":
    main()
