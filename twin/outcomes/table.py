"""Outcomes as tables, one row for each quantity, week and scenario."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from .intervals import Floats
from .monte_carlo import estimate
from .outcomes import Outcomes
from .rows import Row, rows
from .uncertainty import PARTS, parts

_WHAT = ("quantity", "outcome", "detail", "week", "unit")
_ESTIMATE = ("mean", "lower", "upper", "level", "mcse_mean", "mcse_lower", "mcse_upper")

SUMMARY_COLUMNS = ("scenario", *_WHAT, *_ESTIMATE, "people")
CONTRAST_COLUMNS = (
    "scenario",
    "comparator",
    *_WHAT,
    *_ESTIMATE,
    *("probability_better", "mcse_probability_better"),
    *(f"variance_{part}" for part in PARTS),
    "people",
    "label",
)


def scenario_summary(outcomes: Outcomes) -> pd.DataFrame:
    """Every quantity under every scenario.

    Returns
    -------
    pandas.DataFrame
        Columns `SUMMARY_COLUMNS`. ``detail`` is the criterion of ``improved`` and the work status
        of ``work_share`` and ``weeks_in_state``; it and ``outcome`` are empty where they do not
        apply. ``week`` of what is added up over time is the horizon. ``people`` are those averaged
        over. Quantities of which nothing is known (no important change is published, nobody is
        away from work) are left out.
    """
    found = list(rows(outcomes.cohort, outcomes.report_weeks))
    tables = [
        _table(name, found, [row.values[:, :, position] for row in found], outcomes.level)
        for position, name in enumerate(outcomes.scenarios)
    ]
    return pd.concat(tables, ignore_index=True)[list(SUMMARY_COLUMNS)]


def contrasts(outcomes: Outcomes, labels: Mapping[str, str]) -> pd.DataFrame:
    """Every scenario against the comparator, paired by posterior draw.

    Parameters
    ----------
    outcomes
        What was simulated.
    labels
        What the effects of each scenario rest on: ``estimated``, ``estimated (synthetic)``,
        ``borrowed``, ``assumed`` or several of them; see `label.label`.

    Returns
    -------
    pandas.DataFrame
        Columns `CONTRAST_COLUMNS`: as in `scenario_summary`, but of scenario minus comparator.
        ``probability_better`` is the share of draws in which the average is better under the
        scenario, a tie counting half, with its Monte-Carlo error; NaN where more is neither better
        nor worse. ``variance_...`` are the parts of the variance that `uncertainty.parts` tells.
    """
    found = list(rows(outcomes.cohort, outcomes.report_weeks))
    base = outcomes.scenarios.index(outcomes.comparator)
    tables = []
    for position, name in enumerate(outcomes.scenarios):
        if position == base:
            continue
        # each draw against itself: neither is averaged before the other
        apart = [row.values[:, :, position] - row.values[:, :, base] for row in found]
        table = _table(name, found, apart, outcomes.level)
        sides = [_better(row, values) for row, values in zip(found, apart, strict=True)]
        table = table.assign(
            comparator=outcomes.comparator,
            **_probability_better(sides, outcomes.level),
            **_variances(outcomes, name, found, apart, table["mcse_mean"]),
            label=labels.get(name, ""),
        )
        tables.append(table)
    if not tables:
        return pd.DataFrame(columns=list(CONTRAST_COLUMNS))
    return pd.concat(tables, ignore_index=True)[list(CONTRAST_COLUMNS)]


def _table(
    scenario: str, found: Sequence[Row], values: Sequence[Floats], level: float
) -> pd.DataFrame:
    facts = {name: [getattr(row, name) for row in found] for name in (*_WHAT, "people")}
    numbers = estimate(np.stack(values, axis=-1), level)
    return pd.DataFrame(facts | numbers).assign(scenario=scenario, level=level)


def _better(row: Row, apart: Floats) -> Floats:
    """1 in draws in which it is better, 0 where worse, a half in a tie; NaN where not known."""
    if not row.better:
        return np.full(apart.shape, np.nan)
    gain = row.better * apart
    return np.where(np.isnan(gain), np.nan, (gain > 0) + 0.5 * (gain == 0))


def _probability_better(sides: Sequence[Floats], level: float) -> dict[str, Floats]:
    found = estimate(np.stack(sides, axis=-1), level)
    return {
        "probability_better": found["mean"],
        "mcse_probability_better": found["mcse_mean"],
    }


def _variances(
    outcomes: Outcomes,
    scenario: str,
    found: Sequence[Row],
    apart: Sequence[Floats],
    errors: pd.Series,
) -> dict[str, list[float]]:
    names = tuple(str(name) for name in outcomes.cohort["outcome"].to_numpy())
    told = [
        parts(row, values, float(error), outcomes.spread[scenario], names, outcomes.report_weeks)
        for row, values, error in zip(found, apart, errors, strict=True)
    ]
    return {f"variance_{name}": [one[name] for one in told] for name in PARTS}
