"""Outcomes as tables, one row for each quantity, week and scenario."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from .intervals import Floats
from .monte_carlo import estimate
from .outcomes import Outcomes
from .rows import Row, rows

_WHAT = ("quantity", "outcome", "detail", "week", "unit")
_ESTIMATE = ("mean", "lower", "upper", "level", "mcse_mean", "mcse_lower", "mcse_upper")

SUMMARY_COLUMNS = ("scenario", *_WHAT, *_ESTIMATE, "people")
CONTRAST_COLUMNS = (
    "scenario",
    "comparator",
    *_WHAT,
    *_ESTIMATE,
    "probability_better",
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
    parts = [
        _table(name, found, [row.values[:, :, position] for row in found], outcomes.level)
        for position, name in enumerate(outcomes.scenarios)
    ]
    return pd.concat(parts, ignore_index=True)[list(SUMMARY_COLUMNS)]


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
        scenario, a tie counting half; NaN where more is neither better nor worse.
    """
    found = list(rows(outcomes.cohort, outcomes.report_weeks))
    base = outcomes.scenarios.index(outcomes.comparator)
    parts = []
    for position, name in enumerate(outcomes.scenarios):
        if position == base:
            continue
        # each draw against itself: neither is averaged before the other
        apart = [row.values[:, :, position] - row.values[:, :, base] for row in found]
        better = [
            _probability_better(row, values) for row, values in zip(found, apart, strict=True)
        ]
        parts.append(
            _table(name, found, apart, outcomes.level).assign(
                comparator=outcomes.comparator,
                probability_better=better,
                label=labels.get(name, ""),
            )
        )
    if not parts:
        return pd.DataFrame(columns=list(CONTRAST_COLUMNS))
    return pd.concat(parts, ignore_index=True)[list(CONTRAST_COLUMNS)]


def _table(
    scenario: str, found: Sequence[Row], values: Sequence[Floats], level: float
) -> pd.DataFrame:
    facts = {name: [getattr(row, name) for row in found] for name in (*_WHAT, "people")}
    numbers = estimate(np.stack(values, axis=-1), level)
    return pd.DataFrame(facts | numbers).assign(scenario=scenario, level=level)


def _probability_better(row: Row, apart: Floats) -> float:
    known = apart[~np.isnan(apart)]
    if not row.better or not known.size:
        return float("nan")
    gain = row.better * known
    return float(((gain > 0) + 0.5 * (gain == 0)).mean())
