"""How people fare under the comparator, by kind and population, to be held against evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import xarray as xr

from twin.law.work import WORK_STATES
from twin.simulate.design import Design

from .exact_sums import Totals
from .work_time import States

Singles = npt.NDArray[np.float32]

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


@dataclass(frozen=True)
class HistoryOf:
    """Whose natural history is followed.

    Attributes
    ----------
    kinds
        Kind of each person, in the order of the design's patients.
    order
        Kinds in the order in which they are told; those of whom there is nobody are left out.
    responders
        The trial whose share of responders is followed.
    """

    kinds: tuple[str, ...]
    order: tuple[str, ...]
    responders: Responders

    def of(self, first: int, last: int) -> HistoryOf:
        """Return the same of the people from one position to before another."""
        return replace(self, kinds=self.kinds[first:last])


def history_sums(
    design: Design, of: HistoryOf, position: int, recorded: Singles, work: States
) -> dict[str, npt.NDArray[Any]]:
    """Return what is added up over people, of one of them under the comparator.

    Parameters
    ----------
    design
        What is simulated.
    of
        Whose history is followed.
    position
        Of the person.
    recorded
        Recorded scores, shape (sample, week, outcome).
    work
        Codes of states, shape (sample, week).

    Returns
    -------
    dict
        By name and, of what is told by kind, the kind.
    """
    severity = np.stack(
        [
            design.instruments[name].to_severity(recorded[..., k])
            for k, name in enumerate(design.outcomes)
        ],
        axis=-1,
    )
    kind, told = of.kinds[position], of.responders
    scores = severity[..., design.outcomes.index(told.outcome)]
    enrolled = scores[:, :1] >= told.entry - _DUST
    fell = scores[:, :1] - scores >= told.change - _DUST
    found: dict[str, npt.NDArray[Any]] = {
        f"history_sum {kind}": _counted(severity),
        f"history_squares {kind}": _counted(severity**2),
        f"history_best {kind}": severity < _DUST,
        "history_enrolled": enrolled,
        "history_improved": fell & enrolled,
    }
    if design.worker[position]:
        away = work[:, :1] != _WORKING
        back = np.maximum.accumulate(work == _WORKING, axis=1)
        found |= {
            "history_absent": work >= _SICK_LISTED,
            "history_away": away,
            "history_back": back & away,
        }
    return found


def _counted(severity: npt.NDArray[np.floating]) -> Totals:
    """Severities in whole units, whose sums do not depend on their order."""
    return np.rint(severity.astype(np.float64) * _UNITS).astype(np.int64)


class NaturalHistory:
    """How people fare under the comparator.

    Parameters
    ----------
    design
        What was simulated.
    of
        Whose history was followed.
    sums
        What `history_sums` counts, added up over people.
    """

    def __init__(self, design: Design, of: HistoryOf, sums: Mapping[str, Totals]) -> None:
        self._design, self._kinds = design, np.asarray(of.kinds)
        self._names = tuple(name for name in of.order if name in set(of.kinds))
        self._sum, self._squares = (
            np.stack([sums[f"{what} {name}"] for name in self._names]) / _UNITS
            for what in ("history_sum", "history_squares")
        )
        self._best = np.stack([sums[f"history_best {name}"] for name in self._names])
        self._enrolled, self._improved = sums["history_enrolled"], sums["history_improved"]
        nobody = np.zeros((design.n_chains * design.n_draws, len(design.weeks)), dtype=np.int64)
        self._absent, self._back = (
            sums.get(name, nobody) for name in ("history_absent", "history_back")
        )
        self._away = sums.get("history_away", nobody[:, :1])

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
        # of equal severities it may miss 0 by the rounding of a sum
        variance = np.maximum(self._squares.sum(axis=0) / total - mean**2, 0)
        workers = max(int(self._design.worker.sum()), 1)
        with np.errstate(invalid="ignore"):
            improved, returned = self._improved / self._enrolled, self._back / self._away
        by_week = ("sample", "week")
        by_outcome = (*by_week, "outcome")
        return xr.Dataset(
            {
                "mean": (("kind", *by_outcome), self._sum / n[:, None, None, None]),
                "everyone": (by_outcome, mean),
                "sd": (by_outcome, np.sqrt(variance)),
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
_UNITS = 2**32
"""To a severity of 1: a rounding of 1e-10, and room for a billion people."""
