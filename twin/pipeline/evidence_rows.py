"""What people who are drawn from evidence rest on, as rows of the report."""

from __future__ import annotations

from collections.abc import Iterator

from priors import PriorSet, load_evidence
from priors.cite import citation
from priors.elicited_population import ElicitedParameter, load_population_evidence
from twin.elicit.natural_history import MIX
from twin.instruments import instruments
from twin.population.facts import FEMALE, KEYS
from twin.report import Estimate

_WORK = (
    "log_intensity",
    "worsening_slope",
    "recovery_slope",
    "log_exit_intensity",
    "initial_logit",
    "work_frailty_sd",
)
_OTHERS = ("log_rate_sd", "persistent_share", "persistence", "flare_correlation", "covariate_r2")


def evidence_rows(priors: PriorSet) -> Iterator[Estimate]:
    """Yield where every ingredient of people and their course comes from."""
    told, library = load_population_evidence(), load_evidence(instruments=instruments())
    keys = [*(key for some in MIX.values() for key in some), *(k for k in KEYS if k != FEMALE)]
    common, women = citation(keys, library), citation([FEMALE], library)
    yield Estimate("How common episode classes, risk groups, ages and jobs are", "borrowed", common)
    yield Estimate("How many are women", "borrowed", women)
    yield Estimate(
        "Digital access, deprivation, and that facts go independently of each other",
        "assumed",
        "no figure was found",
    )
    yield Estimate(
        "What facts other than the episode class do to the course",
        "assumed",
        "effects centred on none; together they explain as much as the prior of covariate_r2 says",
    )
    for name, one in _elicited(told.classes["acute"]):
        yield Estimate(f"{name}, by episode class", one.label, one.source)
    for name, one in _elicited(told.correlations):
        yield Estimate(name, one.label, one.source)
    spread = priors["spread"]
    yield Estimate(
        spread.meaning, spread.label, f"{spread.source}; and each instrument's retest figures"
    )
    for parameter in (*_OTHERS, *_WORK):
        yield Estimate(priors[parameter].meaning, priors[parameter].label, priors[parameter].source)


def _elicited(some: object) -> Iterator[tuple[str, ElicitedParameter]]:
    assert isinstance(some, dict)
    for one in some.values():
        yield one.meaning.removesuffix("; acute at entry"), one
