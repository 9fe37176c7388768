"""Where a run's twins come from: a fit of a cohort, or evidence."""

from __future__ import annotations

import xarray as xr

from priors import load_evidence
from twin.cohort import Cohort
from twin.config import RunConfig
from twin.diagnose.contraction import contraction
from twin.diagnose.diagnose import diagnose
from twin.elicit.classes import CLASSES
from twin.fit.arrays import model_spec
from twin.fit.fit import fit_cohort, gate_report
from twin.fit.plan import FitPlan
from twin.fit.store import save_fit
from twin.instruments import instrument
from twin.outcomes.natural_history import NaturalHistory, Responders
from twin.outcomes.outcomes import Outcomes
from twin.population.draw import draw_twins
from twin.population.published import ENTRY, RESPONSE_POINTS
from twin.simulate.design import Design

from .outputs import NATURAL_HISTORY, NO_FIT


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


def natural_history(cohort: Cohort, design: Design, config: RunConfig) -> NaturalHistory | None:
    """Return what adds up how people drawn from evidence fare; None for a cohort."""
    if config.population is None:
        return None
    entry = load_evidence()[ENTRY].estimate
    assert entry is not None  # a threshold has a number
    scale = instrument("rmdq")
    responders = Responders("disability", entry / scale.range, RESPONSE_POINTS / scale.range)
    kinds = cohort.patients["episode_class"].tolist()
    return NaturalHistory(design, kinds, CLASSES, responders)


def diagnosed(
    plan: FitPlan,
    fit: xr.DataTree,
    outcomes: Outcomes,
    config: RunConfig,
    history: NaturalHistory | None,
) -> xr.DataTree:
    """Return what a referee asks of a fit, or of people from evidence: how they fare."""
    if history is None:
        return diagnose(plan, fit, outcomes, config.diagnose, config.dropout)
    spec, posterior = model_spec(plan.cohort, plan.model), fit["posterior"].to_dataset()
    return xr.DataTree.from_dict(
        {
            "contraction": contraction(spec, plan.priors, posterior),
            NATURAL_HISTORY: history.dataset(),
        }
    )
