"""Reading scenarios: those that ship with the project by name, a user's own by its file."""

from __future__ import annotations

from collections.abc import Collection
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import yaml

from priors.elicited import Setting
from priors.near import nearest
from priors.strict_yaml import StrictLoader

from .cite import Citations
from .scenario import Scenario

_ENDING = ".yaml"


def scenario_names() -> tuple[str, ...]:
    """Names of the scenarios that ship with the project."""
    return _names(_shipped())


def intervention_names() -> tuple[str, ...]:
    """Names of the interventions that ship with the project, of which scenarios are composed."""
    return _names(_shipped().joinpath("interventions"))


def load_scenario(
    name: str, setting: Setting = "elsewhere", without: Collection[str] = ()
) -> Scenario:
    """Read a scenario; its interventions are named, or written out.

    Parameters
    ----------
    name
        Of a scenario that ships with the project; or the path of a file, if it ends in ``.yaml``.
        A file's own name is that of its scenario.
    setting
        Setting that cited effects are believed for: ``elsewhere``, or the ``same`` as in the study.
    without
        Cohorts, by id, whose evidence is left out of cited effects: those that are fitted.

    Raises
    ------
    ValueError
        When there is no such scenario, intervention or elicited effect, the message naming the
        nearest, or a file is not one YAML mapping.
    pydantic.ValidationError
        When a key is unknown or missing, or a value impossible.

    Examples
    --------
    >>> load_scenario("usual_care").interventions
    ()
    """
    own, file, data = _file(name)
    given = _mapping(file, data, ", ".join(key for key in Scenario.model_fields if key != "name"))
    if "name" in given:
        raise ValueError(f"{file}: leave out name: its file names the scenario, here '{own}'")
    interventions = given.get("interventions")
    if isinstance(interventions, list):
        citations = Citations(setting, without)
        given["interventions"] = [
            citations.resolve(*_intervention(file, one)) for one in interventions
        ]
    return Scenario.model_validate({"name": own, **given})


def intervention_mapping(name: str) -> dict[str, Any]:
    """Return an intervention as its file has it, citations and all.

    Raises
    ------
    ValueError
        When none of that name ships with the project; the message names the nearest.
    """
    if name not in intervention_names():
        raise ValueError(_unknown(name))
    file = f"interventions/{name}{_ENDING}"
    data = _shipped().joinpath(file).read_bytes()
    return {"name": name, **_mapping(f"scenarios/{file}", data, "title, description, effects")}


def _unknown(name: str) -> str:
    names = intervention_names()
    listed = f"Interventions: {', '.join(names)}."
    return f"unknown intervention '{name}'. {listed}{nearest(name, names)}"


def _intervention(file: str, given: Any) -> tuple[str, Any]:
    """File and content of an intervention that a scenario names, or writes out."""
    if not isinstance(given, str):
        return file, given
    if given not in intervention_names():
        raise ValueError(f"{file}: {_unknown(given)}")
    return f"scenarios/interventions/{given}{_ENDING}", intervention_mapping(given)


def _file(name: str) -> tuple[str, str, bytes]:
    """Name of a scenario, and its file: as a user knows it, and its content."""
    if name.endswith(_ENDING):
        path = Path(name)
        if not path.is_file():
            beside = [f.name for f in path.parent.glob(f"*{_ENDING}")]
            raise ValueError(f"there is no scenario file '{name}'.{nearest(path.name, beside)}")
        return path.stem, name, path.read_bytes()
    names = scenario_names()
    if name not in names:
        known = f"Scenarios: {', '.join(names)}, or the path of a {_ENDING} file."
        raise ValueError(f"unknown scenario '{name}'. {known}{nearest(name, names)}")
    file = f"{name}{_ENDING}"
    return name, f"scenarios/{file}", _shipped().joinpath(file).read_bytes()


def _mapping(file: str, data: bytes, keys: str) -> dict[str, Any]:
    try:
        given = yaml.load(data.decode("utf-8"), StrictLoader)
    except UnicodeDecodeError as error:
        raise ValueError(f"{file} is not text in UTF-8: save it as such") from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = f", line {mark.line + 1}" if mark else ""
        raise ValueError(f"{file}{line} is not YAML: {error.problem}") from error
    except yaml.YAMLError as error:
        raise ValueError(f"{file} is not YAML: {error}") from error
    if not isinstance(given, dict):
        raise ValueError(f"{file} must be a mapping with the keys {keys}")
    return given


def _shipped() -> Traversable:
    return resources.files("scenarios")


def _names(folder: Traversable) -> tuple[str, ...]:
    files = (file.name for file in folder.iterdir())
    return tuple(sorted(f.removesuffix(_ENDING) for f in files if f.endswith(_ENDING)))
