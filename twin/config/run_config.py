"""The configuration of a run, and how a composed one is checked."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from omegaconf import DictConfig, OmegaConf
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from priors import prior_set_names
from priors.near import nearest
from scenarios import ScenarioLibrary
from twin.cohort import CohortMapping
from twin.cohort.synthetic import SyntheticSettings
from twin.diagnose.dropout_settings import DropoutSettings
from twin.diagnose.settings import DiagnoseSettings
from twin.engine.settings import EngineSettings
from twin.errors import InputError, Problem, from_validation
from twin.fit.settings import FitSettings, ModelSettings, SamplerSettings
from twin.outcomes.settings import OutcomeSettings
from twin.population.settings import PopulationSettings
from twin.simulate.settings import SimulationSettings

from .assimilation import AssimilationSettings

WHERE = "configuration"
"""What messages call the composed configuration, which stands in no single file."""


AUTO: Literal["auto"] = "auto"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PriorChoice(_Frozen):
    """Which set of priors is believed.

    Attributes
    ----------
    name
        Name of a set in `priors/sets`.
    fit
        Path of a stored fit of other people that informs the priors too; None for none.
    discount
        What a person of that fit counts of one to be fitted: the power of a power prior.
    """

    name: str = "literature"
    fit: str | None = None
    discount: Annotated[float, Field(gt=0, le=1)] = 0.5

    @field_validator("name")
    @classmethod
    def _is_a_set(cls, name: str) -> str:
        names = prior_set_names()
        if name not in names:
            listed = ", ".join(names)
            raise ValueError(f"is not a prior set. Prior sets: {listed}.{nearest(name, names)}")
        return name


class Output(_Frozen):
    """Where results go; paths start from the directory that the program is started in.

    Attributes
    ----------
    folder
        Holds one folder for each run, named by cohort and a hash of its configuration.
    fits
        Holds stored fits, shared by all runs; and in its folder ``chunks`` what is kept of people
        who were simulated, by which a run that was killed goes on.
    chunks_gb
        Most that is kept there after a run, gibibytes; what was used longest ago goes first.
    """

    folder: str = "runs"
    fits: str = "fits"
    chunks_gb: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 10.0


class RunConfig(_Frozen):
    """Everything that a run is told.

    Attributes
    ----------
    cohort
        A trial to generate, or the files to read; None where people are drawn from evidence.
    population
        People to draw from evidence, in the place of a cohort; None where there is one.
    model, priors, sampler, fit
        What is fitted, and how.
    twins
        People whom the fit never saw, who are simulated in the place of its own; None for these.
    scenario
        Names of scenarios, or paths of files that end in ``.yaml``; ``auto`` for those
        meant for it (`Scenario.in_auto`) that the cohort can carry.
    scenario_folder
        Path of a folder of own scenarios (its YAML files) and interventions (those in its folder
        ``interventions``), which can then be named like those that ship; None for none.
    scenarios
        Changes of single fields, by scenario: ``{selfback: {uptake: {mean: 0.5}}}``.
    simulation, engine, report
        How twins are simulated, where that is computed, and what is read out of it.
    diagnose
        How much is spent on diagnostics.
    dropout
        What is believed of those who left.
    seed
        Seed of everything random: a generated cohort, sampling, predictive draws.
    output
        Where results go.
    """

    cohort: SyntheticSettings | CohortMapping | None = None
    population: PopulationSettings | None = None
    model: ModelSettings = ModelSettings()
    priors: PriorChoice = PriorChoice()
    sampler: SamplerSettings = SamplerSettings()
    fit: FitSettings = FitSettings()
    twins: AssimilationSettings | None = None
    scenario: Literal["auto"] | tuple[str, ...] = AUTO
    scenario_folder: str | None = None
    scenarios: Mapping[str, Mapping[str, Any]] = Field(default_factory=dict)
    simulation: SimulationSettings = SimulationSettings()
    engine: EngineSettings = EngineSettings()
    report: OutcomeSettings = OutcomeSettings()
    diagnose: DiagnoseSettings = DiagnoseSettings()
    dropout: DropoutSettings = DropoutSettings()
    # NumPy's and nutpie's seeds are not negative; PyMC's are 32 bits wide
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 1
    output: Output = Output()

    @model_validator(mode="after")
    def _people_come_from_one_place(self) -> Self:
        if (self.cohort is None) == (self.population is None):
            raise ValueError("needs people from one place: either a cohort or a population")
        return self

    @model_validator(mode="after")
    def _restricted_work_loses_one_share(self) -> Self:
        if self.report.partial_loss != self.model.partial_loss:
            raise ValueError(
                f"report.partial_loss is {self.report.partial_loss:g} and model.partial_loss "
                f"{self.model.partial_loss:g}: they are one fact; set model.partial_loss and leave "
                "the other"
            )
        return self

    @model_validator(mode="after")
    def _scenarios_are_known(self) -> Self:
        folder = None if self.scenario_folder is None else Path(self.scenario_folder)
        known = ScenarioLibrary(folder=folder).names
        named = () if self.scenario == AUTO else self.scenario
        unknown = [name for name in named if not name.endswith(".yaml") and name not in known]
        if unknown:
            listed = f"Scenarios: {', '.join(known)}, or paths that end in .yaml."
            hints = "".join(dict.fromkeys(nearest(name, known) for name in unknown))
            raise ValueError(f"scenario: has unknown names: {', '.join(unknown)}. {listed}{hints}")
        chosen = [Path(name).stem for name in named] or known
        for name in self.scenarios:
            if name not in chosen:
                raise ValueError(
                    f"scenarios.{name}: changes a scenario that is not chosen. "
                    f"Chosen: {', '.join(chosen)}.{nearest(name, chosen)}"
                )
        return self

    @field_validator("scenario", mode="before")
    @classmethod
    def _are_scenarios(cls, given: Any) -> Any:
        if given == AUTO:
            return given
        # on the command line null, the name of a scenario, is also the name of nothing
        is_list = isinstance(given, list | tuple)
        named = ["null" if name is None else name for name in given] if is_list else []
        if not named or not all(isinstance(name, str) for name in named):
            raise ValueError(f"must be {AUTO} or a list of scenarios: scenario=[usual_care,app]")
        return named


# One model for each kind of cohort, so that a message offers the keys of the kind that was chosen
# and not those of both.
class _OfSynthetic(RunConfig):
    cohort: SyntheticSettings


class _OfTables(RunConfig):
    cohort: CohortMapping


class _OfEvidence(RunConfig):
    population: PopulationSettings


_BY_KIND: Mapping[str, type[RunConfig]] = {"synthetic": _OfSynthetic, "tables": _OfTables}


def run_config(composed: DictConfig) -> RunConfig:
    """Check a composed configuration.

    Parameters
    ----------
    composed
        What Hydra composed from files and overrides.

    Raises
    ------
    InputError
        If a key is unknown, missing or of the wrong type, or a value is impossible.
    omegaconf.errors.OmegaConfBaseException
        If an interpolation leads nowhere or a mandatory value is missing.
    """
    given: Any = OmegaConf.to_container(composed, resolve=True, throw_on_missing=True)
    if given.get("population") is not None:
        return _checked(_OfEvidence, {**given, "cohort": None})
    cohort = given.get("cohort")
    kind = str(cohort.get("kind", "tables")) if isinstance(cohort, dict) else ""
    model = _BY_KIND.get(kind)
    if model is None:
        remedy = f"Kinds: {', '.join(_BY_KIND)}.{nearest(kind, _BY_KIND)}"
        rule = "is not a kind of cohort"
        raise InputError([Problem(WHERE, rule, column="cohort.kind", value=kind, remedy=remedy)])
    return _checked(model, given)


def _checked(model: type[RunConfig], given: Any) -> RunConfig:
    try:
        return model.model_validate(given)
    except ValidationError as error:
        raise from_validation(error, WHERE, model) from error
