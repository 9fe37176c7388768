"""What further visits changed in what is known of a person."""

from __future__ import annotations

from dataclasses import dataclass

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


@dataclass(frozen=True, eq=False)
class Change:
    """What the last visits changed of one person.

    Attributes
    ----------
    patient
        Who.
    visits
        The visits that are new, in order of week.
    table
        One row a parameter and outcome, the most moved first: ``parameter``, ``outcome`` (empty
        where it has none), ``before`` and ``after`` (means), ``moved`` (difference of the means in
        standard deviations before), ``sd_ratio`` (standard deviation after over before).
    """

    patient: str
    visits: pd.DataFrame
    table: pd.DataFrame

    def __str__(self) -> str:
        return "\n".join([self._seen(), *self._moved()])

    def _seen(self) -> str:
        told = [_visit(row) for _, row in self.visits.iterrows()]
        return f"Twin {self.patient}: {'; '.join(told) or 'no new visit'}"

    def _moved(self) -> list[str]:
        noticed = self.table[
            (self.table["moved"].abs() >= _NOTICEABLE)
            | ((self.table["sd_ratio"] - 1).abs() >= _NOTICEABLE)
        ]
        if noticed.empty:
            return ["  nothing moved by a tenth of its standard deviation: as was expected"]
        lines = []
        for row in noticed.itertuples():
            name = PARAMETERS[str(row.parameter)] + (f" of {row.outcome}" if row.outcome else "")
            way = "up" if row.moved > 0 else "down"
            lines.append(
                f"  {name:<36}{way} by {abs(row.moved):.1f} of its SDs, SD times {row.sd_ratio:.2f}"
            )
        return lines


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
    rows = [row for name in PARAMETERS if name in was for row in _rows(name, was[name], now[name])]
    table = pd.DataFrame(rows)
    order = table["moved"].abs().sort_values(ascending=False, kind="stable").index
    return Change(patient, _new_visits(before, after, patient), table.loc[order])


def _rows(name: str, was: xr.DataArray, now: xr.DataArray) -> list[dict[str, object]]:
    outcomes = was["outcome"].to_numpy().tolist() if "outcome" in was.dims else [""]
    rows = []
    for outcome in outcomes:
        x, y = ((part.sel(outcome=outcome) if outcome else part).to_numpy() for part in (was, now))
        if x.std() > 0:  # nobody in the reference arm has a response
            rows.append(
                {
                    "parameter": name,
                    "outcome": outcome,
                    "before": x.mean(),
                    "after": y.mean(),
                    "moved": (y.mean() - x.mean()) / x.std(),
                    "sd_ratio": y.std() / x.std(),
                }
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
