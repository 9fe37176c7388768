"""Effective samples per second of this engine and of Stan, on the same posterior.

    pip install -c constraints.txt -e '.[benchmark]'
    python benchmarks/against_stan.py [--people 461] [--chains 4] [--cores 2] [--keep-caches]

The model is that of pain and disability alone: no work, covariates or clusters (bivariate.stan).
Each side runs in a process of its own, one after the other, as its users would run it: the engine
with its default sampler, Stan with 1,000 draws of adaptation and 1,000 kept a chain. Stan starts
where the engine does. Both compile from nothing unless the caches are kept. Effective samples are
the fewest, bulk or tail, of any population parameter; seconds of sampling include adaptation.

First the two log densities are compared at random points, and at the end the two sets of posterior
means and SDs. Times differ between machines: read the ratios.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import arviz as az
import numpy as np
import pytensor
import xarray as xr
from processes import processor_seconds, run_apart
from pytensor.compile.mode import Mode
from stan_data import stan_data

from priors import load_prior_set
from twin.cohort.synthetic import SyntheticSettings, synthetic_cohort
from twin.fit.arrays import model_spec, records, retest_figures
from twin.fit.geometry import coordinate_of
from twin.fit.model import build_model
from twin.fit.sample import compile_model, sample_compiled
from twin.fit.settings import ModelSettings, SamplerSettings
from twin.law.parameters import ModelSpec, sampled_parameters

STAN_WARMUP, STAN_DRAWS = 1000, 1000
POINTS = 5
FURTHEST = 4.0
"""Largest difference of two posterior means, in its standard errors, that chance explains: among
about 100 means and SDs it is passed with probability 0.006."""


class Problem:
    """The cohort, its model in PyMC and its data for Stan."""

    def __init__(self, people: int) -> None:
        cohort, _ = synthetic_cohort(SyntheticSettings(people=people, clusters=0), seed=1)
        visits = cohort.visits.assign(work_status=None)
        cohort = replace(cohort, visits=visits, covariates={})
        priors, retest = load_prior_set("literature"), retest_figures(cohort)
        data = records(cohort, ModelSettings().time_grid)
        self.spec = model_spec(cohort)
        self.model = build_model(self.spec, data, priors, retest)
        self.stan_data = stan_data(self.spec, data, priors, retest)

    def evaluate(self, points: list[dict[str, Any]]) -> list[tuple[float, dict[str, Any]]]:
        """Return log density, and values on their own scales, at points of the sampler's space.

        The density is by the values; those of correlations are the factors of their matrices, of
        which the partial correlations that the engine samples are the coordinates.
        """
        every = [variable.name for variable in self.model.unobserved_RVs]
        names = [name for name in every if name not in {coordinate_of(other) for other in every}]
        values = dict(
            zip(
                (variable.name for variable in self.model.unobserved_RVs),
                self.model.replace_rvs_by_values(self.model.unobserved_RVs),
                strict=True,
            )
        )
        # as written: the graph is evaluated a few times, and compiling it takes minutes
        evaluated = pytensor.function(
            self.model.value_vars,
            [self.model.logp(jacobian=False), *(values[name] for name in names)],
            mode=Mode(linker="py", optimizer=None),
        )
        inputs = [variable.name for variable in self.model.value_vars]
        found = [evaluated(*(point[name] for name in inputs)) for point in points]
        told = []
        for density, *own in found:
            at = {name: np.asarray(value) for name, value in zip(names, own, strict=True)}
            factors = [value for name, value in at.items() if name.endswith("_correlation")]
            by_factor = float(density) - sum(map(log_factor_by_partial, factors))
            told.append((by_factor, {name: value.tolist() for name, value in at.items()}))
        return told


def log_factor_by_partial(factor: Any) -> float:
    """Log derivative of a correlation matrix's factor by halves of its partial correlations + 1."""
    row, column = np.tril_indices(len(factor), -1)
    before = np.cumsum(factor**2, axis=1) - factor**2
    return float(np.log(2 * np.sqrt(1 - before[row, column])).sum())


