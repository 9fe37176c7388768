"""What further visits changed in what is known of a person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from twin.errors import InputError, Problem

PARAMETERS = {
    "start": "start",
    "set_point": "set point",
    "log_rate": "rate of recovery",
    "response": "response to the own arm",
    "work_frailty": "work frailty",
}
"""Person parameters that are compared, and what they are called."""

_NOTICEABLE = 0.1
"""Of a standard deviation: less is as good as no change."""


class Moved(NamedTuple):
    """One parameter before and after."""

    parameter: str
    """Name in the twins."""
    outcome: str
    """Empty where the parameter is of none."""
    before: float
    """Mean."""
    after: float
    """Mean."""
    moved: float
    """Difference of the means in standard deviations before."""
    sd_ratio: float
    """Standard deviation after over before."""

    @property
    def noticeable(self) -> bool:
        """Whether mean or standard deviation changed by a tenth or more."""
        return max(abs(self.moved), abs(self.sd_ratio - 1)) >= _NOTICEABLE

    def __str__(self) -> str:
        of = f" of {self.outcome}" if self.outcome else ""
        way = "up" if self.moved > 0 else "down"
        return (
            f"  {PARAMETERS[self.parameter] + of:<38}{way} by {abs(self.moved):.1f} of its SDs, "
            f"SD times {self.sd_ratio:.2f}"
        )


@dataclass(frozen=True, eq=False)
class Change:
    """What the last visits changed of one person.

    Attributes
    ----------
    patient
        Who.
    visits
        The visits that are new, in order of week.
    parameters
        Every parameter, the most moved first.
    """

    patient: str
    visits: pd.DataFrame
    parameters: tuple[Moved, ...]

    def __str__(self) -> str:
        return "\n".join([self._seen(), *self._moved()])

    def _seen(self) -> str:
        told = [_visit(row) for _, row in self.visits.iterrows()]
        return f"Twin {self.patient}: {'; '.join(told) or 'no new visit'}"

    def _moved(self) -> list[str]:
        lines = [str(one) for one in self.parameters if one.noticeable]
        return lines or ["  nothing moved by a tenth of its standard deviation: as was expected"]


def change(before: xr.DataTree, after: xr.DataTree, patient: str) -> Change:
    """Return what further visits changed of a person.

    Parameters
    ----------
    before, after
        Twins before and after `visits.add_visits`.
    patient
        Who.

    Raises
    ------
    InputError
        If the person is not in both.
    """
    for twins in (before, after):
        if patient not in twins["twins"]["patient"].to_numpy():
            raise InputError([Problem("twins", "is not a known patient", value=patient)])
    was, now = (twins["twins"].to_dataset().sel(patient=patient) for twins in (before, after))
    every = [row for name in PARAMETERS if name in was for row in _rows(name, was[name], now[name])]
    most_first = sorted(every, key=lambda one: -abs(one.moved))
    return Change(patient, _new_visits(before, after, patient), tuple(most_first))


def _rows(name: str, was: xr.DataArray, now: xr.DataArray) -> list[Moved]:
    outcomes = was["outcome"].to_numpy().tolist() if "outcome" in was.dims else [""]
    rows = []
    for outcome in outcomes:
        x, y = ((part.sel(outcome=outcome) if outcome else part).to_numpy() for part in (was, now))
        if x.std() > 0:  # nobody in the reference arm has a response
            before, after = float(x.mean()), float(y.mean())
            ratio = float(y.std() / x.std())
            rows.append(
                Moved(name, outcome, before, after, (after - before) / float(x.std()), ratio)
            )
    return rows


def _new_visits(before: xr.DataTree, after: xr.DataTree, patient: str) -> pd.DataFrame:
    old = before["observed_data"]["week"].sel(patient=patient).to_numpy()
    seen = after["observed_data"].to_dataset().sel(patient=patient)
    week = seen["week"].to_numpy()
    new = np.isfinite(week) & ~np.isin(week, old)
    scores = seen["score"].transpose("visit", "outcome").to_numpy()[new]
    frame = pd.DataFrame(scores, columns=seen["outcome"].to_numpy().tolist())
    frame.insert(0, "week", week[new])
    return frame.assign(
        work_status=seen["work_status"].to_numpy()[new],
        days_absent=seen["days_absent"].to_numpy()[new],
    )


def _visit(row: pd.Series) -> str:
    facts = [
        f"{str(name).replace('_', ' ')} {str(value).replace('_', ' ')}"
        if isinstance(value, str)
        else f"{str(name).replace('_', ' ')} {value:g}"
        for name, value in row.drop("week").items()
        if pd.notna(value) and value != ""
    ]
    return f"week {row['week']:g} told {', '.join(facts) or 'nothing'}"
