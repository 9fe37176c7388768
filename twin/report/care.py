"""What people get under a scenario: a table, and the tree of its rules with shares of people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import pandas as pd

from scenarios import Branch, Rule, Scenario

from .content import ReportContent
from .digits import NOTHING, number, percent


class Taken(NamedTuple):
    """An intervention of a scenario, in shares of all people."""

    title: str
    offered: str
    begun: str
    active: str
    """At each week that is counted."""
    wait: str
    waiting: str
    left: str
    """Of those who were to have it, by leaving before it began."""


class Way(NamedTuple):
    """A way that people go."""

    said: str
    """The answer."""
    follows: str
    """What is done."""
    share: str
    """Of all people."""


class Fork(NamedTuple):
    """A rule at a week, or the groups at baseline."""

    week: int
    question: str
    asked: str
    ways: list[Way]


class CareShown(NamedTuple):
    """What a report shows of the care under a scenario."""

    taken: list[Taken]
    weeks: tuple[int, ...]
    """At which the active are counted."""
    forks: list[Fork]


def care_shown(content: ReportContent, scenario: Scenario) -> CareShown:
    """Return what people get under a scenario; empty lists where it does nothing."""
    table = content.outcomes.care
    own = table[table["scenario"] == scenario.name]
    if own.empty:
        return CareShown([], (), [])
    interventions = own[own["subject"] == "intervention"]
    active = interventions.loc[interventions["detail"] == "active", "week"]
    weeks = tuple(sorted({int(week) for week in active}))
    taken = [
        _taken(one.title, interventions[interventions["name"] == one.name])
        for one in scenario.interventions
    ]
    return CareShown(taken, weeks, list(_forks(scenario, own)))


def _taken(title: str, rows: pd.DataFrame) -> Taken:
    by_detail = {str(detail): part for detail, part in rows.groupby("detail")}
    wait = float(by_detail["wait"]["mean"].iloc[0])
    return Taken(
        title=title,
        offered=_share(by_detail["offered"]),
        begun=_share(by_detail["begun"]),
        active=" / ".join(percent(mean) for mean in by_detail["active"]["mean"]),
        wait=NOTHING if wait != wait else number(wait, 1),
        waiting=_share(by_detail["waiting"]),
        left=_share(by_detail["left"]),
    )


def _share(rows: pd.DataFrame) -> str:
    return percent(float(rows["mean"].iloc[0]))


def _forks(scenario: Scenario, own: pd.DataFrame) -> Iterator[Fork]:
    titles = {one.name: one.title for one in scenario.interventions}
    if scenario.strata is not None:
        groups = own[own["subject"] == "group"].set_index("name")["mean"]
        ways = [
            Way(
                name,
                Branch(start=scenario.strata.pathways.get(name, ())).said("; ", titles),
                percent(groups[name]),
            )
            for name in scenario.strata.names
        ]
        yield Fork(0, "Which group does the tool say?", percent(1.0), ways)
    rules = own[own["subject"] == "rule"]
    by_name = {rule.name: rule for rule in scenario.rules}
    asked: Any
    for asked, rows in rules.groupby(["week", "name"], sort=False):
        week, name = int(asked[0]), str(asked[1])
        shares = rows.set_index("detail")["mean"]
        yield _fork(by_name[name], week, shares, titles)


def _fork(rule: Rule, week: int, shares: pd.Series, titles: Mapping[str, str]) -> Fork:
    on = " or ".join(titles[name] for name in rule.among)
    follows = {
        "then": rule.then.said("; ", titles),
        "otherwise": rule.otherwise.said("; ", titles),
        "nothing": Branch().said("; ", titles),
    }
    ways = [
        Way("yes", follows["then"], percent(shares["then"])),
        Way("no", follows["otherwise"], percent(shares["otherwise"])),
    ]
    if shares["not_seen"] > 0:
        ways.append(Way("not known", follows[rule.if_missing], percent(shares["not_seen"])))
    question = f"{rule.ask}?{f' (of those in: {on})' if on else ''}"
    return Fork(week, question, percent(shares.sum()), ways)
