"""What is said of people whom the fit never saw."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import xarray as xr

from twin.assimilate import change
from twin.assimilate.credibility import FARTHER, VERDICTS
from twin.assimilate.next_visit import in_words
from twin.errors import InputError, Problem

_FEW = 5
"""People named one by one; of many, the others are counted."""


def how_found(twins: xr.DataTree) -> str:
    """Return how well the twins are told: the most uneven weights, person by person."""
    people = twins["twins"].to_dataset()[["pareto_k", "ess", "method"]]
    order = people["pareto_k"].to_numpy().argsort(kind="stable")[::-1]
    rows = [
        f"  {one['patient'].item()}: Pareto k {one['pareto_k'].item():.2f}, "
        f"effective size {one['ess'].item():.0f}, by {one['method'].item()}"
        for one in (people.isel(patient=place) for place in order[:_FEW])
    ]
    draws = twins["twins"].sizes["chain"] * twins["twins"].sizes["draw"]
    head = f"Weights of {draws} draws, the least even first:"
    return "\n".join([head, *rows, *_rest(len(order), "people with more even weights")])


def _rest(people: int, who: str) -> list[str]:
    return [f"  and {people - _FEW} {who}"] if people > _FEW else []


def what_changed(before: xr.DataTree, after: xr.DataTree, further: pd.DataFrame) -> str:
    """Return what further visits changed, person by person."""
    seen = list(dict.fromkeys(further["patient"]))
    told = [str(change(before, after, patient)) for patient in seen[:_FEW]]
    return "\n".join([*told, *_rest(len(seen), "people with further visits")])


def outlook_in_words(outlook: Mapping[str, xr.Dataset]) -> str:
    """Return what a next visit would tell, person by person.

    Parameters
    ----------
    outlook
        From `twin.assimilate.next_visit`, by outcome.
    """
    patients = next(iter(outlook.values()))["patient"].to_numpy().tolist()
    told = [in_words(found, one) for one in patients[:_FEW] for found in outlook.values()]
    return "\n".join([*told, *_rest(len(patients), "people, in next_visit.csv")])


def strange(credible: xr.Dataset) -> str:
    """Say who is hardly credible as somebody of the fit's population; empty where all are."""
    words = credible["verdict"].to_series()
    told = [
        f" {str(verdict).capitalize()}: {', '.join(map(str, words.index[words == verdict]))}."
        for verdict in VERDICTS[1:]
        if (words == verdict).any()
    ]
    return "".join(told)


def refuse_outside(credible: xr.Dataset, file: str) -> None:
    """Refuse people who are outside the cohort, and say why each is.

    Raises
    ------
    InputError
        If there are any.
    """
    outside = credible.isel(patient=credible["verdict"].to_numpy() == VERDICTS[-1])
    problems = []
    for one in outside["patient"].to_numpy().tolist():
        found = outside.sel(patient=one)
        why = (
            f"{found['farthest'].item()} lies {found['beyond'].item():.1f} times the width of the "
            "fit's range beyond it"
            if found["beyond"].item() > FARTHER
            else f"the record is such as one in {1 / found['surprise'].item():,.0f} of it has"
        )
        remedy = "Correct what was typed wrong, or take the person with twins.accept_outside=true."
        problems.append(
            Problem(file, f"is outside the cohort: {why}", None, "patient", one, remedy)
        )
    if problems:
        raise InputError(problems)
