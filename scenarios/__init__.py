"""Interventions and scenarios as data; what is done to the twins comes from here."""

from .capacity import Capacity
from .combination import Combination, Interaction
from .distribution import SingleDistribution, centre, interval
from .effect import Effect, Target
from .intervention import Intervention
from .load import ScenarioLibrary, intervention_names, load_scenario, scenario_names
from .modifier import Modifier
from .resource import ResourceUse
from .rollout import RollOut
from .rule import Branch, Rule
from .scenario import Scenario, Statement
from .schedule import Booster, Schedule
from .strata import Strata
from .uncertain import Uncertain

__all__ = [
    "Booster",
    "Branch",
    "Capacity",
    "Combination",
    "Effect",
    "Interaction",
    "Intervention",
    "Modifier",
    "ResourceUse",
    "RollOut",
    "Rule",
    "Scenario",
    "ScenarioLibrary",
    "Schedule",
    "SingleDistribution",
    "Statement",
    "Strata",
    "Target",
    "Uncertain",
    "centre",
    "interval",
    "intervention_names",
    "load_scenario",
    "scenario_names",
]
