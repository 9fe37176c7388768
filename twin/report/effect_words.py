"""What effects of arms and the other parameters are called on the page."""

from __future__ import annotations

import xarray as xr

from . import digits, words
from .content import ReportContent

_TITLES = {
    "arm_effect": "Effect of {arm} on {outcome}, as a visit at week {week} sees it",
    "arm_log_hazard": "Effect of {arm} on the hazard of {detail} (work), scores apart",
    "effect_modification": "Change of the effect of {arm} on {outcome} with {detail}",
    "response_slope": "Change of the effect of {arm} on {outcome} with the start",
    "response_sd": "Spread between people of the effect of {arm} on {outcome}",
    "response_time": "Time in which {arm} takes effect",
    "lasting_share": "Share of the effect of {arm} that never wanes",
    "waning_half_life": "Time in which the rest of the effect of {arm} halves",
    "cluster_response_sd": "Spread between clusters of effects on {outcome}",
}
_UNITS = {
    "arm_effect": "points",
    "arm_log_hazard": "log hazard ratio",
    "effect_modification": "points per SD",
    "response_slope": "per point",
    "response_sd": "points",
    "response_time": "weeks",
    "lasting_share": "share",
    "waning_half_life": "weeks",
    "cluster_response_sd": "points",
}
_SEVERITIES = ("arm_effect", "effect_modification")
_SIZES = ("response_sd", "cluster_response_sd")
_VERDICTS = {
    "learnt": "learnt from the data",
    "partly": "partly learnt from the data, partly its prior",
    "prior": "rests on its prior",
}


def title(effect: xr.Dataset) -> str:
    """Return what one effect of ``contraction`` is, with its unit."""
    name = str(effect["parameter"].values)
    return f"{_phrase(effect)} ({_UNITS.get(name, 'own unit')})"


def factor(content: ReportContent, effect: xr.Dataset) -> float:
    """Return what turns the effect's own unit into that of `title`."""
    name, outcome = str(effect["parameter"].values), str(effect["outcome"].values)
    if name not in (*_SEVERITIES, *_SIZES) or outcome not in content.instruments:
        return 1.0
    scale = content.instruments[outcome]
    points = float(scale.from_severity(1) - scale.from_severity(0))
    return points if name in _SEVERITIES else abs(points)


def sentence(effect: xr.Dataset) -> str:
    """Return in a sentence how much of an effect is learnt."""
    told = _VERDICTS[str(effect["verdict"].values)]
    gone = digits.probability(float(effect["contraction"]))
    return f"{_phrase(effect)}: {told}; {gone} of the variance it had before the data is gone."


def plain(name: str) -> str:
    """Return the name of a parameter or quantity in words: ``arm effect, app, pain``."""
    stem, _, inside = name.removesuffix("]").partition("[")
    return ", ".join(filter(None, [stem.replace("_", " "), inside.replace("_", " ")]))


def _phrase(effect: xr.Dataset) -> str:
    name = str(effect["parameter"].values)
    at = {key: str(effect[key].values).replace("_", " ") for key in ("arm", "outcome", "detail")}
    template = _TITLES.get(name)
    if template is None:
        return words.capital(plain(str(effect["effect"].values)))
    return template.format(week=digits.plain(float(effect.attrs["usual_week"])), **at)
