"""A cohort and its priors in the form that `bivariate.stan` reads."""

from __future__ import annotations

from typing import Any

import numpy as np

from priors import Beta, HalfNormal, Lkj, LogNormal, Normal, PriorSet
from twin.fit.retest import RetestFigure
from twin.law.parameters import ModelSpec, sampled_parameters
from twin.law.records import Records


def stan_data(
    spec: ModelSpec, records: Records, priors: PriorSet, retest: tuple[RetestFigure, ...]
) -> dict[str, Any]:
    """Return the data block: what `twin.fit.model.build_model` is given, counted from 1."""
    scores, grid = records.scores, records.grid
    seen = np.arange(scores.week.shape[1]) < scores.n_scores[:, None]
    weeks, occasion = np.unique(scores.week[seen], return_inverse=True)
    end = scores.end[seen]
    at_end = np.flatnonzero(end)
    entry = records.entry
    data = {
        "N": len(scores.n_scores),
        "K": len(spec.outcomes),
        "A": len(spec.arms),
        "C": grid.n_cells,
        "W": len(weeks),
        "S": len(end),
        "E": len(at_end),
        "F": len(retest),
        "first": 1 + np.cumsum(scores.n_scores) - scores.n_scores,
        "count": scores.n_scores,
        "arm": 1 + records.arm,
        "week": weeks,
        "occasion": 1 + occasion,
        "outcome": 1 + scores.outcome[seen],
        "severity": scores.severity[seen],
        "rounding_variance": scores.rounding_variance[seen],
        "at_end": 1 + at_end,
        "end": end[at_end].astype(float),
        "cell_start": grid.starts,
        "cell_end": grid.ends,
        **records.dose._asdict(),
        "usual_week": spec.usual_week,
        "entry_outcome": 0 if entry is None else 1 + entry.outcome,
        "entry_bound": 0.0 if entry is None else entry.bound,
        "retest_outcome": [1 + figure.outcome for figure in retest],
        "retest_sem": [figure.sem for figure in retest],
        "retest_lag": [figure.lag_weeks for figure in retest],
        "retest_log_sd": priors.retest_log_sd,
    }
    for parameter in sampled_parameters(spec):
        data[f"{parameter.name}_prior"] = _arguments(priors, parameter.name)
    return {
        name: value.tolist() if isinstance(value, np.ndarray) else value
        for name, value in data.items()
    }


def _arguments(priors: PriorSet, name: str) -> Any:
    """Return what Stan's distribution of the same family takes."""
    match priors[name].distribution:
        case Normal(mean=mean, sd=sd):
            return [mean, sd]
        case HalfNormal(sd=sd):
            return sd
        case LogNormal(median=median, log_sd=log_sd):
            return [float(np.log(median)), log_sd]
        case Beta(a=a, b=b):
            return [a, b]
        case Lkj(eta=eta):
            return eta
