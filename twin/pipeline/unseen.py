"""People whom the fit never saw: read before a run, assimilated in it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import xarray as xr
import yaml
from pydantic import ValidationError

from twin.assimilate import assimilate, credibility, read_person
from twin.assimilate.credibility import FARTHER, VERDICTS
from twin.assimilate.newcomers import newcomers
from twin.assimilate.settings import AssimilationSettings
from twin.cohort import Cohort, CohortMapping, read_cohort
from twin.config import RunConfig
from twin.errors import InputError, Problem, from_validation
from twin.fit.frame import frame_of
from twin.fit.plan import FitPlan
from twin.fit.store import load_fit
from twin.population.draw import draw_twins

_WORST = 5
"""People named whose weights are least even; of many, the others are counted."""


@dataclass(frozen=True, eq=False)
class Unseen:
    """People who are to be assimilated.

    Attributes
    ----------
    settings
        How.
    base
        The fit that they are assimilated into, or people drawn from evidence.
    given
        The people as they were told.
    cohort
        The same in the terms of the base.
    notes
        What was left out, filled or assumed for that.
    credible
        From `twin.assimilate.credibility`.
    """

    settings: AssimilationSettings
    base: xr.DataTree
    given: Cohort
    cohort: Cohort
    notes: tuple[str, ...]
    credible: xr.Dataset

    @property
    def key(self) -> str:
        """What tells these twins from all others: a hash of all that could change a number."""
        parts = (
            self.base.attrs["cohort_hash"],
            self.base.attrs["configuration"],
            self.given.hash,
            self.settings.model_dump_json(exclude={"workers", "visits"}),
        )
        return hashlib.sha256("".join(map(str, parts)).encode("utf-8")).hexdigest()[:16]

    @property
    def told(self) -> str:
        """Who they are and what they are assimilated into, in a sentence or two."""
        base = self.base.attrs["cohort"]
        source = (
            "populations drawn from published evidence; nothing was fitted"
            if self.base.attrs.get("drawn_from") == "evidence"
            else f"the fit of cohort {base}, which never saw them and was not repeated"
        )
        noted = "".join(f" {note[0].upper()}{note[1:]}." for note in self.notes)
        who = f"{self.cohort.n} {'person' if self.cohort.n == 1 else 'people'}"
        return f"Twins of {who}, assimilated into {source}.{noted}{self._strange()}"

    def _strange(self) -> str:
        """Say who is hardly credible as somebody of the base's population."""
        words = self.credible["verdict"].to_series()
        told = [
            f" {str(verdict).capitalize()}: {', '.join(map(str, words.index[words == verdict]))}."
            for verdict in VERDICTS[1:]
            if (words == verdict).any()
        ]
        return "".join(told)


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
    base = _base(config, plan, settings.draws)
    given = _read(Path(settings.visits), base)
    read = newcomers(frame_of(base), given, recruited=settings.recruited)
    credible = credibility(base, given, seed=plan.seed, recruited=settings.recruited)
    if not settings.accept_outside:
        _refuse_outside(credible, settings.visits)
    return Unseen(settings, base, given, read.cohort, read.notes, credible)


def assimilated(unseen: Unseen, seed: int, configuration: str) -> xr.DataTree:
    """Return the people's twins, which carry the whole run's configuration."""
    settings = unseen.settings
    twins = assimilate(
        unseen.base,
        unseen.given,
        seed=seed,
        draws=settings.draws,
        workers=settings.workers,
        recruited=settings.recruited,
        progress="assimilating people",
    )
    twins.attrs["configuration"] = configuration
    twins["twins"] = xr.DataTree(twins["twins"].to_dataset().merge(unseen.credible))
    return twins


def how_found(twins: xr.DataTree) -> str:
    """Return how well the twins are told: the most uneven weights, person by person."""
    people = twins["twins"].to_dataset()[["pareto_k", "ess", "method"]]
    order = people["pareto_k"].to_numpy().argsort(kind="stable")[::-1]
    rows = [
        f"  {one['patient'].item()}: Pareto k {one['pareto_k'].item():.2f}, "
        f"effective size {one['ess'].item():.0f}, by {one['method'].item()}"
        for one in (people.isel(patient=place) for place in order[:_WORST])
    ]
    more = len(order) - len(rows)
    rest = [f"  and {more} people with more even weights"] if more > 0 else []
    draws = people_draws(twins)
    return "\n".join([f"Weights of {draws} draws, the least even first:", *rows, *rest])


def people_draws(twins: xr.DataTree) -> int:
    """Number of draws of each person."""
    return int(twins["twins"].sizes["chain"] * twins["twins"].sizes["draw"])


def _refuse_outside(credible: xr.Dataset, file: str) -> None:
    outside = credible.isel(patient=credible["verdict"].to_numpy() == VERDICTS[-1])
    problems = []
    for one in outside["patient"].to_numpy().tolist():
        found = outside.sel(patient=one)
        why = (
            f"{found['farthest'].item()} lies {found['beyond'].item():.1f} times the width of the "
            "fit's range beyond it"
            if found["beyond"].item() > FARTHER
            else f"scores are such as one in {1 / found['surprise'].item():,.0f} of it has"
        )
        remedy = "Correct what was typed wrong, or take the person with twins.accept_outside=true."
        problems.append(
            Problem(file, f"is outside the cohort: {why}", None, "patient", one, remedy)
        )
    if problems:
        raise InputError(problems)


def _base(config: RunConfig, plan: FitPlan, draws: int) -> xr.DataTree:
    if config.population is not None:
        return draw_twins(plan.cohort, plan.model, plan.priors, draws, plan.seed)
    base = load_fit(plan.path)
    if base is None:
        remedy = "Make it first: the same command without twins=assimilate and twins.visits."
        rule = f"need a stored fit of cohort {plan.cohort.name}, and there is none"
        raise InputError([Problem("twins", rule, value=str(plan.path), remedy=remedy)])
    return base


def _read(path: Path, base: xr.DataTree) -> Cohort:
    """Read a file of people, or the tables that it names."""
    tables = _tables(path)
    if tables is None:
        return read_person(path, base)
    try:
        mapping = CohortMapping.model_validate(tables)
    except ValidationError as error:
        raise from_validation(error, str(path), CohortMapping) from error
    return read_cohort(mapping, Path())


def _tables(path: Path) -> Any:
    """Return what a YAML file says under ``cohort``; None where it says nothing there."""
    if path.suffix.lower() not in (".yaml", ".yml"):
        return None
    try:
        given = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return None  # what is wrong with it is said by whoever reads it as people
    return given.get("cohort") if isinstance(given, dict) else None
