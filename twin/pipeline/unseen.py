"""People whom the fit never saw: read before a run, assimilated in it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd
import xarray as xr

from twin.assimilate import (
    add_visits,
    assimilate,
    credibility,
    next_visit,
    read_further,
)
from twin.assimilate.check_next_visit import check
from twin.assimilate.credibility import with_credibility
from twin.assimilate.newcomers import newcomers
from twin.assimilate.visits import people_of
from twin.cohort import Cohort
from twin.config import AssimilationSettings, RunConfig
from twin.fit.frame import frame_of
from twin.fit.plan import FitPlan

from .unseen_base import earlier_twins, read_newcomers, stored_fit
from .unseen_words import outlook_in_words, refuse_outside, strange, what_changed


@dataclass(frozen=True, eq=False)
class Unseen:
    """People who are to be assimilated.

    Attributes
    ----------
    settings
        How.
    base
        The fit that they are assimilated into, or people drawn from evidence, or their own earlier
        twins.
    given
        The people as they were told, with all visits.
    cohort
        The same in the terms of the base.
    notes
        What was left out, filled or assumed for that.
    credible
        From `twin.assimilate.credibility`.
    further
        The visits that are new, where the base is their earlier twins; else None.
    """

    settings: AssimilationSettings
    base: xr.DataTree
    given: Cohort
    cohort: Cohort
    notes: tuple[str, ...]
    credible: xr.Dataset
    further: pd.DataFrame | None

    @property
    def key(self) -> str:
        """What tells these twins from all others: a hash of all that could change a number."""
        parts = (
            self.base.attrs["cohort_hash"],
            self.base.attrs["configuration"],
            self.given.hash,
            self.settings.model_dump_json(include={"recruited", "draws"}),
        )
        return hashlib.sha256("".join(map(str, parts)).encode("utf-8")).hexdigest()[:16]

    @property
    def into(self) -> str:
        """Name of the cohort whose fit, or of the evidence, that they are assimilated into."""
        return str(self.base.attrs.get("fit_cohort", self.base.attrs["cohort"]))

    @property
    def draws(self) -> int:
        """Draws of each person."""
        if self.further is None:
            return self.settings.draws
        return int(self.base["twins"].sizes["chain"] * self.base["twins"].sizes["draw"])

    @property
    def told(self) -> str:
        """Who they are and what they are assimilated into, in a sentence or two."""
        drawn_from = self.base.attrs.get("into", self.base.attrs.get("drawn_from"))
        source = (
            "populations drawn from published evidence; nothing was fitted"
            if drawn_from == "evidence"
            else f"the fit of cohort {self.into}, which never saw them and was not repeated"
        )
        noted = "".join(f" {note[0].upper()}{note[1:]}." for note in self.notes)
        who = f"{self.cohort.n} {'person' if self.cohort.n == 1 else 'people'}"
        more = (
            ""
            if self.further is None
            else f" Visits added to those that were known: {len(self.further)}."
        )
        return f"Twins of {who}, assimilated into {source}.{more}{noted}{strange(self.credible)}"

    def outlook(self, twins: xr.DataTree) -> dict[str, xr.Dataset]:
        """What measurements at the weeks thought of would tell, by outcome; empty without any."""
        asked = self.settings
        if not asked.next_weeks:
            return {}
        return {
            outcome: next_visit(twins, asked.next_weeks, outcome=outcome, week=asked.foretold_week)
            for outcome in self.cohort.outcomes
        }

    def news(self, twins: xr.DataTree, outlook: dict[str, xr.Dataset]) -> str:
        """What the last visits changed, and what the next ones may tell; empty if not asked."""
        changed = [] if self.further is None else [what_changed(self.base, twins, self.further)]
        return "\n\n".join([*changed, *([outlook_in_words(outlook)] if outlook else [])])


def unseen_people(config: RunConfig, plan: FitPlan) -> Unseen | None:
    """Read whom a run assimilates; None where it takes the twins of the fit itself.

    Parameters
    ----------
    config
        The checked configuration.
    plan
        Of the fit that they are to be assimilated into.

    Raises
    ------
    InputError
        If there is no such fit, the people cannot be read in its terms, or somebody is outside its
        cohort and that is not accepted.
    """
    settings = config.twins
    if settings is None:
        return None
    path = Path(settings.visits)
    if settings.earlier is None:
        base = stored_fit(config, plan, settings.draws)
        given, further, recruited = read_newcomers(path, base), None, settings.recruited
    else:
        base = earlier_twins(Path(settings.earlier), config, plan)
        further, known = read_further(path, base), people_of(base)
        given = replace(known, visits=pd.concat([known.visits, further], ignore_index=True))
        recruited = bool(base.attrs["recruited"])
    read = newcomers(frame_of(base), given, recruited=recruited)
    _check_next(settings, base, read.cohort)
    credible = credibility(base, given, seed=plan.seed, recruited=recruited)
    if not settings.accept_outside:
        refuse_outside(credible, settings.visits)
    return Unseen(settings, base, given, read.cohort, read.notes, credible, further)


def _check_next(settings: AssimilationSettings, base: xr.DataTree, people: Cohort) -> None:
    """Refuse weeks of a next visit that cannot be asked about, before anything runs."""
    if settings.next_weeks:
        last = people.visits.groupby("patient")["week"].max().reindex(people.patients.index)
        ahead = ~(last.fillna(-1.0).to_numpy()[:, None] >= settings.next_weeks)
        outcome = next(iter(people.outcomes))
        check(frame_of(base), outcome, settings.foretold_week, settings.next_weeks, ahead, {})


def assimilated(unseen: Unseen, seed: int, configuration: str) -> xr.DataTree:
    """Return the people's twins, which carry the whole run's configuration."""
    settings = unseen.settings
    progress = "assimilating people"
    if unseen.further is not None:
        twins = add_visits(unseen.base, unseen.further, workers=settings.workers, progress=progress)
    else:
        twins = assimilate(
            unseen.base,
            unseen.given,
            seed=seed,
            draws=settings.draws,
            workers=settings.workers,
            recruited=settings.recruited,
            progress=progress,
        )
    twins.attrs["configuration"] = configuration
    return with_credibility(twins, unseen.credible)
