"""What was elicited of people and their course: distributions, and the figures they give back.

The file is generated, so that a run never waits for it: ``python -m twin.elicit natural_history``.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict

from .prior import Distribution

_FILE = "population.yaml"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Reproduced(_Frozen):
    """A published figure beside the engine's at the centre of what was elicited.

    Attributes
    ----------
    evidence
        Key of the published figure.
    published, engine
        Both in `unit`.
    unit
        Of both.
    """

    evidence: str
    published: float
    engine: float
    unit: str


class ElicitedParameter(_Frozen):
    """What was computed from evidence about one parameter.

    Attributes
    ----------
    distribution, unit, meaning, label, source
        As of a `priors.Prior`.
    evidence
        Keys of the figures that it rests on.
    without
        The distribution without the figures of a cohort, by its id: for a fit to that very cohort.
    reproduces
        What the engine gives at the centre, beside what was published.
    """

    distribution: Distribution
    unit: str
    meaning: str
    label: Literal["borrowed", "assumed"]
    source: str
    evidence: tuple[str, ...]
    without: Mapping[str, Distribution] = {}
    reproduces: tuple[Reproduced, ...] = ()


class PopulationEvidence(_Frozen):
    """What the evidence says of people and their course without an intervention.

    Attributes
    ----------
    description
        What was matched, and how widths were chosen.
    command
        That made the file.
    outcomes
        Order of values that are one for each outcome.
    parameters
        Population parameters of people of all episode classes together, by the model's names.
    classes
        Those that differ by episode class.
    correlations
        Of people's starts and set points, as Fisher's z: ``start_set_point`` within an outcome, and
        ``pain_disability`` between them. The model's own prior of correlations has no centre.
    instruments
        The spread of an instrument's scores; ``spread`` in `parameters` is over instruments.
    """

    description: str
    command: str
    outcomes: tuple[str, ...]
    parameters: Mapping[str, ElicitedParameter]
    classes: Mapping[str, Mapping[str, ElicitedParameter]]
    correlations: Mapping[str, ElicitedParameter]
    instruments: Mapping[str, ElicitedParameter]


@cache
def load_population_evidence() -> PopulationEvidence:
    """Read what was elicited of people and their course.

    Examples
    --------
    >>> list(load_population_evidence().classes)
    ['acute', 'subacute', 'persistent']
    """
    text = resources.files("priors").joinpath("elicited", _FILE).read_text("utf-8")
    return PopulationEvidence.model_validate(yaml.safe_load(text))
