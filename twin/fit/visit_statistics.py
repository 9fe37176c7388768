"""What is compared between observed and replicated data, by arm, occasion and outcome."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from twin.law.grid import Floats, Ints

from .visit_layout import VisitLayout

SCORE_STATISTICS = (
    "mean",
    "sd",
    "floor_share",
    "baseline_correlation",
    "change_sd",
    "improved_share",
)
"""Mean, SD and share at the mildest score; correlation with the person's baseline score, SD of the
change from it, and share of people improved by `RESPONSE` or more (NaN at baseline itself)."""

RESPONSE = 0.3
"""Improvement that counts, as a share of the baseline score from the best end of the scale (Ostelo
2008, Spine 33:90-94): what trials report and scenarios are compared by."""

_FLOOR = 1e-9  # severity: binary fractions only
_SLACK = 1e-6  # severity: a change of exactly the threshold counts
_FEWEST = 3  # scores below which an SD or a correlation says nothing


def count_scores(layout: VisitLayout, arm: Ints, n_arms: int) -> Ints:
    """Return the number of scores, shape (arm, occasion, outcome)."""
    scored = ~np.isnan(layout.severity)
    cells = [
        [scored[_among(layout, arm, a, v)].sum(axis=0) for v in range(len(layout.labels))]
        for a in range(n_arms)
    ]
    return np.array(cells, dtype=np.int64)


def score_statistics(layout: VisitLayout, arm: Ints, n_arms: int, severity: Floats) -> Floats:
    """Return the statistics of recorded severities.

    Parameters
    ----------
    layout
        Which visits belong to which occasion.
    arm
        Index of each person's arm.
    n_arms
        Number of arms.
    severity
        Recorded, NaN where missing, shape (person, visit, outcome), visits as in `layout`.

    Returns
    -------
    Floats
        Shape (statistic, arm, occasion, outcome), in the order of `SCORE_STATISTICS`; NaN where
        there are too few scores.
    """
    n_occasions, k = len(layout.labels), severity.shape[2]
    result = np.full((len(SCORE_STATISTICS), n_arms, n_occasions, k), np.nan)
    baseline = np.broadcast_to(severity[:, :1], severity.shape)
    for a in range(n_arms):
        for v in range(n_occasions):
            among = _among(layout, arm, a, v)
            for outcome in range(k):
                now, before = severity[among][:, outcome], baseline[among][:, outcome]
                result[:, a, v, outcome] = _one_cell(now, before, is_baseline=v == 0)
    return result


def _among(layout: VisitLayout, arm: Ints, a: int, occasion: int) -> npt.NDArray[np.bool_]:
    return np.asarray((layout.occasion == occasion) & (arm[:, None] == a))


def _one_cell(now: Floats, before: Floats, *, is_baseline: bool) -> tuple[float, ...]:
    scored = now[~np.isnan(now)]
    if len(scored) < _FEWEST:
        return (np.nan,) * len(SCORE_STATISTICS)
    single = (float(scored.mean()), float(scored.std(ddof=1)), float((scored < _FLOOR).mean()))
    both = ~np.isnan(now) & ~np.isnan(before)
    if is_baseline or both.sum() < _FEWEST:
        return (*single, np.nan, np.nan, np.nan)
    x, y = before[both], now[both]
    spread = x.std() * y.std()
    covariance = ((x - x.mean()) * (y - y.mean())).mean()
    correlation = float(covariance / spread) if spread > 0 else np.nan
    required = RESPONSE * x
    improved = (x - y >= required - _SLACK) & (required > _SLACK)
    return (*single, correlation, float((y - x).std(ddof=1)), float(improved.mean()))
