"""Reading scenarios: those that ship with the project by name, a user's own by its file."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import yaml

from priors.near import nearest
from priors.strict_yaml import StrictLoader

from .scenario import Scenario

_ENDING = ".yaml"


def scenario_names() -> tuple[str, ...]:
    """Names of the scenarios that ship with the project."""
    files = resources.files(__package__).iterdir()
    return tuple(sorted(f.name.removesuffix(_ENDING) for f in files if f.name.endswith(_ENDING)))


def load_scenario(name: str) -> Scenario:
    """Read a scenario.

    Parameters
    ----------
    name
        Of a scenario that ships with the project; or the path of a file, if it ends in ``.yaml``.
        A file's own name is that of its scenario.

    Raises
    ------
    ValueError
        When there is no such scenario, the message naming the nearest, or the file is not one
        YAML mapping.
    pydantic.ValidationError
        When a key is unknown or missing, or a value impossible.

    Examples
    --------
    >>> load_scenario("usual_care").interventions
    ()
    """
    if name.endswith(_ENDING):
        path = Path(name)
        if not path.is_file():
            beside = [f.name for f in path.parent.glob(f"*{_ENDING}")]
            raise ValueError(f"there is no scenario file '{name}'.{nearest(path.name, beside)}")
        return _parse(path.stem, name, path.read_bytes())
    names = scenario_names()
    if name not in names:
        known = f"Scenarios: {', '.join(names)}, or the path of a {_ENDING} file."
        raise ValueError(f"unknown scenario '{name}'. {known}{nearest(name, names)}")
    file = f"{name}{_ENDING}"
    data = resources.files(__package__).joinpath(file).read_bytes()
    return _parse(name, f"scenarios/{file}", data)


def _parse(name: str, file: str, data: bytes) -> Scenario:
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
        keys = ", ".join(key for key in Scenario.model_fields if key != "name")
        raise ValueError(f"{file} must be a mapping with the keys {keys}")
    if "name" in given:
        raise ValueError(f"{file}: leave out name: its file names the scenario, here '{name}'")
    return Scenario.model_validate({"name": name, **given})
