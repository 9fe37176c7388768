"""Every choice that conf/ offers composes and means something; nothing else is let in."""

from collections.abc import Sequence
from pathlib import Path

import pytest
import yaml
from hydra import compose, initialize_config_dir
from pydantic import BaseModel

from priors import prior_set_names
from scenarios import scenario_names
from twin.cohort.synthetic import SyntheticSettings
from twin.config import AUTO, RunConfig, run_config
from twin.config.run_config import PriorChoice
from twin.diagnose.settings import DiagnoseSettings
from twin.errors import InputError
from twin.fit.settings import FitSettings, ModelSettings, SamplerSettings
from twin.outcomes.settings import OutcomeSettings
from twin.simulate.settings import SimulationSettings

CONF = Path(__file__).resolve().parents[1] / "conf"
OPTIONS = sorted(
    (file.parent.name, file.stem) for file in CONF.glob("*/*.yaml") if file.parent.name != "hydra"
)


def composed(overrides: Sequence[str] = ()) -> RunConfig:
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return run_config(compose("config", overrides=list(overrides)))


@pytest.mark.parametrize(("group", "option"), OPTIONS)
def test_every_option_of_every_group_composes_and_is_valid(group: str, option: str) -> None:
    required = {("priors", "cohort"): ["priors.fit=fit.nc"]}
    required[("twins", "assimilate")] = ["twins.visits=docs/person.yaml"]
    given = [f"{group}={option}", *required.get((group, option), [])]
    assert isinstance(composed(given), RunConfig)


@pytest.mark.parametrize(("group", "option"), OPTIONS)
def test_every_file_begins_with_the_command_that_uses_it(group: str, option: str) -> None:
    lines = (CONF / group / f"{option}.yaml").read_text("utf-8").splitlines()
    command = next(line for line in lines if not line.startswith("# @package"))
    assert command.startswith(f"# python run_simulation.py {group}={option}")


@pytest.mark.parametrize(
    ("file", "model"),
    [
        ("cohort/synthetic", SyntheticSettings),
        ("model/default", ModelSettings),
        ("fit/default", FitSettings),
        ("sampler/nutpie", SamplerSettings),
        ("simulation/default", SimulationSettings),
        ("report/default", OutcomeSettings),
        ("diagnose/default", DiagnoseSettings),
        ("priors/cohort", PriorChoice),
    ],
)
def test_every_setting_stands_in_a_file_so_that_it_can_be_overridden(
    file: str, model: type[BaseModel]
) -> None:
    given = yaml.safe_load((CONF / f"{file}.yaml").read_text("utf-8"))
    assert given.keys() == model.model_fields.keys()


def test_the_files_say_what_the_code_does_without_them() -> None:
    assert composed().model_dump() == RunConfig(cohort=composed().cohort).model_dump()
    assert composed().cohort == SyntheticSettings()


def test_every_set_of_priors_can_be_chosen() -> None:
    files = {file.stem for file in (CONF / "priors").glob("*.yaml")}
    assert files == {*prior_set_names(), "cohort"}  # which is literature and an earlier fit
    for name in prior_set_names():
        assert composed([f"priors={name}"]).priors.name == name


@pytest.mark.parametrize(
    ("override", "chosen"),
    [
        ("scenario=auto", AUTO),
        ("scenario=[usual_care]", ("usual_care",)),
        ("scenario=[usual_care,selfback]", ("usual_care", "selfback")),
        # on the command line null stands for nothing, and Hydra says None
        ("scenario=[usual_care,null]", ("usual_care", "null")),
        ("scenario=[usual_care,'null']", ("usual_care", "null")),
        ("scenario=[usual_care,mine/late.yaml]", ("usual_care", "mine/late.yaml")),
    ],
)
def test_scenarios_are_chosen_by_name_or_file(override: str, chosen: str | tuple[str, ...]) -> None:
    assert composed([override]).scenario == chosen


def test_every_scenario_that_ships_can_be_chosen() -> None:
    assert composed([f"scenario=[{','.join(scenario_names())}]"]).scenario == scenario_names()


def test_an_experiment_chooses_its_cohort_and_its_scenarios() -> None:
    config = composed(["experiment=ashar2022"])
    assert config.cohort.name == "ashar2022"
    assert config.scenario == ("usual_care", "pain_reprocessing")


def test_thresholds_are_chosen_by_outcome() -> None:
    assert composed(["+report.important_change.pain=1.5"]).report.important_change == {"pain": 1.5}


@pytest.mark.parametrize(
    ("override", "says"),
    [
        ("+sampler.drws=3", r"sampler\.drws.*Did you mean 'draws'\?"),
        ("+cohort.peple=3", r"cohort\.peple.*Did you mean 'people'\?"),
        ("+colour=red", r"'colour'|colour = 'red' is not a known key"),
        ("sampler.library=nutpy", r"sampler\.library = 'nutpy'.*Did you mean 'nutpie'\?"),
        ("sampler.draws=many", r"sampler\.draws = 'many' must be a valid integer"),
        ("sampler.chains=1", r"sampler\.chains = 1 must be greater than or equal to 2"),
        ("priors.name=literatur", r"priors\.name.*Did you mean 'literature'\?"),
        ("cohort.kind=table", r"cohort\.kind = 'table'.*Did you mean 'tables'\?"),
        ("model.grid=[0,9,4]", r"model\.grid.*must start at 0 and increase"),
        ("scenario=[usual_care,selfbak]", r"unknown names: selfbak\..*Did you mean 'selfback'\?"),
        ("scenario=selfback", r"scenario = 'selfback' must be auto or a list"),
        ("scenario=null", r"'scenario' must be auto or a list"),
        ("scenario=[]", r"scenario = \[\] must be auto or a list"),
        ("scenario=[3]", r"scenario = \[3\] must be auto or a list"),
        ("+simulation.horizn=3", r"simulation\.horizn.*Did you mean 'horizon_weeks'\?"),
        ("simulation.horizon_weeks=0", r"simulation\.horizon_weeks = 0 must be greater than"),
        ("simulation.setting=elswhere", r"simulation\.setting.*Did you mean 'elsewhere'\?"),
        ("simulation.draws=2.5", r"simulation\.draws = 2\.5 must be a valid integer"),
        ("report.partial_loss=0.3", r"report\.partial_loss is 0\.3 and model\.partial_loss 0\.5"),
        ("report.level=90", r"report\.level = 90 must be less than 1"),
        ("diagnose.points=48", r"diagnose\.points = 48 must be a power of two"),
        ("diagnose.draws=3", r"diagnose\.draws = 3 must be greater than or equal to 50"),
        ("+report.important_change.pain=0", r"report\.important_change\.pain = 0 must be greater"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_the_nearest_that_can(
    override: str, says: str
) -> None:
    with pytest.raises(InputError, match=says):
        composed([override])


def test_what_restricted_work_loses_is_one_fact() -> None:
    found = composed(["model.partial_loss=0.4"])
    cohort = found.cohort
    assert isinstance(cohort, SyntheticSettings)
    assert found.report.partial_loss == found.model.partial_loss == cohort.partial_loss == 0.4


def test_only_the_keys_of_the_chosen_kind_of_cohort_are_offered() -> None:
    with pytest.raises(InputError) as refused:
        composed(["cohort=ashar2022", "+cohort.peple=3"])
    assert "covariates" in str(refused.value)
    assert "clusters" not in str(refused.value)
