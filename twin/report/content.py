"""What a report is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd
import xarray as xr

from scenarios import Scenario
from twin.instruments import Instrument
from twin.outcomes.outcomes import Outcomes
from twin.outcomes.settings import OutcomeSettings
from twin.simulate.design import Design

if TYPE_CHECKING:
    from twin.population.published import Point


class Estimate(NamedTuple):
    """Where one ingredient of a simulation comes from.

    Attributes
    ----------
    what
        The ingredient, in words.
    label
        ``estimated``, ``estimated (synthetic)``, ``borrowed`` or ``assumed``.
    source
        What it was learnt or taken from.
    """

    what: str
    label: str
    source: str


@dataclass(frozen=True, eq=False, kw_only=True)
class ReportContent:
    """Everything that a report shows; it computes nothing that is not in here.

    Attributes
    ----------
    cohort_name, cohort_text
        Name of the cohort, and the cohort as it prints itself.
    synthetic
        Whether the cohort was generated.
    converged
        Whether the fit passed its convergence gate.
    followed_weeks
        Week of the last visit of the cohort: what is said of later weeks rests on the priors.
    n_people
        People simulated.
    scenarios
        The scenarios simulated, in the order shown.
    comparator
        Name of the scenario that the others are compared with.
    outcomes, design, instruments, settings
        What was simulated, what it amounts to, and what was chosen.
    fit
        The fit: groups ``posterior`` and ``posterior_predictive`` are drawn where they are
        present; attribute ``gate`` gives the convergence table.
    gate_text
        What the convergence gate found, as it prints itself; shown where the fit has no ``gate``.
    contrasts, summary
        Tables of `twin.outcomes.table`.
    estimates
        What was estimated, borrowed and assumed.
    trial_estimate
        The trial's own estimate beside the engine's: columns arm, outcome, week, engine_mean,
        engine_lower, engine_upper, ancova, ancova_se, score units; None where there is none.
    diagnostics
        What `twin.diagnose.diagnose.diagnose` gives; None where it was not asked.
    from_evidence
        Whether people were drawn from published evidence and nothing was fitted.
    unseen
        What is to be said of people whom the fit never saw; empty where they are its own.
    natural_history, published
        How they fare under the comparator, from `twin.outcomes.natural_history`, and the published
        figures to hold that against.
    provenance
        Configuration hash, seeds, versions, data hash: name and value.
    """

    cohort_name: str
    cohort_text: str
    synthetic: bool
    converged: bool
    followed_weeks: float
    n_people: int
    scenarios: Sequence[Scenario]
    comparator: str
    outcomes: Outcomes
    design: Design
    instruments: Mapping[str, Instrument]
    settings: OutcomeSettings
    fit: xr.DataTree
    gate_text: str
    contrasts: pd.DataFrame
    summary: pd.DataFrame
    estimates: Sequence[Estimate | tuple[str, str, str]]
    trial_estimate: pd.DataFrame | None
    provenance: Mapping[str, str]
    diagnostics: xr.DataTree | None = None
    from_evidence: bool = False
    unseen: str = ""
    natural_history: xr.Dataset | None = None
    published: Sequence[Point] = ()

    @property
    def titles(self) -> dict[str, str]:
        """Title of each scenario by its name."""
        return {scenario.name: scenario.title for scenario in self.scenarios}

    @property
    def others(self) -> tuple[Scenario, ...]:
        """The scenarios that are compared with the comparator."""
        return tuple(s for s in self.scenarios if s.name != self.comparator)

    @property
    def has_work(self) -> bool:
        """Whether there is anything to say about work."""
        return "work_share" in self.outcomes.cohort

    @property
    def horizon(self) -> int:
        """Last week simulated."""
        return int(self.design.weeks[-1])
