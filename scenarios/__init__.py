"""Interventions and scenarios as data; what is done to the twins comes from here."""

from .distribution import SingleDistribution, centre, interval
from .effect import Effect, Target
from .intervention import Intervention, Schedule
from .load import load_scenario, scenario_names
from .scenario import Scenario, Statement
from .uncertain import Uncertain

__all__ = [
    "Effect",
    "Intervention",
    "Scenario",
    "Schedule",
    "SingleDistribution",
    "Statement",
    "Target",
    "Uncertain",
    "centre",
    "interval",
    "load_scenario",
    "scenario_names",
]
