"""Elicited numbers as a file that ships with the project."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from priors.elicited import Belief, ElicitedEffect

EFFECTS = Path(__file__).resolve().parents[2] / "priors" / "elicited" / "effects.yaml"

_HEADER = """\
# What is believed of each effect, elicited from priors/evidence. Generated, not written by hand:
#   python -m twin.elicit effects
# Fields: priors/elicited.py. What was assumed on the way: twin/elicit/question.py.
"""


def write_effects(effects: Mapping[str, ElicitedEffect], file: Path) -> None:
    """Write elicited effects by name, in the order given."""
    given = {name: _plain(effect) for name, effect in effects.items()}
    text = yaml.safe_dump(
        {"effects": given}, sort_keys=False, default_flow_style=None, width=98, allow_unicode=True
    )
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(_HEADER + text, "utf-8")


def _plain(effect: Belief) -> dict[str, Any]:
    given = effect.model_dump(mode="json", exclude_none=True)
    if not given.get("without"):
        given.pop("without", None)
    return given
