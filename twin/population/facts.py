"""Facts about people that are drawn from the evidence on who comes to primary care.

Facts are drawn independently of each other but for employment, which ends with age: no figure on
how they go together was found, so that this is an assumption.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri

from priors import EvidenceLibrary
from twin.cohort.cohort import Covariate
from twin.elicit.natural_history import class_shares
from twin.elicit.shelf import Shelf
from twin.keyed import stream
from twin.law.grid import Floats

from .settings import OLDEST, PENSION_AGE, RISK_GROUPS, YOUNGEST, PopulationSettings

COVARIATES = {
    "episode_class": Covariate("health", "nominal", "Episode"),
    "risk_group": Covariate("psychological", "ordinal", "STarT Back risk", "1 low to 3 high"),
    "age": Covariate("personal", "continuous", "Age", "years"),
    "female": Covariate("personal", "binary", "Female"),
    "deprivation": Covariate("socio_economic", "ordinal", "Deprivation", "quintile, 5 most"),
    "digital_access": Covariate("socio_economic", "binary", "Digital access"),
}
"""Meaning of the facts, in the order of the model."""

AGE = ("impact_age_first", "impact_age_second")
EMPLOYED = ("impact_employed_first", "impact_employed_second")
FEMALE = "selfback_women"
RISK = {
    name: (f"start_back_risk_{name}", f"impact_risk_{name}_first", f"impact_risk_{name}_second")
    for name in RISK_GROUPS
}
KEYS = (*AGE, *EMPLOYED, FEMALE, *(key for keys in RISK.values() for key in keys))
"""Figures that the facts are drawn from, beside those of the mix of episode classes."""

DIGITAL_SHARE = 0.85
"""Of people who can use a digital programme: assumed, no figure was collected."""
_QUINTILE = 0.2
"""Of people in each quintile of deprivation: that of the country by definition; that people with
back pain are spread alike is assumed."""


def draw_facts(
    settings: PopulationSettings, library: EvidenceLibrary, patients: Sequence[str], seed: int
) -> pd.DataFrame:
    """Draw the facts about people, each from a stream of random numbers of the own.

    Returns
    -------
    pd.DataFrame
        Indexed by ``patient``: one column for each of `COVARIATES`, and ``labour_force``.
    """
    uniform = np.stack([stream(seed, "facts", one).random(_DRAWN) for one in patients])
    of_class, of_risk, of_age, of_sex, of_area, of_access, of_work = uniform.T
    shelf = Shelf(library)
    age = _age(settings, shelf, of_age)
    employed = _employed_share(shelf, age)
    return pd.DataFrame(
        {
            "episode_class": _chosen(class_shares(shelf), settings.episode_class, of_class),
            "risk_group": 1.0
            + pd.Series(_chosen(risk_shares(shelf), settings.risk_group, of_risk))
            .map(RISK_GROUPS.index)
            .to_numpy(float),
            "age": age,
            "female": _either(_female_share(library), settings.female, of_sex),
            "deprivation": _chosen(
                dict.fromkeys((1, 2, 3, 4, 5), _QUINTILE), settings.deprivation, of_area
            ).astype(float),
            "digital_access": _either(DIGITAL_SHARE, settings.digital_access, of_access),
            "labour_force": _either(employed, settings.employed, of_work) == 1,
        },
        index=pd.Index(patients, name="patient"),
    )


_DRAWN = 7


def risk_shares(shelf: Shelf) -> dict[str, float]:
    """Return the shares of the STarT Back groups, the mean over trials."""
    found = {
        name: float(np.mean([shelf.number(keys[0]), np.mean([shelf.number(k) for k in keys[1:]])]))
        for name, keys in RISK.items()
    }
    total = sum(found.values())
    return {name: share / total for name, share in found.items()}


def _female_share(library: EvidenceLibrary) -> float:
    share = library[FEMALE].estimate
    assert share is not None  # a percentage is printed
    return share / 100


def _age(settings: PopulationSettings, shelf: Shelf, uniform: Floats) -> Floats:
    mean = float(np.mean([shelf.number(key) for key in AGE]))
    sd = float(np.mean([shelf.record(key).sd for key in AGE]))
    youngest, oldest = (ndtr((end - mean) / sd) for end in settings.age)
    return np.asarray(mean + sd * ndtri(youngest + uniform * (oldest - youngest))).round()


def _employed_share(shelf: Shelf, age: Floats) -> Floats:
    """Return the chance of each person to be in the labour force, 0 beyond the pension age."""
    everyone = float(np.mean([shelf.number(key) for key in EMPLOYED])) / 100
    mean = float(np.mean([shelf.number(key) for key in AGE]))
    sd = float(np.mean([shelf.record(key).sd for key in AGE]))
    youngest, pension, oldest = (ndtr((end - mean) / sd) for end in (YOUNGEST, PENSION_AGE, OLDEST))
    of_age = (pension - youngest) / (oldest - youngest)
    return np.where(age < PENSION_AGE, everyone / of_age, 0.0)


def _chosen[T: (str, int)](
    shares: dict[T, float], wanted: Sequence[T], uniform: Floats
) -> np.ndarray:
    kept = [name for name in shares if name in wanted]
    cumulated = np.cumsum([shares[name] for name in kept])
    at = np.searchsorted(cumulated / cumulated[-1], uniform, side="right")
    return np.array(kept, dtype=object if isinstance(kept[0], str) else int)[at]


def _either(share: float | Floats, wanted: bool | None, uniform: Floats) -> Floats:
    if wanted is not None:
        return np.full(len(uniform), float(wanted))
    return (uniform < share).astype(float)
