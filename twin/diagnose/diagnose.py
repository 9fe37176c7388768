"""Every diagnostic of a fit and of what was simulated from it, in one tree."""

from __future__ import annotations

from pathlib import Path

import xarray as xr

from twin.fit.arrays import model_spec, records, retest_figures
from twin.fit.draws import evenly
from twin.fit.plan import FitPlan
from twin.fit.store import load_fit, save_fit
from twin.law.compiling import source_hash
from twin.outcomes.outcomes import Outcomes

from .contraction import contraction
from .densities import log_priors, retest_log_likelihood
from .dropout import dropout_contrasts
from .dropout_settings import DropoutSettings, dropout_deltas
from .leave_one_out import leave_one_out, person_log_likelihood
from .pareto import FEWEST_DRAWS
from .power import Weights
from .sensitivity import LIKELIHOOD, contrasts_under_powers, prior_weights, quantities, scaled
from .settings import DiagnoseSettings

_HASH_LENGTH = 8  # tells versions of one package apart


def diagnose(
    plan: FitPlan,
    fit: xr.DataTree,
    outcomes: Outcomes,
    settings: DiagnoseSettings,
    dropout: DropoutSettings,
) -> xr.DataTree:
    """Diagnose a fit and what was simulated from it.

    Parameters
    ----------
    plan
        What the fit was made from.
    fit
        The fit.
    outcomes
        What was simulated, at evenly spaced draws of the fit.
    settings
        What is done, and at how many draws.
    dropout
        What is believed of those who left.

    Returns
    -------
    xr.DataTree
        Groups ``contraction``; ``log_prior``, ``power_scaling`` and ``contrast_power``; and, unless
        people are not left out or the fit has fewer than `FEWEST_DRAWS`, ``log_likelihood``
        and ``leave_one_out``. Without the likelihood ``power_scaling`` has no such component. Where
        those who left may have done worse, and there are arms to compare, ``dropout``.
    """
    spec = model_spec(plan.cohort, plan.model)
    posterior, estimands = fit["posterior"].to_dataset(), fit["estimands"].to_dataset()
    simulated = evenly(posterior.sizes["draw"], outcomes.cohort.sizes["draw"])
    some = posterior.isel(draw=simulated)
    log_prior = log_priors(spec, plan.priors, some)
    weights = prior_weights(log_prior)
    moved = scaled(quantities(spec, some, estimands.isel(draw=simulated)), weights)
    groups = {
        "contraction": contraction(spec, plan.priors, posterior),
        "log_prior": log_prior,
        "contrast_power": contrasts_under_powers(outcomes, weights),
    }
    if settings.leave_out and posterior.sizes["chain"] * posterior.sizes["draw"] >= FEWEST_DRAWS:
        likelihood = _log_likelihood(plan, posterior, fit["twins"].to_dataset(), settings)
        kept = evenly(posterior.sizes["draw"], likelihood.sizes["draw"])
        told, likely = posterior.isel(draw=kept), estimands.isel(draw=kept)
        total = likelihood["person"].sum("patient") + likelihood["retest"]
        own = scaled(quantities(spec, told, likely), {LIKELIHOOD: Weights(total)})
        moved = xr.concat([moved, own], dim="component")
        groups["log_likelihood"] = likelihood
        groups["leave_one_out"] = leave_one_out(likelihood["person"])
    if dropout.assume == "delta" and len(spec.arms) > 1:
        people = fit["twins"].to_dataset().isel(draw=simulated)
        weeks = [float(week) for week in estimands["week"].to_numpy()]
        deltas = dropout_deltas(plan.cohort, dropout)
        data = records(plan.cohort, plan.model.time_grid)
        groups["dropout"] = dropout_contrasts(plan.cohort, spec, data, some, people, weeks, deltas)
    return xr.DataTree.from_dict({**groups, "power_scaling": moved})


def _log_likelihood(
    plan: FitPlan, posterior: xr.Dataset, twins: xr.Dataset, settings: DiagnoseSettings
) -> xr.Dataset:
    """Integrate each person's likelihood, or find what was integrated before."""
    code = source_hash(Path(__file__).resolve().parent)[:_HASH_LENGTH]
    stem = f"{plan.path.stem}-likelihood-{settings.draws}x{settings.points}-{code}"
    path = plan.path.with_name(f"{stem}.nc")
    found = load_fit(path)
    if found is not None:
        return found["log_likelihood"].to_dataset()
    spec, figures = model_spec(plan.cohort, plan.model), retest_figures(plan.cohort)
    kept = evenly(posterior.sizes["draw"], settings.draws // posterior.sizes["chain"])
    some = posterior.isel(draw=kept)
    likelihood = xr.Dataset(
        {
            "person": person_log_likelihood(
                spec,
                records(plan.cohort, plan.model.time_grid),
                some,
                twins.isel(draw=kept),
                [str(patient) for patient in plan.cohort.patients.index],
                settings.points,
                plan.seed,
            ),
            "retest": retest_log_likelihood(some, figures, plan.priors.retest_log_sd),
        }
    )
    save_fit(xr.DataTree.from_dict({"log_likelihood": likelihood}), path)
    return likelihood
