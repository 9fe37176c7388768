"""What is believed before the data: evidence, and cited priors on the model's own parameters."""

from .elicited import ElicitedEffect, load_elicited_effects
from .evidence import EvidenceLibrary, load_evidence
from .evidence_error import EvidenceError
from .load_set import load_prior_set, prior_set_names
from .prior import (
    Beta,
    Dirichlet,
    Distribution,
    HalfNormal,
    HalfStudentT,
    Lkj,
    LogNormal,
    Normal,
    NormalMixture,
    Prior,
)
from .prior_set import PriorSet
from .record import Comparison, EvidenceRecord
from .sources import Source, load_sources

__all__ = [
    "Beta",
    "Comparison",
    "Dirichlet",
    "Distribution",
    "ElicitedEffect",
    "EvidenceError",
    "EvidenceLibrary",
    "EvidenceRecord",
    "HalfNormal",
    "HalfStudentT",
    "Lkj",
    "LogNormal",
    "Normal",
    "NormalMixture",
    "Prior",
    "PriorSet",
    "Source",
    "load_elicited_effects",
    "load_evidence",
    "load_prior_set",
    "load_sources",
    "prior_set_names",
]
