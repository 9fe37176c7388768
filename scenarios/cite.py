"""Numbers that an intervention cites by name, in place of typing them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from priors.elicited import ElicitedEffect, Setting, load_elicited_effects
from priors.near import nearest

_KEY = "evidence"
_SHARE = "lasting_share"


@dataclass(frozen=True)
class Citations:
    """Reads cited effects for one setting, the evidence of some cohorts left out.

    Attributes
    ----------
    setting
        Setting that the effects are believed for.
    without
        Ids of cohorts whose evidence is left out.
    """

    setting: Setting
    without: Collection[str]

    def resolve(self, file: str, intervention: Any) -> Any:
        """Put the numbers in the place of their names: ``{evidence: selfback_disability}``.

        Parameters
        ----------
        file
            Named in messages.
        intervention
            As a file has it; what is no intervention is returned as it is, to be refused later.

        Raises
        ------
        ValueError
            When nothing of a name was elicited, or it is of another kind.
        """
        if not isinstance(intervention, Mapping):
            return intervention
        resolved = dict(intervention)
        effects = resolved.get("effects")
        if isinstance(effects, list):
            resolved["effects"] = [self._effect(file, one) for one in effects]
        if _SHARE in resolved:
            resolved[_SHARE] = self._share(file, resolved[_SHARE])
        return resolved

    def _effect(self, file: str, given: Any) -> Any:
        found = _cited(file, given)
        if found is None:
            return given
        name, effect = found
        if effect.target == _SHARE:
            raise ValueError(f"{file}: '{name}' is a lasting share, not an effect")
        about: dict[str, Any] = {"target": effect.target, "unit": effect.unit}
        if effect.instrument is not None:
            about["instrument"] = effect.instrument
        week = {} if effect.at_week is None else {"at_week": effect.at_week}
        return about | week | self._belief(name, effect)

    def _share(self, file: str, given: Any) -> Any:
        found = _cited(file, given)
        if found is None:
            return given
        name, share = found
        if share.target != _SHARE:
            raise ValueError(f"{file}: '{name}' is an effect on {share.target}, no lasting share")
        return self._belief(name, share)

    def _belief(self, name: str, effect: ElicitedEffect) -> dict[str, Any]:
        believed = effect.believed(self.without)
        distribution = believed.same if self.setting == "same" else believed.elsewhere
        return {
            "distribution": distribution.model_dump(),
            "label": believed.label,
            "source": believed.source,
            _KEY: name,
        }


def _cited(file: str, given: Any) -> tuple[str, ElicitedEffect] | None:
    """Name and content of what is cited; None where numbers were typed."""
    if not isinstance(given, Mapping) or _KEY not in given or "distribution" in given:
        return None
    name = str(given[_KEY])
    others = [str(key) for key in given if key != _KEY]
    if others:
        raise ValueError(
            f"{file}: '{name}' brings its own numbers: leave out {', '.join(others)}, or evidence"
        )
    known = load_elicited_effects()
    if name not in known:
        listed = f"Elicited effects: {', '.join(known)}."
        raise ValueError(
            f"{file}: unknown elicited effect '{name}'. {listed}{nearest(name, known)}"
        )
    return name, known[name]
