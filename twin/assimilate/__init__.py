"""Twins of people that the fit never saw, without fitting anything again."""

from .assimilate import Assimilator, assimilate
from .change import Change, change
from .credibility import credibility
from .document import read_people, read_person
from .visits import add_visits

__all__ = [
    "Assimilator",
    "Change",
    "add_visits",
    "assimilate",
    "change",
    "credibility",
    "read_people",
    "read_person",
]
