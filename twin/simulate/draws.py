"""What an intervention states, drawn once for each posterior draw."""

from __future__ import annotations

import numpy as np

from scenarios import Intervention, Uncertain
from scenarios.effect import FLARES, FLARES_OF, WORK_TARGETS
from scenarios.expression import Expression
from twin.keyed import stream
from twin.law.grid import Floats

type Changes = tuple[tuple[Expression, Floats], ...]
"""Draws of changes, shape (sample,) each, beside what they are per unit of."""

RATIOS = ("recovery_rate", *WORK_TARGETS, FLARES, *FLARES_OF)
"""Targets whose effects are log ratios in force while the dose is."""


def draw_belief(
    intervention: Intervention, name: str, belief: Uncertain, n: int, seed: int
) -> Floats:
    """Draw what is believed of one number of an intervention, shape (sample,)."""
    rng = stream(seed, f"{intervention.key}:{name}")
    return np.asarray(belief.distribution.draw(rng, (n,)), dtype=float)


def log_ratios(intervention: Intervention, n: int, seed: int) -> dict[str, Floats]:
    """Draw log ratios by target, 0 where none is stated, shape (sample,) each."""
    found = {target: np.zeros(n) for target in RATIOS}
    for effect in intervention.effects:
        if effect.target in found:
            rng = stream(seed, f"{intervention.key}:{effect.target}")
            found[effect.target] = np.asarray(effect.distribution.draw(rng, (n,)), dtype=float)
    return found


def modifiers(intervention: Intervention, n: int, seed: int) -> dict[str, Changes]:
    """Draw by target what changes an effect, as shares of it per unit of what it depends on."""
    return {
        effect.target: tuple(
            (one.by, draw_belief(intervention, f"{effect.target} by {one.by}", one, n, seed))
            for one in effect.modified_by
        )
        for effect in intervention.effects
    }
