"""Where a run's twins come from: a fit of a cohort, evidence, or assimilation into either."""

from __future__ import annotations

from pathlib import Path

import xarray as xr

from twin.config import RunConfig
from twin.diagnose.contraction import contraction
from twin.diagnose.diagnose import diagnose
from twin.fit.arrays import model_spec
from twin.fit.fit import fit_cohort, gate_report
from twin.fit.plan import FitPlan
from twin.fit.store import save_fit
from twin.outcomes.natural_history import NaturalHistory
from twin.outcomes.outcomes import Outcomes
from twin.population.draw import draw_twins

from .outputs import NATURAL_HISTORY, NO_FIT
from .unseen import Unseen, assimilated
from .unseen_words import how_found


def known_people(
    plan: FitPlan, config: RunConfig, unseen: Unseen | None
) -> tuple[xr.DataTree, str, Path]:
    """Fit the cohort or find its fit, draw people from evidence, or assimilate them.

    Returns
    -------
    fit
        What a `TwinEnsemble` is made of. People from evidence are drawn anew each time, and
        whoever is assimilated is so, which takes seconds.
    told
        What is to be said of convergence.
    stored
        The file that it lies in.
    """
    configuration = config.model_dump_json()
    if unseen is not None:
        twins = assimilated(unseen, plan.seed, configuration)
        stored = plan.folder / f"twins-{unseen.key}.nc"
        save_fit(twins, stored)
        return twins, how_found(twins), stored
    if config.population is None:
        fit = fit_cohort(plan, configuration)
        return fit, str(gate_report(fit)), plan.path
    drawn = draw_twins(
        plan.cohort, plan.model, plan.priors, config.population.draws, plan.seed, configuration
    )
    save_fit(drawn, plan.path)
    return drawn, NO_FIT, plan.path


def diagnosed(
    plan: FitPlan,
    fit: xr.DataTree,
    outcomes: Outcomes,
    config: RunConfig,
    history: NaturalHistory | None,
) -> xr.DataTree:
    """Return what a referee asks of a fit, or of people from evidence: how they fare.

    Of people whom a fit never saw only how much of each effect is learnt: the rest was asked of the
    fit itself.
    """
    if history is None and config.twins is None:
        return diagnose(plan, fit, outcomes, config.diagnose, config.dropout)
    spec, posterior = model_spec(plan.cohort, plan.model), fit["posterior"].to_dataset()
    groups = {"contraction": contraction(spec, plan.priors, posterior)}
    if history is not None:
        groups[NATURAL_HISTORY] = history.dataset()
    return xr.DataTree.from_dict(groups)
