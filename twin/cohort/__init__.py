"""Cohorts: people, their visits, and how both are read from files and checked."""

from twin.cohort.absence import DaysAbsent
from twin.cohort.cohort import (
    BODY_REGIONS,
    WORK_STATUSES,
    Arm,
    Cohort,
    Covariate,
    CovariateKind,
    Domain,
    Entry,
)
from twin.cohort.mapping import CohortMapping
from twin.cohort.read import read_cohort

__all__ = [
    "BODY_REGIONS",
    "WORK_STATUSES",
    "Arm",
    "Cohort",
    "CohortMapping",
    "Covariate",
    "CovariateKind",
    "DaysAbsent",
    "Domain",
    "Entry",
    "read_cohort",
]
