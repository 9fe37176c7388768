"""Where a run's twins come from: a fit of a cohort, or evidence."""

from __future__ import annotations

import xarray as xr

from twin.config import RunConfig
from twin.diagnose.contraction import contraction
from twin.diagnose.diagnose import diagnose
from twin.fit.arrays import model_spec
from twin.fit.fit import fit_cohort, gate_report
from twin.fit.plan import FitPlan
from twin.fit.store import save_fit
from twin.outcomes.outcomes import Outcomes
from twin.population.draw import draw_twins

NO_FIT = "Nothing was fitted: these people are drawn from evidence, and no draw rests on another."
"""What stands in the place of a convergence gate."""


def known_people(plan: FitPlan, config: RunConfig) -> tuple[xr.DataTree, str]:
    """Fit the cohort or find its fit, or draw people from evidence.

    Returns
    -------
    fit
        Stored at the plan's path. People from evidence are drawn anew each time, which takes
        seconds.
    told
        What is to be said of convergence.
    """
    configuration = config.model_dump_json()
    if config.population is None:
        fit = fit_cohort(plan, configuration)
        return fit, str(gate_report(fit))
    drawn = draw_twins(
        plan.cohort, plan.model, plan.priors, config.population.draws, plan.seed, configuration
    )
    save_fit(drawn, plan.path)
    return drawn, NO_FIT


def diagnosed(
    plan: FitPlan, fit: xr.DataTree, outcomes: Outcomes, config: RunConfig
) -> xr.DataTree:
    """Return what a referee asks of a fit; of people from evidence there is only the prior."""
    if config.population is None:
        return diagnose(plan, fit, outcomes, config.diagnose, config.dropout)
    spec, posterior = model_spec(plan.cohort, plan.model), fit["posterior"].to_dataset()
    return xr.DataTree.from_dict({"contraction": contraction(spec, plan.priors, posterior)})
