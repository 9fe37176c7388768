"""Whether ranks are uniform, with what certainty, and how likely a given fault is to be seen.

The statistic of one quantity is the distance of the empirical distribution of its ranks from the
uniform, measured by chance: at each of the possible ranks, how improbable it is that so few, or so
many, of all ranks lie at or below it (a binomial tail); of these the least counts (Säilynoja 2022,
Stat Comput 32:32). It sees shifts, which move the middle, and wrong widths, which move the ends.
Its distribution for exactly uniform ranks is simulated. Quantities are judged together by Holm's
rule, which holds however they depend on each other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import ndtr
from scipy.stats import binom

from twin.law.grid import Floats, Ints

ERROR_RATE = 0.05
"""Chance that a study of exactly uniform ranks finds any quantity that is not."""

_SIMULATED = 100_000  # null statistics: the p-value that Holm asks for of 100 quantities to 15 %
_STUDIES = 4_000  # simulated faulty studies: a power to 0.01
_AT_ONCE = 5_000  # simulated studies in memory together
_SEED = 20_260  # of these simulations: a verdict is the same whoever asks for it


@dataclass(frozen=True)
class Envelope:
    """The test for a number of replicates.

    Attributes
    ----------
    replicates
        Ranks of each quantity.
    ranked
        Draws that a truth is ranked among: ranks are 0 to `ranked`.
    """

    replicates: int
    ranked: int

    def statistic(self, ranks: Ints) -> Floats:
        """Minus the log of the least tail probability; ranks has shape (..., replicate)."""
        flat = ranks.reshape(-1, self.replicates)
        rows = np.repeat(np.arange(len(flat)), self.replicates)
        counts = np.zeros((len(flat), self.ranked + 1), dtype=np.int64)
        np.add.at(counts, (rows, flat.ravel()), 1)
        below = counts.cumsum(axis=1)[:, :-1]  # at the last rank all lie below
        tails = self._log_tails[below, np.arange(self.ranked)]
        return np.asarray(-tails.min(axis=1).reshape(ranks.shape[:-1]))

    def p_value(self, statistic: Floats) -> Floats:
        """Chance of a statistic as large among exactly uniform ranks, by simulation."""
        larger = _SIMULATED - np.searchsorted(self._null, statistic, side="left")
        return np.asarray((1 + larger) / (1 + _SIMULATED))

    def power(self, shift: float, ratio: float, quantities: int) -> float:
        """Chance that one faulty quantity among many is found.

        Parameters
        ----------
        shift
            How far the posterior's mean is off, in SDs of the right posterior.
        ratio
            SD of the posterior as a share of that of the right one.
        quantities
            Number of quantities judged together; the faulty one has to pass the strictest step of
            Holm's rule.
        """
        rng = np.random.default_rng(_SEED + 1)
        truth = rng.normal(size=(_STUDIES, self.replicates))
        # the truth's place in a normal posterior that is off, and draws that lie below it
        ranks = rng.binomial(self.ranked, ndtr((truth - shift) / ratio))
        found = self.p_value(self.statistic(ranks)) <= ERROR_RATE / quantities
        return float(found.mean())

    @cached_property
    def _log_tails(self) -> Floats:
        """Log tail probability by number of ranks (rows) at or below each rank (columns)."""
        share = np.arange(1, self.ranked + 1) / (self.ranked + 1)
        count = np.arange(self.replicates + 1)[:, None]
        few = binom.logcdf(count, self.replicates, share)
        many = binom.logsf(count - 1, self.replicates, share)
        return np.minimum(few, many)

    @cached_property
    def _null(self) -> Floats:
        """Statistics of exactly uniform ranks, sorted."""
        rng = np.random.default_rng(_SEED)
        shape = (_AT_ONCE, self.replicates)
        found = [
            self.statistic(rng.integers(0, self.ranked, shape, endpoint=True))
            for _ in range(_SIMULATED // _AT_ONCE)
        ]
        return np.sort(np.concatenate(found))


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """Return p-values adjusted for their number (Holm 1979, Scand J Stat 6:65-70), least first."""
    adjusted: dict[str, float] = {}
    so_far = 0.0
    for place, (name, p) in enumerate(sorted(p_values.items(), key=lambda item: item[1])):
        so_far = max(so_far, min(1.0, p * (len(p_values) - place)))
        adjusted[name] = so_far
    return adjusted
