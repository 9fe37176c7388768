"""What expressions about people may read: facts, and what was recorded of them by a week.

Nothing latent is in here: levels, flares and errors stay where they are.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from scenarios.expression import Kinds, Values
from scenarios.expression.tree import UNKNOWN_WORD
from twin.cohort import WORK_STATUSES, Cohort
from twin.instruments import Instrument
from twin.law.grid import Floats, Ints

BASELINE = "_baseline"
STRATUM = "stratum"
_PERCENT = 100.0
_DIGITS = 9
"""Kept of scores, so that a sum of binary fractions is equal to the number that was typed."""
_WORK_WORDS = np.array([*WORK_STATUSES, UNKNOWN_WORD])


def kinds(cohort: Cohort, later: bool = False, groups: tuple[str, ...] = ()) -> Kinds:
    """What is known of a cohort's people, and the words that it can be where it is a word.

    Parameters
    ----------
    cohort
        The cohort.
    later
        Whether at a week after baseline, when what was known there is known too.
    groups
        Names of strata, where there are any.
    """
    seen: dict[str, tuple[str, ...] | None] = {}
    for outcome, scale in cohort.outcomes.items():
        seen |= {outcome: None, scale.name: None}
    if cohort.has_work:
        seen["work"] = WORK_STATUSES
    then = {f"{name}{BASELINE}": words for name, words in seen.items()} if later else {}
    facts: dict[str, tuple[str, ...] | None] = {
        name: _levels(cohort, name) if one.kind == "nominal" else None
        for name, one in cohort.covariates.items()
    }
    facts |= {"labour_force": None, "body_region": _levels(cohort, "body_region")}
    if cohort.has_clusters:
        facts["clinic"] = _levels(cohort, "cluster")
    return seen | then | facts | ({STRATUM: groups} if groups else {})


def _levels(cohort: Cohort, column: str) -> tuple[str, ...]:
    return tuple(sorted(map(str, cohort.patients[column].dropna().unique())))


class Seen(NamedTuple):
    """What is recorded of one person at a week."""

    severity: Floats
    """Recorded scores as shares of their scales, more being worse, shape (sample, outcome)."""
    work: Ints | None
    """Code of the work state, -1 where there is none, shape (sample,); None where not asked."""


@dataclass(frozen=True)
class Facts:
    """What stands in a cohort's table of people.

    Attributes
    ----------
    columns
        Number or word of each person, by name; NaN or the empty word where it is not known.
    outcomes
        The outcomes, and their instruments.
    """

    columns: Mapping[str, np.ndarray]
    outcomes: Mapping[str, Instrument]

    @classmethod
    def of(cls, cohort: Cohort) -> Facts:
        """Read the table."""
        words = {name for name, one in cohort.covariates.items() if one.kind == "nominal"}
        columns = {}
        for name, column in [
            *((name, name) for name in (*cohort.covariates, "labour_force", "body_region")),
            ("clinic", "cluster"),
        ]:
            held = cohort.patients[column]
            is_word = name in words or name in ("body_region", "clinic")
            columns[name] = (
                held.astype(object).where(held.notna(), UNKNOWN_WORD).to_numpy(dtype=str)
                if is_word
                else held.to_numpy(dtype=float)
            )
        return cls(columns, cohort.outcomes)

    def values(
        self,
        person: int,
        names: Collection[str],
        baseline: Seen,
        now: Seen | None = None,
        stratum: np.ndarray | None = None,
    ) -> Values:
        """Look up what some names stand for, of one person, in every sample.

        Parameters
        ----------
        person
            Position of the person.
        names
            Those that are wanted; each known by `kinds`.
        baseline
            What was recorded at week 0.
        now
            What is recorded at the week that is meant; None: week 0 itself.
        stratum
            Name of the person's group in each sample, where there are strata.
        """
        found: dict[str, np.ndarray] = {}
        for name in names:
            plain = name.removesuffix(BASELINE)
            seen = baseline if now is None or plain != name else now
            if name == STRATUM and stratum is not None:
                found[name] = stratum
            elif plain == "work":
                assert seen.work is not None
                found[name] = _WORK_WORDS[seen.work]
            elif name in self.columns:
                found[name] = self.columns[name][person]
            else:
                found[name] = self._score(plain, seen.severity)
        return found

    def _score(self, name: str, severity: Floats) -> Floats:
        for k, (outcome, scale) in enumerate(self.outcomes.items()):
            if name == outcome:
                return np.round(_PERCENT * severity[:, k], _DIGITS)
            if name == scale.name:
                return np.round(scale.from_severity(severity[:, k]), _DIGITS)
        raise KeyError(name)  # refused at the door
