"""The summary of a run as plain data; its contract is schema/summary-1.json."""

from __future__ import annotations

import json
import math
from typing import Any

import pandas as pd
import xarray as xr

from twin.outcomes.outcomes import Outcomes
from twin.outcomes.settings import OutcomeSettings
from twin.outcomes.thresholds import harm_changes
from twin.outcomes.uncertainty import PARTS
from twin.simulate.design import Design

from .facts import ExportFacts
from .schema import VERSION

_WHAT = ("quantity", "outcome", "detail", "unit")
_ESTIMATE = ("mean", "lower", "upper")
_EFFECT_LABELS = ("parameter", "arm", "outcome", "detail")
_EFFECT_NUMBERS = (
    "prior_mean",
    "prior_sd",
    "posterior_mean",
    "posterior_sd",
    "contraction",
    "z_score",
)


def document(
    outcomes: Outcomes,
    design: Design,
    facts: ExportFacts,
    settings: OutcomeSettings,
    summary: pd.DataFrame,
    contrasts: pd.DataFrame,
    learnt: xr.Dataset | None = None,
) -> dict[str, Any]:
    """Return the summary of a run, ready for JSON: null stands where a number is not known.

    Parameters
    ----------
    outcomes, design, facts, settings
        What was found, of what, where it comes from, by which thresholds.
    summary, contrasts
        The tables of `twin.outcomes.table`.
    learnt
        From `twin.diagnose.contraction`; left out of the document where there is none.
    """
    joint = facts.joint_labels()
    told: dict[str, Any] = {
        "schema_version": VERSION,
        "cohort": {
            "name": facts.cohort,
            "synthetic": facts.synthetic,
            "people": len(design.patients),
            "workers": int(design.worker.sum()) if design.has_work else None,
            "hash": facts.cohort_hash,
        },
        "converged": facts.converged,
        "comparator": outcomes.comparator,
        "level": outcomes.level,
        "horizon_weeks": int(design.weeks[-1]),
        "report_weeks": list(outcomes.report_weeks),
        "posterior_draws": {"chains": design.n_chains, "draws": design.n_draws},
        "seed": facts.seed,
        "versions": dict(facts.versions),
        "configuration": json.loads(facts.configuration),
        "definitions": {
            "relative_change": settings.relative_change,
            "partial_loss": settings.partial_loss,
            "days_per_week": settings.days_per_week,
        },
        "outcomes": _outcomes(outcomes, design, settings),
        "scenarios": [
            {
                "name": name,
                "title": facts.scenarios[name].title,
                "labels": facts.labels(name),
                "label": joint[name],
                "quantities": _rows(summary[summary["scenario"] == name]),
                "contrasts": _rows(contrasts[contrasts["scenario"] == name]),
            }
            for name in outcomes.scenarios
        ],
    }
    return told if learnt is None else told | {"effects": _effects(learnt)}


def _effects(learnt: xr.Dataset) -> list[dict[str, Any]]:
    """How much of each effect of an arm is learnt, in the parameter's own unit."""
    rows = []
    for place in range(learnt.sizes["effect"]):
        one = learnt.isel(effect=place)
        labels = {name: str(one[name].values) or None for name in _EFFECT_LABELS}
        rows.append(
            {"effect": str(one["effect"].values), **labels}
            | {name: _number(float(one[name])) for name in _EFFECT_NUMBERS}
            | {"verdict": str(one["verdict"].values)}
        )
    return rows


def _outcomes(
    outcomes: Outcomes, design: Design, settings: OutcomeSettings
) -> list[dict[str, Any]]:
    important = outcomes.important_changes
    harm = harm_changes(design.instruments, settings)
    found = []
    for name in design.outcomes:
        scale, change = design.instruments[name], important[name]
        found.append(
            {
                "name": name,
                "instrument": scale.name,
                "title": scale.label,
                "minimum": scale.minimum,
                "maximum": scale.maximum,
                "worse": scale.worse,
                "important_change": None
                if change is None
                else {"value": change.value, "source": change.source},
                "harm_change": harm[name],
            }
        )
    return found


def _rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [_row(row) for row in table.to_dict(orient="records")]


def _row(row: dict[Any, Any]) -> dict[str, Any]:
    told: dict[str, Any] = {name: row[name] or None for name in _WHAT}
    told["week"] = int(row["week"])
    told["people"] = int(row["people"])
    told["estimate"] = {name: _number(row[name]) for name in _ESTIMATE}
    told["monte_carlo_error"] = {name: _number(row[f"mcse_{name}"]) for name in _ESTIMATE}
    if "probability_better" in row:
        told["probability_better"] = _number(row["probability_better"])
        told["probability_better_error"] = _number(row["mcse_probability_better"])
        told["variance"] = {part: _number(row[f"variance_{part}"]) for part in PARTS}
    return told


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
