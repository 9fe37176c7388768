"""Elicited distributions as data: generated, and kept in `priors/elicited`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict

from priors import Distribution

FILE = Path(__file__).resolve().parents[2] / "priors" / "elicited" / "population.yaml"
"""What was elicited of people and their course."""

DIGITS = 4
"""Significant digits kept: widths are not known to two."""


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


class Elicited(_Frozen):
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
    parameters: Mapping[str, Elicited]
    classes: Mapping[str, Mapping[str, Elicited]]
    correlations: Mapping[str, Elicited]
    instruments: Mapping[str, Elicited]


def load_population_evidence() -> PopulationEvidence:
    """Read what was elicited of people and their course."""
    return PopulationEvidence.model_validate(yaml.safe_load(FILE.read_text("utf-8")))
