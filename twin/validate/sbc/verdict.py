"""What the replicates say together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from twin.validate.sbc.design import RANKED
from twin.validate.sbc.replicate import Outcome
from twin.validate.sbc.uniformity import ERROR_RATE, Envelope, holm

FAILED_SHARE = 0.05
"""Largest share of replicates that may fail to converge: ranks say nothing of those."""


class Misfit(NamedTuple):
    """A way for the posterior of one quantity to be wrong."""

    name: str
    shift: float
    """Of its mean, in SDs of the right posterior."""
    ratio: float
    """Of its SD to the right one."""


SHIFTED = Misfit("posterior mean off by 0.5 SD", shift=0.5, ratio=1.0)
NARROW = Misfit("posterior SD 0.7 times the right one", shift=0.0, ratio=0.7)
MISFITS = (SHIFTED, NARROW)
"""What 200 replicates find with a probability of at least 0.8, in one quantity among all."""


class Verdict(NamedTuple):
    """What the study found."""

    replicates: int
    failed: tuple[int, ...]
    """Seeds of the replicates that did not converge, whose ranks are left out."""
    p_values: dict[str, float]
    """Of uniform ranks, for each quantity; one by one."""
    adjusted: dict[str, float]
    """The same with allowance for their number, least first."""
    power: dict[str, float]
    """Chance of finding each of `MISFITS` in one quantity."""

    @property
    def failed_share(self) -> float:
        """Share of replicates that did not converge."""
        return len(self.failed) / self.replicates

    @property
    def found(self) -> tuple[str, ...]:
        """Quantities whose ranks are not uniform."""
        return tuple(name for name, p in self.adjusted.items() if p <= ERROR_RATE)

    @property
    def passed(self) -> bool:
        """Whether ranks are uniform as far as can be told, and few replicates failed."""
        return not self.found and self.failed_share <= FAILED_SHARE


def judge(outcomes: Sequence[Outcome]) -> Verdict:
    """Judge a study by its replicates.

    Raises
    ------
    ValueError
        If none of them converged.
    """
    failed = tuple(outcome.seed for outcome in outcomes if not outcome.converged)
    kept = [outcome for outcome in outcomes if outcome.converged]
    if not kept:
        raise ValueError(f"none of {len(outcomes)} replicates converged: seeds {failed}")
    names = list(kept[0].ranks)
    envelope = Envelope(replicates=len(kept), ranked=RANKED)
    ranks = np.array([[outcome.ranks[name] for outcome in kept] for name in names])
    found = envelope.p_value(envelope.statistic(ranks))
    p_values = dict(zip(names, found.tolist(), strict=True))
    return Verdict(
        replicates=len(outcomes),
        failed=failed,
        p_values=p_values,
        adjusted=holm(p_values),
        power={
            misfit.name: envelope.power(misfit.shift, misfit.ratio, len(names))
            for misfit in MISFITS
        },
    )
