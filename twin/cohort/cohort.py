"""People and their visits: everything that a fit is given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np
import pandas as pd

from twin.cohort.absence import DaysAbsent
from twin.cohort.describe import describe
from twin.cohort.fingerprint import fingerprint
from twin.instruments import Instrument

BODY_REGIONS = ("low_back", "neck", "both", "other")
"""What hurts. ``other``: neither; such a cohort exercises the engine and says nothing of backs."""

WORK_STATUSES = ("working", "restricted", "sick_listed", "permanently_out")
"""Working fully; with restrictions or partial sick leave; fully sick-listed; out for good."""

Domain = Literal[
    "personal",
    "health",
    "psychological",
    "behavioural",
    "socio_economic",
    "biological",
    "workplace",
    "lifestyle",
]

CovariateKind = Literal["continuous", "binary", "ordinal", "nominal"]


@dataclass(frozen=True)
class Covariate:
    """A fact about each person at baseline.

    Attributes
    ----------
    domain
        Kind of information that it is.
    kind
        ``continuous`` and ``ordinal`` are held as numbers, ``binary`` as 0 and 1 (all three as
        float, NaN missing), ``nominal`` as strings.
    label, unit
        For people; may be empty.
    """

    domain: Domain
    kind: CovariateKind
    label: str = ""
    unit: str = ""


@dataclass(frozen=True)
class Arm:
    """What an arm of a study received beyond its reference arm, and when.

    Attributes
    ----------
    intervention
        Name of what was given; None for the reference arm, whose schedule means nothing.
    start_week, duration_weeks
        Weeks from baseline to its start; weeks that it lasted.
    ramp_weeks
        Weeks at its beginning over which its dose rose to full.
    """

    intervention: str | None = None
    start_week: float = 0.0
    duration_weeks: float = 0.0
    ramp_weeks: float = 0.0

    @property
    def reference(self) -> bool:
        """Whether the other arms' effects are differences from this one."""
        return self.intervention is None


@dataclass(frozen=True)
class Entry:
    """The baseline score that people had to have to enter the study.

    Attributes
    ----------
    outcome
        Name of the outcome.
    minimum
        Mildest score admitted, score units: at least it where a higher score is worse, at most
        it where a lower one is.
    """

    outcome: str
    minimum: float


@dataclass(frozen=True, eq=False, kw_only=True)
class Cohort:
    """People, their visits, and what the study did.

    Built by `read_cohort`, which checks it, or by a generator that knows what it does: nothing is
    checked here. The frames are copied and sorted; do not change them in place.

    Attributes
    ----------
    name
        Id of the cohort.
    synthetic
        Whether the records were generated.
    patients
        One row a person, indexed by ``patient`` (string id), sorted. Columns ``arm``,
        ``cluster`` (missing where unknown), ``body_region``, ``labour_force`` (bool), then one
        for each covariate.
    visits
        One row a visit, sorted by ``patient`` and ``week`` (weeks since the person's baseline).
        Then one column for each outcome (score units, NaN missing), ``work_status`` (one of
        `WORK_STATUSES`, missing where not seen) and ``days_absent`` (days, missing where not
        reported; the column may be left out where nobody reported any).
    outcomes
        Instrument of each outcome, in the order of the model.
    covariates
        Meaning of each covariate.
    arms
        Arms, the reference first; a cohort without arms has the one reference arm ``cohort``.
    entry
        Threshold at enrolment, or None.
    evidence_ids
        Ids of cohorts, besides its own name, whose published figures come from these very people:
        evidence to leave out.
    days_absent
        What a report of days absent means.
    work_unseen
        Whether those in the labour force have a work process although nothing of it was recorded of
        anybody: people who are drawn and not followed.
    """

    name: str
    synthetic: bool
    patients: pd.DataFrame
    visits: pd.DataFrame
    outcomes: Mapping[str, Instrument]
    covariates: Mapping[str, Covariate] = field(default_factory=dict)
    arms: Mapping[str, Arm] = field(default_factory=lambda: {"cohort": Arm()})
    entry: Entry | None = None
    evidence_ids: tuple[str, ...] = ()
    days_absent: DaysAbsent = field(default_factory=DaysAbsent)
    work_unseen: bool = False

    def __post_init__(self) -> None:
        facts = ["arm", "cluster", "body_region", "labour_force", *self.covariates]
        seen = ["patient", "week", *self.outcomes, "work_status", "days_absent"]
        patients = self.patients[facts].sort_index().rename_axis("patient")
        visits = self.visits
        if "days_absent" not in visits:
            visits = visits.assign(days_absent=np.nan)
        visits = visits[seen].sort_values(["patient", "week"], ignore_index=True)
        arms = dict(sorted(self.arms.items(), key=lambda named: not named[1].reference))
        object.__setattr__(self, "patients", patients)
        object.__setattr__(self, "visits", visits)
        object.__setattr__(self, "arms", arms)

    @property
    def n(self) -> int:
        """Number of people."""
        return len(self.patients)

    @property
    def own_evidence(self) -> frozenset[str]:
        """Ids under which figures from these very people are published: its name, and others."""
        return frozenset({self.name, *self.evidence_ids})

    @property
    def has_work(self) -> bool:
        """Whether any work status was seen, any days absent reported, or work goes unseen."""
        return bool(self.visits["work_status"].notna().any()) or self.has_days or self.work_unseen

    @property
    def has_days(self) -> bool:
        """Whether any days absent were reported."""
        return bool(self.visits["days_absent"].notna().any())

    @property
    def has_clusters(self) -> bool:
        """Whether anybody belongs to a cluster."""
        return bool(self.patients["cluster"].notna().any())

    @property
    def regressors(self) -> Mapping[str, Covariate]:
        """What differences between people are explained by.

        The covariates, and the body region where there is more than one.
        """
        if self.patients["body_region"].nunique() < 2:
            return self.covariates
        region = Covariate("health", "nominal", "Body region")
        return {**self.covariates, "body_region": region}

    @cached_property
    def hash(self) -> str:
        """SHA-256 (hexadecimal) of all that the cohort holds, whatever the order of its rows."""
        return fingerprint(self)

    def __str__(self) -> str:
        return describe(self)
