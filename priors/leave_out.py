"""Priors without what came from the very cohort that is to be fitted."""

from __future__ import annotations

from .evidence import EvidenceLibrary
from .prior import Belief, Prior


def own_cohorts(belief: Belief, evidence: EvidenceLibrary) -> dict[str, tuple[str, ...]]:
    """Return the cohorts of ours that a belief rests on, with the keys of the figures from each."""
    found: dict[str, tuple[str, ...]] = {}
    for key in belief.evidence:
        record = evidence[key]
        sources = [record.source, *record.also_in]
        cohorts = {evidence.sources[one].cohort for one in sources if one is not None}
        for cohort in cohorts - {None}:
            found[str(cohort)] = (*found.get(str(cohort), ()), key)
    return found


def leaving_out(prior: Prior, cohort: str, evidence: EvidenceLibrary) -> Prior:
    """Return a prior as it is believed, and says so, without the figures of a cohort."""
    keys = own_cohorts(prior, evidence).get(cohort, ())
    left = tuple(key for key in prior.evidence if key not in keys)
    return prior.model_copy(
        update={
            "distribution": prior.without[cohort],
            "without": {},
            "evidence": left,
            "label": prior.label if left else "assumed",
            "reason": f"{prior.reason}; restated without what came from {cohort}",
        }
    )
