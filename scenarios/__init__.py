"""Interventions and scenarios as data; what is done to the twins comes from here."""

from .distribution import SingleDistribution, centre, interval
from .effect import Effect, Target
from .intervention import Intervention, ResourceUse, Schedule
from .load import intervention_names, load_scenario, scenario_names
from .scenario import Scenario, Statement
from .uncertain import Uncertain

__all__ = [
    "Effect",
    "Intervention",
    "ResourceUse",
    "Scenario",
    "Schedule",
    "SingleDistribution",
    "Statement",
    "Target",
    "Uncertain",
    "centre",
    "interval",
    "intervention_names",
    "load_scenario",
    "scenario_names",
]
