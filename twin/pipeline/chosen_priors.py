"""Which priors a run believes."""

from __future__ import annotations

from pathlib import Path

from priors import PriorSet, load_prior_set
from twin.cohort import Cohort
from twin.config.run_config import PriorChoice

from .earlier_fit import power_prior


def chosen_priors(choice: PriorChoice, cohort: Cohort) -> PriorSet:
    """Read the priors of a run, without what came from its own cohort.

    Raises
    ------
    InputError
        If an earlier fit is to inform them that cannot.
    """
    priors = load_prior_set(choice.name, cohort.own_evidence)
    if choice.fit is None:
        return priors
    return power_prior(priors, Path(choice.fit), choice.discount, cohort)
