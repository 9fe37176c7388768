"""What is simulated: the axes that every chunk of a simulation shares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from twin.instruments import Instrument
from twin.law.grid import Floats


class Given(NamedTuple):
    """An intervention under a scenario."""

    scenario: str
    intervention: str
    lasts: float
    """Weeks from its start to its last end, where nothing stops it."""
    uses: Mapping[str, Floats]
    """Number of each resource that a whole course of it uses, shape (sample,)."""


class Asked(NamedTuple):
    """A rule of a scenario at one of its weeks."""

    scenario: str
    rule: str
    week: int


@dataclass(frozen=True, eq=False)
class Design:
    """The axes of a simulation.

    Attributes
    ----------
    scenarios, comparator
        Names of the scenarios, and the one of them that the others are compared with.
    patients
        Ids of the people.
    weeks
        Weeks since baseline, 0 to the horizon, shape (week,).
    outcomes, instruments
        Names of the outcomes, and the instrument of each.
    n_chains, n_draws
        Posterior draws used: chains, and draws of each. Samples are numbered chain by chain.
    has_work
        Whether the cohort tells anything of work.
    worker
        Which people have a work process, shape (patient,).
    given
        Every intervention of every scenario: what is told of who begins and ends it when.
    asked
        Every rule of every scenario, at each of its weeks within the horizon.
    groups
        Names of the strata of each scenario that has any.
    """

    scenarios: tuple[str, ...]
    comparator: str
    patients: tuple[str, ...]
    weeks: npt.NDArray[np.int64]
    outcomes: tuple[str, ...]
    instruments: Mapping[str, Instrument]
    n_chains: int
    n_draws: int
    has_work: bool
    worker: npt.NDArray[np.bool_]
    given: tuple[Given, ...] = ()
    asked: tuple[Asked, ...] = ()
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
