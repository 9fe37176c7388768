"""Which priors a run believes."""

from __future__ import annotations

from pathlib import Path

from priors import PriorSet, load_prior_set
from twin.cohort import Cohort
from twin.config.run_config import PriorChoice
from twin.errors import InputError, Problem

from .earlier_fit import power_prior


def chosen_priors(choice: PriorChoice, cohort: Cohort) -> PriorSet:
    """Read the priors of a run, without what came from its own cohort.

    Raises
    ------
    InputError
        If they are not stated for every outcome, or an earlier fit is to inform them that cannot.
    """
    priors = load_prior_set(choice.name, cohort.own_evidence)
    try:
        priors = priors.of_outcomes(tuple(cohort.outcomes))
    except ValueError as error:
        raise InputError([Problem("configuration", str(error).removesuffix("."))]) from error
    if choice.fit is None:
        return priors
    return power_prior(priors, Path(choice.fit), choice.discount, cohort)
