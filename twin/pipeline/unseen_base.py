"""What people whom the fit never saw are assimilated into, and the files that tell of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import xarray as xr
import yaml
from pydantic import ValidationError

from twin.assimilate import read_person
from twin.assimilate.assimilate import ASSIMILATED
from twin.cohort import Cohort, CohortMapping, read_cohort
from twin.config import RunConfig
from twin.errors import InputError, Problem, from_validation
from twin.fit.plan import FitPlan
from twin.fit.store import load_fit
from twin.population.draw import draw_twins

_SAME = ("model", "priors")
"""Parts of the configuration that reports of twins speak of as those of their fit."""


def stored_fit(config: RunConfig, plan: FitPlan, draws: int) -> xr.DataTree:
    """Return the stored fit of a plan, or people drawn from evidence.

    Raises
    ------
    InputError
        If there is no such fit.
    """
    if config.population is not None:
        return draw_twins(plan.cohort, plan.model, plan.priors, draws, plan.seed)
    base = load_fit(plan.path)
    if base is None:
        remedy = "Make it first: the same command without twins=assimilate and twins.visits."
        rule = f"need a stored fit of cohort {plan.cohort.name}, and there is none"
        raise InputError([Problem("twins", rule, value=str(plan.path), remedy=remedy)])
    return base


def earlier_twins(path: Path, config: RunConfig, plan: FitPlan) -> xr.DataTree:
    """Return twins that were assimilated by an earlier run.

    Raises
    ------
    InputError
        If there are none in the file, or they were assimilated into another fit than that of the
        plan: the report would speak of the wrong one.
    """
    twins = load_fit(path)
    if twins is None or twins.attrs.get("drawn_from") != ASSIMILATED:
        remedy = "Name the assimilated.nc of an earlier run's folder."
        rule = "holds no twins that were assimilated"
        raise InputError([Problem("twins.earlier", rule, value=str(path), remedy=remedy)])
    then = json.loads(str(twins.attrs["configuration"]))
    now = config.model_dump(mode="json")
    other = [part for part in _SAME if part in then and then[part] != now[part]]
    if twins.attrs.get("fit_cohort_hash") != plan.cohort.hash:
        other = ["cohort", *other]
    if other:
        remedy = "Choose them as in the run that made these twins: its manifest.json says how."
        rule = f"were assimilated with other settings of {', '.join(other)}"
        raise InputError([Problem("twins.earlier", rule, value=str(path), remedy=remedy)])
    return twins


def read_newcomers(path: Path, base: xr.DataTree) -> Cohort:
    """Read a file of people, or the tables that it names.

    Raises
    ------
    InputError
        If it cannot be read in the terms of the fit.
    """
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
