"""A power prior: what an earlier fit of other people has learnt, discounted."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import xarray as xr

from priors import PriorSet
from priors.discount import discounted
from twin.cohort import Cohort
from twin.errors import InputError, Problem
from twin.fit.observed import observed_data
from twin.fit.store import load_fit
from twin.law.grid import Floats

CARRIED = (
    *("start_mean", "set_point_mean", "log_rate_mean", "start_sd", "set_point_sd", "log_rate_sd"),
    *("spread", "persistent_share", "persistence", "cluster_start_sd", "cluster_set_point_sd"),
    *("work_frailty_sd", "cluster_frailty_sd", "log_intensity", "log_exit_intensity"),
    *("worsening_slope", "recovery_slope", "initial_logit", "initial_slope", "absence_precision"),
)
"""Population parameters that are taken over: the natural course, flares and error, and work.
Effects of arms belong to what was given there, those of covariates to how they were coded; matrices
of correlations keep their prior."""


def power_prior(priors: PriorSet, path: Path, discount: float, cohort: Cohort) -> PriorSet:
    """Return priors that an earlier fit informs, parameter by parameter.

    Each becomes prior^(1 - discount) posterior^discount in its own family (`priors.discount`);
    what the posterior says of parameters together is dropped.

    Parameters
    ----------
    priors
        What is believed without the fit; it stays for what the fit lacks, such as work. The fit is
        taken to have started from it.
    path
        Of a stored fit.
    discount
        Between 0 and 1: what a person of that fit counts of one to be fitted.
    cohort
        What is to be fitted: other people, their outcomes measured by the same instruments.

    Raises
    ------
    InputError
        If there is no fit there, it did not pass its gate, it is of the people to be fitted, or it
        has no outcome in common with them or one measured by another instrument.
    """
    fit = load_fit(path)
    if fit is None:
        remedy = "Fits lie under output.fits, and as fit.nc in the folders of runs."
        rule = "is no stored fit: there is no such file"
        raise InputError([Problem("configuration", rule, None, "priors.fit", str(path), remedy)])
    _check(fit, path, cohort)
    posterior = fit["posterior"].to_dataset()
    people = fit["constant_data"].sizes["patient"]
    cited = f"fit of {people} people of {fit.attrs['cohort']} ({path.name}), counting {discount:g}"
    changed = {}
    for name in CARRIED:
        if name not in posterior or name not in priors.parameters:
            continue
        prior = priors[name]
        drawn = _draws(posterior[name], tuple(cohort.outcomes))
        distribution = discounted(prior.distribution, drawn, discount)
        if distribution is not None:
            update = {
                "distribution": distribution,
                "label": "borrowed",
                "cited": (*prior.cited, cited),
            }
            changed[name] = prior.model_copy(update=update)
    note = f"{cited}, in {len(changed)} parameters, each for itself: correlations are dropped"
    return priors.model_copy(
        update={
            "parameters": {**priors.parameters, **changed},
            "notes": (*priors.notes, note),
        }
    )


def _draws(posterior: xr.DataArray, outcomes: tuple[str, ...]) -> Floats:
    """Draws by entry, (draw, entry); an outcome that the fit lacks is NaN."""
    if "outcome" in posterior.dims:
        posterior = posterior.reindex(outcome=list(outcomes))
    values = posterior.transpose("chain", "draw", ...).to_numpy()
    return np.asarray(values.reshape(values.shape[0] * values.shape[1], -1), dtype=float)


def _check(fit: xr.DataTree, path: Path, cohort: Cohort) -> None:
    """Refuse a fit that says nothing reliable, nothing new, or nothing of these scores."""
    problems = []

    def refuse(rule: str, remedy: str) -> None:
        problems.append(Problem(str(path), rule, remedy=remedy))

    if not fit.attrs["converged"]:
        refuse("did not pass its convergence gate", "Fit it with more draws, or smaller steps.")
    if fit.attrs["cohort_hash"] == cohort.hash or _same_scores(fit, cohort):
        refuse(
            f"is a fit of the very people of cohort {cohort.name}: they would count twice",
            "Choose a fit of other people.",
        )
    scales = fit["constant_data"]["instrument"]
    earlier = {
        str(name): json.loads(str(scales.sel(outcome=name).item()))["name"]
        for name in scales["outcome"].to_numpy()
    }
    common = [name for name in cohort.outcomes if name in earlier]
    if not common:
        refuse(
            f"has none of the outcomes {', '.join(cohort.outcomes)}",
            f"It has {', '.join(earlier)}.",
        )
    for name in common:
        if earlier[name] != cohort.outcomes[name].name:
            refuse(
                f"measured {name} by {earlier[name]}, and this cohort by "
                f"{cohort.outcomes[name].name}: levels and errors of one are not those of another",
                "Choose a fit of the same instruments.",
            )
    if problems:
        raise InputError(problems)


def _same_scores(fit: xr.DataTree, cohort: Cohort) -> bool:
    """Whether the same scores were seen in the same weeks, whatever else was read beside them."""
    theirs, ours = fit["observed_data"].to_dataset(), observed_data(cohort)
    common = [name for name in cohort.outcomes if name in theirs["outcome"].values]
    seen = ["week", "score"]
    return theirs[seen].sel(outcome=common).equals(ours[seen].sel(outcome=common))
