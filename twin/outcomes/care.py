"""What people get: who begins what, how long they wait, and which way they go at each rule."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from twin.simulate.care import BEGUN, ENDED, LEFT, READY, RECEIVED, REFERRED, Care
from twin.simulate.decide import ANSWERS
from twin.simulate.design import Design

from .exact_sums import UNITS_PER_POINT
from .intervals import Floats
from .monte_carlo import estimate

Counts = npt.NDArray[np.int64]

ACTIVE_WEEKS = (4, 26, 52)
"""Weeks since baseline at which people are counted who have begun and not ended: 30 days, 6 and
12 months."""
CARE_COLUMNS = (
    *("scenario", "subject", "name", "detail", "week", "unit"),
    *("mean", "lower", "upper", "level", "mcse_mean", "mcse_lower", "mcse_upper"),
)
_PEOPLE, _WEEKS, _USES = "share of people", "weeks", "number for each person"


class CareRow(NamedTuple):
    """One quantity of care."""

    scenario: str
    subject: str
    """``intervention``, ``rule`` or ``group``."""
    name: str
    detail: str
    """Of an intervention ``offered``, ``begun``, ``active``, ``waiting`` at the horizon, ``left``
    before it began by then, or ``wait`` of those who begin, or a resource, used in proportion to
    the part of a course that is gone through and to its dose where a rule changes that; of a rule
    an answer; of a group nothing."""
    week: int
    unit: str
    values: Floats
    """Shape (sample,)."""


def care_sums(design: Design, scenario: str, care: Care) -> dict[str, npt.NDArray[Any]]:
    """Return what is added up over people, of one of them under one scenario.

    Parameters
    ----------
    design
        What is simulated.
    scenario
        Its name.
    care
        What the person gets under every scenario of the design.

    Returns
    -------
    dict
        Of the scenario's interventions ``offered``, ``begun``, ``waiting``, ``left``, ``waited``
        and ``received`` in units of `exact_sums`, shape (given, sample), and ``active`` (week,
        given, sample); of its rules ``answers`` (answer, asked, sample); of its strata ``groups``
        (group, sample).
    """
    of = [row for row, one in enumerate(design.given) if one.scenario == scenario]
    asked = [row for row, one in enumerate(design.asked) if one.scenario == scenario]
    lasts = np.array([design.given[row].lasts for row in of])[:, None]
    horizon = design.weeks[-1]
    referred, ready, begun, ended, gone, received = (
        care.weeks[of, place].astype(float)
        for place in (REFERRED, READY, BEGUN, ENDED, LEFT, RECEIVED)
    )
    begins, comes = begun <= horizon, ready <= horizon
    waited = np.where(begins, begun, 0) - np.where(begins, ready, 0)
    left = gone <= horizon
    weeks = design.weeks[:, None, None]
    codes = np.arange(len(ANSWERS), dtype=np.int8)[:, None, None]
    groups = np.arange(len(design.groups.get(scenario, ())), dtype=np.int8)[:, None]
    return {
        "offered": referred <= horizon,
        "begun": begins,
        "waiting": comes & ~begins & ~left,
        "left": left,
        "waited": np.rint(waited * UNITS_PER_POINT).astype(np.int64),
        "received": np.rint(received / lasts * UNITS_PER_POINT).astype(np.int64),
        "active": (begun <= weeks) & (weeks < ended),
        "answers": care.decision[asked] == codes,
        "groups": care.group[design.scenarios.index(scenario)] == groups,
    }


class CareTotals:
    """Counts over all people.

    Parameters
    ----------
    design
        What was simulated.
    sums
        What `care_sums` counts, added up over people, by scenario.
    """

    def __init__(self, design: Design, sums: Mapping[str, Mapping[str, Counts]]) -> None:
        self._design = design
        self._active_weeks = [week for week in ACTIVE_WEEKS if week <= design.weeks[-1]]
        self._groups = {scenario: sums[scenario]["groups"] for scenario in design.groups}
        self._offered, self._begun, self._waiting, self._left, self._waited, self._received = (
            self._in_order([one.scenario for one in design.given], sums, name, axis=0)
            for name in ("offered", "begun", "waiting", "left", "waited", "received")
        )
        given = [one.scenario for one in design.given]
        self._active = self._in_order(given, sums, "active", axis=1)
        asked = [one.scenario for one in design.asked]
        self._answers = self._in_order(asked, sums, "answers", axis=1)

    def _in_order(
        self,
        scenarios: Sequence[str],
        sums: Mapping[str, Mapping[str, Counts]],
        name: str,
        axis: int,
    ) -> Counts:
        """Rows of all scenarios along an axis, in the order in which theirs are given."""
        left = {one: iter(np.moveaxis(sums[one][name], axis, 0)) for one in set(scenarios)}
        rows = [next(left[scenario]) for scenario in scenarios]
        return np.stack(rows, axis=axis) if rows else np.zeros(0, dtype=np.int64)

    def rows(self) -> Iterator[CareRow]:
        """Yield everything that is known of care, scenario by scenario."""
        design, horizon = self._design, int(self._design.weeks[-1])
        n = len(design.patients)
        for scenario, groups in design.groups.items():
            for code, group in enumerate(groups):
                share = self._groups[scenario][code] / n
                yield CareRow(scenario, "group", group, "", 0, _PEOPLE, share)
        for row, one in enumerate(design.given):
            about = (one.scenario, "intervention", one.intervention)
            yield CareRow(*about, "offered", horizon, _PEOPLE, self._offered[row] / n)
            yield CareRow(*about, "begun", horizon, _PEOPLE, self._begun[row] / n)
            for week in self._active_weeks:
                share = self._active[self._design.weeks.tolist().index(week), row] / n
                yield CareRow(*about, "active", week, _PEOPLE, share)
            yield CareRow(*about, "waiting", horizon, _PEOPLE, self._waiting[row] / n)
            yield CareRow(*about, "left", horizon, _PEOPLE, self._left[row] / n)
            nobody = self._begun[row] == 0
            waited = self._waited[row] / UNITS_PER_POINT / np.where(nobody, 1, self._begun[row])
            values = np.where(nobody, np.nan, waited)
            yield CareRow(*about, "wait", horizon, _WEEKS, values)
            courses = self._received[row] / UNITS_PER_POINT / n
            for kind, number in one.uses.items():
                yield CareRow(*about, kind, horizon, _USES, courses * number)
        for row, asked in enumerate(design.asked):
            for code, answer in enumerate(ANSWERS):
                share = self._answers[code, row] / n
                about = (asked.scenario, "rule", asked.rule)
                yield CareRow(*about, answer, asked.week, _PEOPLE, share)

    def table(self, level: float) -> pd.DataFrame:
        """Return all of it as a table with the columns `CARE_COLUMNS`."""
        found = list(self.rows())
        if not found:
            return pd.DataFrame(columns=list(CARE_COLUMNS))
        shape = (self._design.n_chains, self._design.n_draws)
        values = np.stack([row.values.reshape(shape) for row in found], axis=-1)
        facts = {
            name: [getattr(row, name) for row in found]
            for name in CareRow._fields
            if name != "values"
        }
        table = pd.DataFrame(facts | estimate(values, level)).assign(level=level)
        return table[list(CARE_COLUMNS)]

    def in_force(self) -> dict[tuple[str, str], Floats]:
        """Mean share of people in each intervention of each scenario by week, shape (week,)."""
        n = len(self._design.patients)
        return {
            (one.scenario, one.intervention): self._active[:, row].mean(axis=1) / n
            for row, one in enumerate(self._design.given)
        }
