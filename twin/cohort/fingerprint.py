"""A cohort's fingerprint, by which a fit of the same people is found again."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from twin.cohort.cohort import Cohort


def fingerprint(cohort: Cohort) -> str:
    """Return the SHA-256 (hexadecimal) of all that a cohort holds.

    Order that the model sees (of outcomes, covariates and arms) counts; the order of the rows in
    the files does not, because a cohort's frames are sorted.
    """
    header = {
        "name": cohort.name,
        "synthetic": cohort.synthetic,
        # Lists of pairs: JSON objects would lose the order.
        "outcomes": [(name, scale.model_dump()) for name, scale in cohort.outcomes.items()],
        "covariates": [(name, asdict(meaning)) for name, meaning in cohort.covariates.items()],
        "arms": [(name, asdict(arm)) for name, arm in cohort.arms.items()],
        "entry": asdict(cohort.entry) if cohort.entry else None,
        "evidence_ids": sorted(cohort.evidence_ids),
        "days_absent": asdict(cohort.days_absent) if cohort.has_days else None,
    }
    if cohort.work_unseen:
        header["work_unseen"] = True
    # CSV writes floats by `repr`, so that no digit is lost; pandas' JSON would cut them.
    tables = (frame.to_csv(lineterminator="\n") for frame in (cohort.patients, cohort.visits))
    content = "\n".join([json.dumps(header, sort_keys=True), *tables])
    return hashlib.sha256(content.encode("utf-8")).hexdigest()
