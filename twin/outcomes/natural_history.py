"""How people fare under the comparator, by kind and population, to be held against evidence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import xarray as xr

from twin.law.work import WORK_STATES
from twin.simulate.chunk import Chunk
from twin.simulate.design import Design

_WORKING, _SICK_LISTED = WORK_STATES.index("working"), WORK_STATES.index("sick_listed")


class Responders(NamedTuple):
    """Who counts as improved in a trial.

    Attributes
    ----------
    outcome
        Name of the outcome.
    entry
        Lowest recorded severity at baseline of those who were enrolled.
    change
        Fall in recorded severity that counts.
    """

    outcome: str
    entry: float
    change: float


class NaturalHistory:
    """Statistics of recorded scores and work states, added up while people go by.

    Parameters
    ----------
    design
        What is simulated.
    kinds
        Kind of each person, in the order of the design's patients.
    order
        Kinds in the order in which they are told; those of whom there is nobody are left out.
    responders
        The trial whose share of responders is followed.
    """

    def __init__(
        self, design: Design, kinds: Sequence[str], order: Sequence[str], responders: Responders
    ) -> None:
        self._design, self._kinds, self._responders = design, np.asarray(kinds), responders
        self._names = tuple(name for name in order if name in set(kinds))
        self._comparator = design.scenarios.index(design.comparator)
        samples, weeks = design.n_chains * design.n_draws, len(design.weeks)
        self._sum = np.zeros((len(self._names), samples, weeks, len(design.outcomes)))
        self._squares, self._best = np.zeros_like(self._sum), np.zeros_like(self._sum)
        self._enrolled, self._improved = np.zeros((samples, 1)), np.zeros((samples, weeks))
        self._absent, self._back = np.zeros((samples, weeks)), np.zeros((samples, weeks))
        self._away = np.zeros((samples, 1))

    def watched(self, chunks: Iterable[Chunk]) -> Iterator[Chunk]:
        """Yield chunks as they come, and add each up."""
        for chunk in chunks:
            self._add(chunk)
            yield chunk

    def _add(self, chunk: Chunk) -> None:
        design = self._design
        severity = np.stack(
            [
                design.instruments[name].to_severity(chunk.recorded[self._comparator, ..., k])
                for k, name in enumerate(design.outcomes)
            ],
            axis=-1,
        )
        people = slice(chunk.first, chunk.first + severity.shape[1])
        for row, name in enumerate(self._names):
            own = severity[:, self._kinds[people] == name]
            self._sum[row] += own.sum(axis=1)
            self._squares[row] += (own**2).sum(axis=1)
            self._best[row] += (own < _DUST).sum(axis=1)
        told = self._responders
        scores = severity[..., design.outcomes.index(told.outcome)]
        enrolled = scores[:, :, :1] >= told.entry - _DUST
        fell = scores[:, :, :1] - scores >= told.change - _DUST
        self._enrolled += enrolled.sum(axis=1)
        self._improved += (fell & enrolled).sum(axis=1)
        work = chunk.work[self._comparator][:, design.worker[people]]
        away = work[:, :, :1] != _WORKING
        back = np.maximum.accumulate(work == _WORKING, axis=2)
        self._absent += (work >= _SICK_LISTED).sum(axis=1)
        self._away += away.sum(axis=1)
        self._back += (back & away).sum(axis=1)

    def dataset(self) -> xr.Dataset:
        """Return what was found.

        Returns
        -------
        xr.Dataset
            Dims kind, sample, week, outcome. ``mean`` by kind; of everyone ``everyone`` (mean),
            ``sd`` and ``at_best`` (share at the best score), severities; ``improved``, the share
            of those enrolled; and of workers ``absent``, the share sick-listed or out for good, and
            ``returned``, of those away at the start the share back at full work by a week.
            NaN where there is nobody to speak of.
        """
        n = np.array([(self._kinds == name).sum() for name in self._names])
        total, everyone = n.sum(), self._sum.sum(axis=0)
        mean = everyone / total
        workers = max(int(self._design.worker.sum()), 1)
        with np.errstate(invalid="ignore"):
            improved, returned = self._improved / self._enrolled, self._back / self._away
        by_week = ("sample", "week")
        by_outcome = (*by_week, "outcome")
        return xr.Dataset(
            {
                "mean": (("kind", *by_outcome), self._sum / n[:, None, None, None]),
                "everyone": (by_outcome, mean),
                "sd": (by_outcome, np.sqrt(self._squares.sum(axis=0) / total - mean**2)),
                "at_best": (by_outcome, self._best.sum(axis=0) / total),
                "improved": (by_week, improved),
                "absent": (by_week, self._absent / workers),
                "returned": (by_week, returned),
            },
            coords={
                "kind": np.array(self._names, dtype=object),
                "week": self._design.weeks,
                "outcome": np.array(self._design.outcomes, dtype=object),
            },
        )


_DUST = 1e-6  # of single precision