def run_engine(given: argparse.Namespace) -> None:
    """Compile and sample with the engine; leave draws and seconds in the folder."""
    problem = Problem(given.people)
    settings = SamplerSettings(chains=given.chains, cores=given.cores, progress_bar=False)
    since = time.perf_counter()
    compiled = compile_model(problem.model)
    ready, spent = time.perf_counter(), processor_seconds()
    drawn = sample_compiled(compiled, settings, seed=1)
    seconds = {
        "compile": ready - since,
        "sample": time.perf_counter() - ready,
        "processor": processor_seconds() - spent,
    }
    posterior = drawn["posterior"].to_dataset()
    steps = drawn["sample_stats"]["n_steps"]
    draws = {p.name: posterior[p.name].to_numpy() for p in sampled_parameters(problem.spec)}
    leave(given, problem.spec, draws, seconds | {"steps": float(steps.mean())})


def run_stan(given: argparse.Namespace) -> None:
    """Compile and sample with Stan, comparing densities in between; leave draws and seconds."""
    import stan

    problem = Problem(given.people)
    code = Path(__file__).with_name("bivariate.stan").read_text()
    since = time.perf_counter()
    built = stan.build(code, data=problem.stan_data, random_seed=1)
    seconds = {"compile": time.perf_counter() - since}
    start = problem.model.initial_point()
    compare_densities(problem, built, start)
    ((_, inits),) = problem.evaluate([start])
    since, spent = time.perf_counter(), processor_seconds()
    fit = built.sample(
        num_chains=given.chains,
        num_warmup=given.stan_warmup,
        num_samples=given.stan_draws,
        init=[inits] * given.chains,
    )
    # its workers outlive the call
    seconds["processor"] = processor_seconds() - spent
    seconds["sample"] = time.perf_counter() - since
    told = " ".join(output.decode() for output in fit.stan_outputs)
    for stage in ("Warm-up", "Sampling"):
        own = re.findall(rf"([\d.e+-]+) seconds \({stage}\)", told)
        seconds[f"own {stage}"] = sum(map(float, own)) / given.cores
    seconds["steps"] = float(fit["n_leapfrog__"].mean())
    draws = {}
    for parameter in sampled_parameters(problem.spec):
        seen = parameter.name == "arm_effect"
        values = fit["arm_effect_taken_up" if seen else parameter.name]
        # chains alternate
        values = values.reshape(*values.shape[:-1], -1, given.chains)
        draws[parameter.name] = np.moveaxis(values, (-1, -2), (0, 1))
    share = 1 - np.exp(-problem.spec.usual_week / draws["response_time"])
    draws["arm_effect"] = draws["arm_effect"] / share[..., None]
    leave(given, problem.spec, draws, seconds)


def compare_densities(problem: Problem, built: Any, start: Mapping[str, Any]) -> None:
    """Print by how much the difference of the two log densities varies between points."""
    rng = np.random.default_rng(1)
    points = [
        {name: value + 0.3 * rng.normal(size=np.shape(value)) for name, value in start.items()}
        for _ in range(POINTS)
    ]
    told = problem.evaluate(points)
    theirs = [
        built.log_prob(built.unconstrain_pars(values), adjust_transform=False) for _, values in told
    ]
    ours = np.array([density for density, _ in told])
    apart = ours - np.array(theirs)
    print(
        f"log densities at {POINTS} random points: {np.ptp(ours):.0f} apart in the engine, "
        f"differing from Stan's by a constant to within {np.ptp(apart):.1e}",
        flush=True,
    )
    if np.ptp(apart) > 1e-6:
        sys.exit(f"the two are not the same posterior: engine less Stan {apart}")


def leave(
    given: argparse.Namespace, spec: ModelSpec, draws: Mapping[str, Any], seconds: dict[str, float]
) -> None:
    """Write scalars by population parameter, and seconds."""
    scalars = {}
    for parameter in sampled_parameters(spec):
        values = np.asarray(draws[parameter.name])
        if parameter.is_correlation:
            correlation = values @ np.swapaxes(values, -1, -2)
            below = np.tril_indices(values.shape[-1], -1)
            values = correlation[:, :, *below]
        flat = values.reshape(*values.shape[:2], -1)
        for place in range(flat.shape[-1]):
            scalars[f"{parameter.name}[{place}]"] = (("chain", "draw"), flat[:, :, place])
    xr.Dataset(scalars).to_netcdf(given.into / f"{given.side}.nc")
    (given.into / f"{given.side}.json").write_text(json.dumps(seconds))


