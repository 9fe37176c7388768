"""Elicited numbers as the files that ship with the project: each whole, or as it was before."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from priors.elicited import Belief, ElicitedEffect
from priors.elicited_population import PopulationEvidence
from twin.fit.whole import whole_file

_FOLDER = Path(__file__).resolve().parents[2] / "priors" / "elicited"
EFFECTS, POPULATION = _FOLDER / "effects.yaml", _FOLDER / "population.yaml"

_EFFECTS_HEADER = """\
# What is believed of each effect, elicited from priors/evidence. Generated, not written by hand:
#   python -m twin.elicit effects
# Fields: priors/elicited.py. What was assumed on the way: twin/elicit/question.py.
"""


def write_effects(effects: Mapping[str, ElicitedEffect], file: Path = EFFECTS) -> None:
    """Write elicited effects by name, in the order given."""
    given = {name: _plain(effect) for name, effect in effects.items()}
    _write(file, _EFFECTS_HEADER, {"effects": given})


def write_population(told: PopulationEvidence, file: Path = POPULATION) -> None:
    """Write what was elicited of people and their course."""
    header = f"# Generated: {told.command}. Do not edit.\n"
    _write(file, header, told.model_dump(mode="json"))


def _plain(effect: Belief) -> dict[str, Any]:
    given = effect.model_dump(mode="json", exclude_none=True)
    if not given.get("without"):
        given.pop("without", None)
    return given


def _write(file: Path, header: str, told: Mapping[str, Any]) -> None:
    """Write YAML, the same bytes for the same numbers."""
    text = yaml.safe_dump(
        told, sort_keys=False, default_flow_style=None, width=98, allow_unicode=True
    )
    with whole_file(file) as beside:
        beside.write_text(header + text, "utf-8")
