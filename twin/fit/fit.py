"""From a cohort to a converged, stored posterior; or the stored one, where there is one."""

from __future__ import annotations

import json
import time

import xarray as xr

from twin.cohort import Cohort
from twin.law.grid import TimeGrid
from twin.law.records import Records
from twin.update.everyone import Run

from .arrays import model_spec, records, retest_figures
from .draws import draws, thinned
from .effects import with_effects
from .estimands import arm_contrasts
from .frame import FRAME, Frame
from .gate import check_convergence
from .gate_report import ConvergenceError, GateReport
from .model import build_model
from .observed import constant_data, observed_data
from .people import extract_people
from .plan import FitPlan
from .predictive import posterior_predictive, prior_predictive
from .sample import sample
from .store import load_fit, save_fit
from .subset import representative_rows, subset
from .update import stacked, updated_people
from .versions import versions


def fit_cohort(plan: FitPlan, configuration: str = "{}") -> xr.DataTree:
    """Fit a cohort, or find its fit.

    Parameters
    ----------
    plan
        Cohort, model, priors, sampler and seed.
    configuration
        The whole run's configuration as JSON, kept with the fit.

    Returns
    -------
    xr.DataTree
        Groups ``posterior`` (population parameters, with the effects and correlations they stand
        for), ``twins`` (person parameters), ``sample_stats``, ``estimands``, ``prior_predictive``,
        ``posterior_predictive``, ``observed_data`` and ``constant_data``. Attributes:
        ``configuration``, ``seed``, ``versions``, ``frame`` (see `frame.Frame`), ``cohort``,
        ``cohort_hash``, ``synthetic``, ``gate``, ``converged``, ``accepted_unconverged`` and
        ``timings`` (seconds).

    Raises
    ------
    ConvergenceError
        If the fit, new or found, does not pass the gate and the plan does not accept that.
        Nothing is stored then.
    """
    found = load_fit(plan.path)
    if found is None:
        found = _new_fit(plan, configuration)
        save_fit(found, plan.path)
    report = gate_report(found)
    if not report.passed and not plan.fit.accept_unconverged:
        raise ConvergenceError(report)
    return found


def gate_report(fit: xr.DataTree) -> GateReport:
    """Return what the gate found of a fit."""
    return GateReport.model_validate_json(fit.attrs["gate"])


def _new_fit(plan: FitPlan, configuration: str) -> xr.DataTree:
    cohort, seed, clock = plan.cohort, plan.seed, _Clock()
    spec = model_spec(cohort, plan.model)
    grid = plan.model.time_grid
    data = records(cohort, grid, plan.model.partial_loss)
    learnt_from = _learnt_from(plan, data)
    drawn = sample(
        build_model(spec, learnt_from, plan.priors, retest_figures(cohort)), plan.sampler, seed
    )
    clock.lap("compilation", "sampling", drawn.attrs.get("sampling_seconds", 0.0))

    everything = drawn["posterior"].to_dataset()
    posterior = sampled = with_effects(spec, everything)
    if learnt_from is data:
        states = draws(spec, data, everything)
        twins = extract_people(cohort, spec, data, states, posterior, seed)
    else:
        posterior = thinned(sampled, plan.fit.updated_draws)
        bar = "Updating everyone" if plan.sampler.progress_bar else ""
        run = Run(seed, plan.sampler.cores, bar)
        drawn_from = stacked(spec, posterior, grid, data.dose)
        twins = updated_people(cohort, spec, data, posterior, drawn_from, run, reweigh=False)
    clock.lap("twins")
    weeks = _headline_weeks(cohort, grid)
    estimands = arm_contrasts(spec, data, posterior, twins, cohort.outcomes, weeks)
    sample_stats = drawn["sample_stats"].to_dataset()
    report = check_convergence(sampled, twins, estimands, sample_stats)
    clock.lap("convergence gate")
    if not report.passed and not plan.fit.accept_unconverged:
        raise ConvergenceError(report)

    n = plan.fit.predictive_draws
    groups = {
        "posterior": posterior,
        "twins": twins,
        "sample_stats": sample_stats,
        "estimands": estimands,
        "prior_predictive": prior_predictive(cohort, spec, data, plan.priors, n, seed),
        "posterior_predictive": posterior_predictive(cohort, spec, data, posterior, twins, n, seed),
        "observed_data": observed_data(cohort),
        "constant_data": constant_data(cohort),
    }
    clock.lap("predictive")
    tree = xr.DataTree.from_dict(groups)
    # NetCDF knows no truth values and no nesting: 0 and 1, and JSON
    tree.attrs = {
        "configuration": configuration,
        "seed": seed,
        "versions": json.dumps(dict(versions())),
        FRAME: Frame.of(cohort, plan.model).model_dump_json(),
        "cohort": cohort.name,
        "cohort_hash": cohort.hash,
        "synthetic": int(cohort.synthetic),
        "gate": report.model_dump_json(),
        "converged": int(report.passed),
        "accepted_unconverged": int(not report.passed),
        "timings": json.dumps(clock.seconds),
    }
    return tree


def _learnt_from(plan: FitPlan, data: Records) -> Records:
    """Return those whose data inform the population."""
    people = plan.fit.learn_from
    if people is None or people >= plan.cohort.n:
        return data
    rows = representative_rows(data, people, plan.seed)
    return subset(plan.cohort, data, rows, plan.model)


def _headline_weeks(cohort: Cohort, grid: TimeGrid) -> tuple[float, ...]:
    """Weeks at which arms are compared: the grid's edges as far as people were followed."""
    last = float(cohort.visits["week"].max())
    return tuple(edge for edge in grid.edges[1:] if edge <= last) or (grid.edges[1],)


class _Clock:
    """Seconds that each stage took."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._since = time.perf_counter()

    def lap(self, stage: str, part: str = "", seconds: float = 0.0) -> None:
        """Note the time since the last lap; a part of it whose time is known stands apart."""
        now = time.perf_counter()
        self.seconds[stage] = round(now - self._since - seconds, 3)
        if seconds:
            self.seconds[part] = round(seconds, 3)
        self._since = now