def worst(draws: xr.Dataset) -> tuple[float, str]:
    """Return the smallest effective size, bulk or tail, of any scalar, and its name."""
    sizes = [
        (float(value), f"{name} ({method})")
        for method in ("bulk", "tail")
        for name, value in az.ess(draws, method=method).data_vars.items()
    ]
    return min(sizes)


def agreement(one: xr.Dataset, other: xr.Dataset) -> tuple[float, str]:
    """Return the largest difference of means or SDs in its Monte Carlo standard errors."""
    gaps = []
    for what, error in (("mean", "mean"), ("std", "sd")):
        apart = abs(getattr(one, what)() - getattr(other, what)())
        sides = [az.mcse(draws, method=error) for draws in (one, other)]
        for name in one:
            spread = np.hypot(float(sides[0][name]), float(sides[1][name]))
            gaps.append((float(apart[name]) / spread, f"{what} of {name}"))
    return max(gaps)


def report(folder: Path, memory: dict[str, float]) -> None:
    """Print the table, the ratio and the agreement."""
    sides = {name: xr.load_dataset(folder / f"{name}.nc") for name in ("engine", "stan")}
    seconds = {name: json.loads((folder / f"{name}.json").read_text()) for name in sides}
    rates = {}
    print(
        f"{'':8}{'compile s':>10}{'sample s':>10}{'CPU s':>8}{'draws':>8}{'steps':>7}{'R-hat':>7}"
        f"{'min ESS':>9}{'ESS/s':>8}{'GiB':>6}  worst"
    )
    for name, draws in sides.items():
        least, which = worst(draws)
        rhat = max(float(value) for value in az.rhat(draws).data_vars.values())
        took = seconds[name]
        rates[name] = least / took["sample"]
        print(
            f"{name:8}{took['compile']:10.1f}{took['sample']:10.1f}{took['processor']:8.1f}"
            f"{draws.sizes['chain'] * draws.sizes['draw']:8}{took['steps']:7.1f}{rhat:7.3f}"
            f"{least:9.0f}{rates[name]:8.2f}{memory[name]:6.2f}  {which}"
        )
    print(f"ratio of effective samples per second: {rates['engine'] / rates['stan']:.2f}")
    paid = {name: worst(draws)[0] / seconds[name]["processor"] for name, draws in sides.items()}
    print(f"per second of processor time, on a shared machine: {paid['engine'] / paid['stan']:.2f}")
    own = seconds["stan"]["own Sampling"]
    unadapted = worst(sides["stan"])[0] / own
    print(
        f"with only Stan's adaptation left out, by its own clock ({own:.1f} s for the draws): "
        f"{rates['engine'] / unadapted:.2f}"
    )
    gap, which = agreement(sides["engine"], sides["stan"])
    print(f"largest difference of posterior means and SDs: {gap:.2f} standard errors ({which})")
    if gap > FURTHEST:
        sys.exit("the two posteriors differ by more than Monte Carlo error")


def main() -> None:
    """Run both sides apart, then compare what they left; or run one side."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=461)
    parser.add_argument("--chains", type=int, default=4)
    parser.add_argument("--cores", type=int, default=os.cpu_count())
    parser.add_argument("--stan-warmup", type=int, default=STAN_WARMUP)
    parser.add_argument("--stan-draws", type=int, default=STAN_DRAWS)
    parser.add_argument("--keep-caches", action="store_true")
    parser.add_argument("--side", choices=["engine", "stan"], help=argparse.SUPPRESS)
    parser.add_argument("--into", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.side is not None:
        {"engine": run_engine, "stan": run_stan}[given.side](given)
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        cache = None if given.keep_caches else folder / "cache"
        memory = {}
        for side in ("stan", "engine"):
            memory[side], code = run_apart([*sys.argv, "--side", side, "--into", name], cache)
            if code:
                sys.exit(code)
        report(folder, memory)


if __name__ == "__main__":
    main()
