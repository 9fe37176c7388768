"""What people get under each scenario: who is offered what, who begins when, what is decided."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from .design import Design
from .follow import Followed
from .plan import Plan


class Care(NamedTuple):
    """What one person, or several, get; rows as in the design."""

    weeks: npt.NDArray[np.float32]
    """Week of being offered it, of being ready for it, of beginning it, of ending it, and of
    leaving before it begins, infinite where it does not come to that; and the weeks of full dose by
    the last week, 0 where there are none; shape (given, 6, sample)."""
    decision: npt.NDArray[np.int8]
    """Code of `decide`, shape (asked, sample)."""
    group: npt.NDArray[np.int8]
    """Position of the group that the tool says among the groups of each scenario with strata, -1
    without strata, shape (scenario, sample)."""

    def of(self, position: int) -> Care:
        """One person's part of what several get."""
        return Care(self.weeks[:, :, position], self.decision[:, position], self.group[:, position])


REFERRED, READY, BEGUN, ENDED, LEFT, RECEIVED = range(6)


def care(design: Design, plans: Sequence[Plan], followed: Sequence[Followed]) -> Care:
    """Gather what one person gets under every scenario.

    Parameters
    ----------
    design
        What is simulated.
    plans
        The scenarios made ready, in its order.
    followed
        What each makes of the person.
    """
    samples = design.n_chains * design.n_draws
    by_scenario = dict(zip(design.scenarios, followed, strict=True))
    weeks = np.empty((len(design.given), 6, samples), dtype=np.float32)
    for row, given in enumerate(design.given):
        own = by_scenario[given.scenario].courses[given.intervention]
        ended = np.maximum(np.minimum(own.start + given.lasts, own.stop), own.start)
        received = own.weeks_of_full_dose(given.lasts, float(design.weeks[-1]))
        weeks[row] = np.stack([own.referred, own.ready, own.start, ended, own.left, received])
    decision = np.full((len(design.asked), samples), -1, dtype=np.int8)
    for row, asked in enumerate(design.asked):
        decision[row] = by_scenario[asked.scenario].decisions[asked.rule, asked.week]
    group = np.full((len(plans), samples), -1, dtype=np.int8)
    for row, (plan, one) in enumerate(zip(plans, followed, strict=True)):
        if one.groups is not None and plan.scenario.strata is not None:
            for code, name in enumerate(plan.scenario.strata.names):
                group[row][one.groups == name] = code
    return Care(weeks, decision, group)
