"""A cohort on one screen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import pandas as pd

from twin.cohort.occasions import occasions
from twin.instruments import Instrument

if TYPE_CHECKING:
    from twin.cohort.cohort import Arm, Cohort

_CELL = 11  # wide enough for "100.0/10.0"
_NAMES = 16
_FEW = 12  # arms or covariates of one domain shown by name
MOSTLY = 0.5
"""Share of people without a covariate above which what it seems to do is mostly a guess."""


def describe(cohort: Cohort) -> str:
    """Return what a cohort holds: people, schedule, scores, work, covariates, what is missing."""
    return "\n".join(
        [
            *_people(cohort),
            *_arms(cohort),
            "",
            *_courses(cohort),
            *_work(cohort),
            *_covariates(cohort),
        ]
    )


def _people(cohort: Cohort) -> Iterator[str]:
    made = "SYNTHETIC: generated, no real people" if cohort.synthetic else "real records"
    yield f"Cohort {cohort.name} ({made})"
    regions = cohort.patients["body_region"].value_counts()
    listed = ", ".join(f"{region} {count}" for region, count in regions.items())
    yield f"{cohort.n} people, {len(cohort.visits)} visits; {listed}"
    for region, count in list(regions.items())[1:]:
        yield (
            f"  {region}: {count} people with a shift of their own in level and pace; flares,"
            f" errors and what arms do are learnt mostly from {regions.index[0]}"
        )
    if cohort.has_clusters:
        sizes = cohort.patients["cluster"].value_counts()
        yield f"{len(sizes)} clusters of {sizes.min()} to {sizes.max()} people"
    else:
        yield "no clusters"
    if cohort.entry is None:
        yield "no entry threshold"
    else:
        bound = "at least" if cohort.outcomes[cohort.entry.outcome].worse == "higher" else "at most"
        yield f"entry: {cohort.entry.outcome} {bound} {cohort.entry.minimum:g} at baseline"


def _arms(cohort: Cohort) -> Iterator[str]:
    counts = cohort.patients["arm"].value_counts()
    for name, arm in list(cohort.arms.items())[:_FEW]:
        yield f"  arm {name:<20} {counts.get(name, 0):>6}  {_schedule(arm)}"
    if len(cohort.arms) > _FEW:
        yield f"  and {len(cohort.arms) - _FEW} more arms"


def _schedule(arm: Arm) -> str:
    if arm.reference:
        return "reference"
    weeks = f"weeks {arm.start_week:g} to {arm.start_week + arm.duration_weeks:g}"
    ramp = f", full dose after {arm.ramp_weeks:g}" if arm.ramp_weeks else ""
    return f"{arm.intervention}, {weeks}{ramp}"


def _courses(cohort: Cohort) -> Iterator[str]:
    times = occasions(cohort.visits["week"])
    present = times.cat.categories
    yield _row("week", present)
    yield _row("visits", times.value_counts().reindex(present))
    for name, scale in cohort.outcomes.items():
        scores = cohort.visits[name]
        yield f"{name} ({scale}; {scale.worse} is worse); {_share(scores.isna())} of visits missing"
        by_time = [scores[times == time].dropna() for time in present]
        yield _row("  scored", [len(group) for group in by_time])
        yield _row("  mean/SD", [_mean_and_spread(group) for group in by_time])
        yield _row("  at floor", [_share(_at_floor(scale, group)) for group in by_time])


def _at_floor(scale: Instrument, scores: pd.Series[float]) -> pd.Series[bool]:
    """Tell which scores say that nothing is the matter: the floor of severity, not of the score."""
    return scores == (scale.minimum if scale.worse == "higher" else scale.maximum)


def _work(cohort: Cohort) -> Iterator[str]:
    in_force = int(cohort.patients["labour_force"].sum())
    if not cohort.has_work:
        yield f"no work status; {in_force} people in the labour force"
        return
    yield f"work of {in_force} people in the labour force"
    statuses = cohort.visits.dropna(subset="work_status")
    if statuses.empty:
        yield "  no work status"
    else:
        seen = statuses.groupby("patient")["work_status"]
        for moment, states in {"first seen": seen.first(), "last seen": seen.last()}.items():
            counts = states.value_counts()
            yield f"  {moment}: " + ", ".join(f"{state} {count}" for state, count in counts.items())
    if cohort.has_days:
        yield _days(cohort)


def _days(cohort: Cohort) -> str:
    days, meaning = cohort.visits["days_absent"].dropna(), cohort.days_absent
    back = (
        "since the previous visit"
        if meaning.recall_weeks is None
        else f"over {meaning.recall_weeks:g} weeks"
    )
    return (
        f"  days absent {back}, {meaning.days_per_week:g} a week: {len(days)} reports, "
        f"mean {days.mean():.1f}, none at {_share(days == 0)}"
    )


def _covariates(cohort: Cohort) -> Iterator[str]:
    if not cohort.covariates:
        yield "no covariates"
        return
    yield f"{len(cohort.covariates)} covariates, with the share of people missing"
    domains: dict[str, list[str]] = {}
    for name, meaning in cohort.covariates.items():
        domains.setdefault(meaning.domain, []).append(name)
    for domain, names in domains.items():
        listed = [f"{name} {_share(cohort.patients[name].isna())}" for name in names[:_FEW]]
        more = [f"and {len(names) - _FEW} more"] if len(names) > _FEW else []
        yield f"  {domain}: {', '.join(listed + more)}"
    for name in cohort.covariates:
        missing = cohort.patients[name].isna()
        if missing.mean() > MOSTLY:
            yield f"  {name} is mostly missing ({_share(missing)}): the others stand in for it"


def _row(name: str, cells: Iterable[object]) -> str:
    return f"{name:<{_NAMES}}" + "".join(f"{cell!s:>{_CELL}}" for cell in cells)


def _mean_and_spread(scores: pd.Series[float]) -> str:
    if scores.empty:
        return "-"
    spread = f"{scores.std():.1f}" if len(scores) > 1 else "-"
    return f"{scores.mean():.1f}/{spread}"


def _share(true: pd.Series[bool]) -> str:
    return f"{true.mean():.0%}" if len(true) else "-"
