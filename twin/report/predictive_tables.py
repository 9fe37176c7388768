"""Observed statistics beside those of replicated data, and what was expected before the data."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import xarray as xr

from twin.instruments import Instrument

from . import digits, words
from .content import ReportContent
from .sheet import Sheet

_DECIDED_BY = ("improved_share", "floor_share", "change_sd", "baseline_correlation", "mean", "sd")
_EXPECTED = ("mean", "sd", "floor_share", "change_sd")
_TITLES = {
    "improved_share": "People improved by at least 30 %",
    "floor_share": "People at the best score",
    "change_sd": "SD of the change since baseline",
    "baseline_correlation": "Correlation with baseline",
    "mean": "Mean",
    "sd": "SD between people",
}


def replicate_tables(content: ReportContent) -> list[Sheet]:
    """Return statistics that decisions use, observed and replicated; none without replicates."""
    data = _group(content, "posterior_predictive")
    if data is None:
        return []
    visit = data.attrs.get("usual_visit", "")
    sheets = []
    if visit:
        sheets = [_scores(content, data, str(name), visit) for name in data["outcome"].values]
    if "returned_share" in data and content.has_work:
        sheets.append(_work(content, data))
    return sheets


def extreme_note(content: ReportContent) -> str:
    """Return how many observed statistics lie far outside, and which; empty without replicates."""
    data = _group(content, "posterior_predictive")
    if data is None:
        return ""
    from twin.fit.predictive import CENTRAL, extreme

    outside = extreme(data)
    seen = [one for name, one in data.items() if str(name).startswith("observed_")]
    total = sum(int(one.notnull().sum()) for one in seen)
    note = (
        f"{digits.count(len(outside))} of {digits.count(total)} observed statistics lie outside "
        f"the central {digits.percent(CENTRAL)} of their replicates; about "
        f"{digits.number((1 - CENTRAL) * total, 0)} would by chance."
    )
    if outside.empty:
        return note
    named = [
        " ".join(str(value).replace("_", " ") for value in row if str(value))
        for row in outside.drop(columns=["observed", "low", "high"]).itertuples(index=False)
    ]
    return f"{note} They are: {'; '.join(named)}."


def prior_tables(content: ReportContent) -> list[Sheet]:
    """Return what was expected of the reference arm before the data, in score units."""
    data = _group(content, "prior_predictive")
    if data is None:
        return []
    return [_expected(content, data, str(name)) for name in data["outcome"].values]


def _group(content: ReportContent, name: str) -> xr.Dataset | None:
    return content.fit[name].to_dataset() if name in content.fit.children else None


def _scores(content: ReportContent, data: xr.Dataset, outcome: str, visit: str) -> Sheet:
    rows = []
    for statistic in _DECIDED_BY:
        if statistic not in data:
            continue
        for arm in data["arm"].values:
            at = {"arm": arm, "visit": visit, "outcome": outcome}
            observed = float(data[f"observed_{statistic}"].sel(at))
            if np.isnan(observed):
                continue
            replicated = data[statistic].sel(at).to_numpy()
            name = f"{_TITLES[statistic]}, {str(arm).replace('_', ' ')}"
            rows.append(_compared(content, name, observed, replicated, _is_share(statistic)))
    what = words.capital(words.outcome_name(outcome))
    return _sheet(content, f"{what} at the visit of week {visit}: observed and replicated", rows)


def _work(content: ReportContent, data: xr.Dataset) -> Sheet:
    rows = []
    for visit in data["visit"].values[1:]:
        at = {"visit": visit}
        name = f"Seen back at full work by week {visit}, of those away when first seen"
        rows.append((name, data["observed_returned_share"].sel(at), data["returned_share"].sel(at)))
    for length in data["sightings"].values:
        at = {"sightings": length}
        visits = "visit" if length == 1 else "visits"
        name = f"Runs away from full work that are {length} {visits} long"
        rows.append((name, data["observed_away_run_share"].sel(at), data["away_run_share"].sel(at)))
    weeks = (
        "Weeks from the first to the last visit of such a run",
        data["observed_away_run_weeks"],
        data["away_run_weeks"],
    )
    shown = [
        _compared(content, name, float(seen), drawn.to_numpy(), share)
        for part, share in ((rows, True), ([weeks], False))
        for name, seen, drawn in part
        if not np.isnan(seen)
    ]
    return _sheet(content, "Work: observed and replicated", shown)


def _sheet(content: ReportContent, title: str, rows: list[tuple[str, ...]]) -> Sheet:
    level = digits.level(content.outcomes.level)
    head = ("Statistic", "Observed", f"{level} of replicates", "Replicates below")
    return Sheet(title, head, rows)


def _compared(
    content: ReportContent, name: str, observed: float, replicated: np.ndarray, is_share: bool
) -> tuple[str, ...]:
    drawn = replicated[~np.isnan(replicated)]
    below = float((drawn < observed).mean() + (drawn == observed).mean() / 2)
    low, high = np.quantile(drawn, _tails(content))
    factor, unit = (100.0, f"{digits.SPACE}%") if is_share else (1.0, "")
    places = digits.places(factor * observed, factor * low, factor * high, 0.0)
    return (
        name,
        f"{digits.number(factor * observed, places)}{unit}",
        f"{digits.interval(factor * low, factor * high, places)}{unit}",
        digits.percent(below),
    )


def _expected(content: ReportContent, data: xr.Dataset, outcome: str) -> Sheet:
    arm = data["arm"].values[0]
    scale = content.instruments.get(outcome)
    rows = []
    for visit in data["visit"].values:
        at = {"arm": arm, "visit": visit, "outcome": outcome}
        rows.append((str(visit), *_ranges(content, data, at)))
    names = [_TITLES[name] for name in _EXPECTED if name in data]
    what = words.capital(words.outcome_name(outcome))
    told = f", {_scale(scale)}" if scale else ""
    title = f"{what} before the data, {str(arm).replace('_', ' ')}{told}"
    return Sheet(title, ("Visit, week", *names), rows)


def _ranges(content: ReportContent, data: xr.Dataset, at: dict[str, object]) -> Iterator[str]:
    for statistic in _EXPECTED:
        if statistic not in data:
            continue
        drawn = data[statistic].sel(at).to_numpy()
        observed = float(data[f"observed_{statistic}"].sel(at))
        if np.isnan(observed) or np.isnan(drawn).all():
            yield digits.NOTHING
            continue
        low, high = np.nanquantile(drawn, _tails(content))
        if _is_share(statistic):
            yield (
                f"{digits.interval(100 * low, 100 * high, 0)}{digits.SPACE}% "
                f"[{digits.percent(observed)}]"
            )
        else:
            yield f"{digits.interval(low, high, 1)} [{digits.number(observed, 1)}]"


def _tails(content: ReportContent) -> list[float]:
    level = content.outcomes.level
    return [(1 - level) / 2, (1 + level) / 2]


def _is_share(statistic: str) -> bool:
    return statistic.endswith("_share")


def _scale(scale: Instrument) -> str:
    return f"{scale.label}, {words.scale(scale)}"
