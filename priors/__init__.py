"""What is believed before the data: cited priors on the model's own parameters."""

from .prior import (
    Beta,
    Dirichlet,
    Distribution,
    HalfNormal,
    HalfStudentT,
    Lkj,
    LogNormal,
    Normal,
    Prior,
)
from .prior_set import PriorSet, load_prior_set, prior_set_names

__all__ = [
    "Beta",
    "Dirichlet",
    "Distribution",
    "HalfNormal",
    "HalfStudentT",
    "Lkj",
    "LogNormal",
    "Normal",
    "Prior",
    "PriorSet",
    "load_prior_set",
    "prior_set_names",
]
