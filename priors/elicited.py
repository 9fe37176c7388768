"""Effects elicited from the evidence: what is believed of each in a setting, and on what it rests.

The file is generated, so that a run never waits for it: ``python -m twin.elicit effects``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field

from .prior import Beta, Normal, NormalMixture

Setting = Literal["elsewhere", "same"]
"""A setting other than those of the studies, or that of the study named first."""

type EffectDistribution = Annotated[Normal | NormalMixture | Beta, Field(discriminator="family")]

_FILE = "effects.yaml"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Belief(_Frozen):
    """What is believed of an effect, by setting, on given evidence.

    Attributes
    ----------
    elsewhere, same
        In a new setting, and in that of the study named first, on the effect's own scale.
    evidence
        Keys of the records that it rests on; empty where it rests on none.
    label
        ``borrowed`` from these, or ``assumed`` where none is left.
    source
        Citations with rows of the evidence, each marked where it was recalled; or the reason of the
        assumption.
    """

    elsewhere: EffectDistribution
    same: EffectDistribution
    evidence: tuple[str, ...]
    label: Literal["borrowed", "assumed"]
    source: str


class ElicitedEffect(Belief):
    """One effect, as interventions cite it by name.

    Attributes
    ----------
    target, unit, instrument, at_week
        As of `scenarios.Effect`; target ``lasting_share`` is the share of an effect that never
        wanes after its end.
    method
        How the distribution came about, with the numbers that were assumed for it.
    without
        The same where evidence from a cohort is left out, by the id of the cohort.
    """

    target: Literal["pain", "disability", "first_return", "relapse", "lasting_share"]
    unit: Literal["score", "severity", "log_hazard_ratio", "share"]
    instrument: str | None = None
    at_week: float | None = None
    method: str
    without: Mapping[str, Belief] = Field(default_factory=dict)

    def believed(self, without: Collection[str] = ()) -> Belief:
        """What is believed where evidence from these cohorts is left out."""
        for cohort in without:
            if cohort in self.without:
                return self.without[cohort]
        return self


@cache
def load_elicited_effects() -> Mapping[str, ElicitedEffect]:
    """Read the elicited effects by name.

    Examples
    --------
    >>> load_elicited_effects()["selfback_disability"].evidence
    ('selfback_rmdq_difference_3mo',)
    """
    text = resources.files("priors").joinpath("elicited", _FILE).read_text("utf-8")
    given = yaml.safe_load(text)["effects"]
    return MappingProxyType(
        {name: ElicitedEffect.model_validate(one) for name, one in given.items()}
    )
