"""Every choice that conf/ offers composes and means something; nothing else is let in."""

from collections.abc import Sequence
from pathlib import Path

import pytest
import yaml
from hydra import compose, initialize_config_dir

from priors import prior_set_names
from twin.cohort.synthetic import SyntheticSettings
from twin.config import RunConfig, run_config
from twin.errors import InputError
from twin.fit.settings import FitSettings, ModelSettings, SamplerSettings

CONF = Path(__file__).resolve().parents[1] / "conf"
OPTIONS = sorted(
    (file.parent.name, file.stem) for file in CONF.glob("*/*.yaml") if file.parent.name != "hydra"
)


def composed(overrides: Sequence[str] = ()) -> RunConfig:
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return run_config(compose("config", overrides=list(overrides)))


@pytest.mark.parametrize(("group", "option"), OPTIONS)
def test_every_option_of_every_group_composes_and_is_valid(group: str, option: str) -> None:
    assert isinstance(composed([f"{group}={option}"]), RunConfig)


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
    ],
)
def test_every_setting_stands_in_a_file_so_that_it_can_be_overridden(
    file: str, model: type[SyntheticSettings | ModelSettings | FitSettings | SamplerSettings]
) -> None:
    given = yaml.safe_load((CONF / f"{file}.yaml").read_text("utf-8"))
    assert given.keys() == model.model_fields.keys()


def test_the_files_say_what_the_code_does_without_them() -> None:
    assert composed().model_dump() == RunConfig(cohort=composed().cohort).model_dump()
    assert composed().cohort == SyntheticSettings()


def test_every_set_of_priors_can_be_chosen() -> None:
    assert set(prior_set_names()) == {file.stem for file in (CONF / "priors").glob("*.yaml")}
    for name in prior_set_names():
        assert composed([f"priors={name}"]).priors.name == name


@pytest.mark.parametrize(
    ("override", "says"),
    [
        ("+sampler.drws=3", r"sampler\.drws.*Did you mean 'draws'\?"),
        ("+cohort.peple=3", r"cohort\.peple.*Did you mean 'people'\?"),
        ("+colour=red", r"'colour'|colour = 'red' is not a known key"),
        ("sampler.library=nutpy", r"sampler\.library = 'nutpy'.*Did you mean 'nutpie'\?"),
        ("sampler.draws=many", r"sampler\.draws = 'many' must be a valid integer"),
        ("sampler.chains=1", r"sampler\.chains = 1 must be greater than or equal to 2"),
        ("priors.name=defalt", r"priors\.name.*Did you mean 'default'\?"),
        ("cohort.kind=table", r"cohort\.kind = 'table'.*Did you mean 'tables'\?"),
        ("model.grid=[0,9,4]", r"model\.grid.*must start at 0 and increase"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_the_nearest_that_can(
    override: str, says: str
) -> None:
    with pytest.raises(InputError, match=says):
        composed([override])


def test_only_the_keys_of_the_chosen_kind_of_cohort_are_offered() -> None:
    with pytest.raises(InputError) as refused:
        composed(["cohort=ashar2022", "+cohort.peple=3"])
    assert "covariates" in str(refused.value)
    assert "clusters" not in str(refused.value)
