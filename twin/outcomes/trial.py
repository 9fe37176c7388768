"""A trial's own estimate of what its arms do, beside the engine's."""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr

from twin.cohort import Cohort
from twin.cohort.occasions import occasions

_LEAST_PEOPLE = 10


def trial_estimates(cohort: Cohort, contrast: xr.DataArray, level: float) -> pd.DataFrame:
    """Return the difference between arms by analysis of covariance, and by the fit.

    Parameters
    ----------
    cohort
        The cohort, its first visits at week 0.
    contrast
        Expected score of each arm less that of the reference arm, dims chain, draw, active_arm,
        outcome and week: `twin.fit.estimands.arm_contrasts`.
    level
        Of the engine's interval.

    Returns
    -------
    pd.DataFrame
        One row an arm, outcome and follow-up week that both have: ``arm``, ``outcome``, ``week``,
        ``engine_mean``, ``engine_lower``, ``engine_upper``, ``ancova``, ``ancova_se`` (score
        units) and ``people``, those who were scored at both visits. Weeks are those of the fit's
        contrast at which people were seen. Empty for a cohort of one arm.

    Notes
    -----
    The analysis of covariance regresses the score at a visit on that at baseline and on the arms,
    among complete cases, by ordinary least squares.
    """
    rows = []
    weeks = [float(week) for week in contrast["week"].to_numpy()]
    at = cohort.visits.assign(occasion=occasions(cohort.visits["week"]).astype("str"))
    for outcome in cohort.outcomes:
        scores = at.pivot_table(
            index="patient", columns="occasion", values=outcome, aggfunc="first"
        )
        for week in weeks:
            if f"{week:g}" not in scores or "0" not in scores:
                continue
            seen = scores[["0", f"{week:g}"]].join(cohort.patients["arm"]).dropna()
            if len(seen) < _LEAST_PEOPLE:
                continue
            for arm, (estimate, error) in _ancova(seen, list(cohort.arms)).items():
                own = contrast.sel(active_arm=arm, outcome=outcome, week=week)
                lower, upper = np.quantile(own, [(1 - level) / 2, (1 + level) / 2])
                rows.append(
                    {
                        "arm": arm,
                        "outcome": outcome,
                        "week": week,
                        "engine_mean": float(own.mean()),
                        "engine_lower": float(lower),
                        "engine_upper": float(upper),
                        "ancova": estimate,
                        "ancova_se": error,
                        "people": len(seen),
                    }
                )
    return pd.DataFrame(rows)


def _ancova(seen: pd.DataFrame, arms: list[str]) -> dict[str, tuple[float, float]]:
    """Return each arm's difference from the first and its standard error."""
    present = [arm for arm in arms[1:] if (seen["arm"] == arm).any()]
    if not (seen["arm"] == arms[0]).any():
        return {}
    before, after = seen.iloc[:, 0].to_numpy(float), seen.iloc[:, 1].to_numpy(float)
    given = [(seen["arm"] == arm).to_numpy(float) for arm in present]
    design = np.column_stack([np.ones(len(seen)), before, *given])
    coefficient, *_ = np.linalg.lstsq(design, after)
    spread = after - design @ coefficient
    variance = spread @ spread / (len(after) - design.shape[1])
    error = np.sqrt(np.diag(np.linalg.pinv(design.T @ design)) * variance)
    return {arm: (float(coefficient[2 + i]), float(error[2 + i])) for i, arm in enumerate(present)}
