"""What exported files say of where their numbers come from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from twin.outcomes.label import joint_label, label


@dataclass(frozen=True)
class ScenarioFacts:
    """What files say of a scenario.

    Attributes
    ----------
    title
        For people.
    labels
        What each of its effects rests on: ``estimated``, ``borrowed`` or ``assumed`` by what it is
        of. Empty where nothing is done.
    """

    title: str
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ExportFacts:
    """What the pipeline knows of a run.

    Attributes
    ----------
    cohort, cohort_hash
        Name and hash of the cohort.
    synthetic
        Whether its people were generated; effects learnt from them are then labelled so.
    converged
        Whether the fit passed its gate.
    seed
        Seed of everything random.
    versions
        Versions of what can change a number, by name.
    configuration
        The whole run's configuration, JSON.
    scenarios
        By name, every scenario simulated.
    assimilated_into
        The cohort whose fit never saw these people and was told of them; None where they are a
        fit's own.
    """

    cohort: str
    cohort_hash: str
    synthetic: bool
    converged: bool
    seed: int
    versions: Mapping[str, str]
    configuration: str
    scenarios: Mapping[str, ScenarioFacts]
    assimilated_into: str | None = None

    def labels(self, scenario: str) -> dict[str, str]:
        """What each effect of a scenario rests on, in the words of files."""
        told = self.scenarios[scenario].labels
        return {what: label(name, self.synthetic) for what, name in told.items()}

    def joint_labels(self) -> dict[str, str]:
        """What the effects of each scenario rest on, in a few words."""
        return {
            name: joint_label(scenario.labels.values(), self.synthetic)
            for name, scenario in self.scenarios.items()
        }

    def attributes(self) -> dict[str, str | int]:
        """Provenance as flat attributes; NetCDF knows no truth values and no nesting."""
        return {
            "cohort": self.cohort,
            "cohort_hash": self.cohort_hash,
            "synthetic": int(self.synthetic),
            "converged": int(self.converged),
            "seed": self.seed,
            "versions": json.dumps(dict(self.versions)),
            "configuration": self.configuration,
        }
