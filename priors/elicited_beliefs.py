"""Distributions that were computed from evidence, taken into sets from where they were written."""

from __future__ import annotations

from importlib import resources
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict

from .evidence_files import Folder
from .near import nearest
from .strict_yaml import StrictLoader

_BELIEVED = ("distribution", "without", "label", "evidence")


class ElicitedChoice(BaseModel):
    """Which elicited distributions a set takes in place of its base's.

    Attributes
    ----------
    file
        Of `priors/elicited`, without its ending; ``python -m twin.elicit`` writes them.
    group
        Class of people: distributions of everyone where it has none of its own. None for everyone.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: str
    group: str | None = None


def elicited_beliefs(
    chosen: ElicitedChoice, folder: Folder | None = None
) -> dict[str, dict[str, Any]]:
    """Return what was elicited of each parameter, as a set states it.

    Parameters
    ----------
    chosen
        File and class.
    folder
        Of the files; None for those that ship with the project.

    Raises
    ------
    ValueError
        If there is no such file or class; the message names the nearest.
    """
    folder = resources.files("priors").joinpath("elicited") if folder is None else folder
    files = [one.name.removesuffix(".yaml") for one in folder.iterdir()]
    if chosen.file not in files:
        listed = f"Files: {', '.join(files)}.{nearest(chosen.file, files)}"
        raise ValueError(f"priors/elicited has no file '{chosen.file}'. {listed}")
    where = f"priors/elicited/{chosen.file}.yaml"
    given = yaml.load(folder.joinpath(f"{chosen.file}.yaml").read_text("utf-8"), StrictLoader)
    entries = dict(given["parameters"])
    if chosen.group is not None:
        groups = given["classes"]
        if chosen.group not in groups:
            listed = f"Classes: {', '.join(groups)}.{nearest(chosen.group, groups)}"
            raise ValueError(f"{where} has no class '{chosen.group}'. {listed}")
        entries |= groups[chosen.group]
    return {
        name: {field: entry[field] for field in _BELIEVED if field in entry}
        | {
            "outcomes": given["outcomes"],
            "reason": f"computed so that the model gives the published figures back, {where}",
        }
        for name, entry in entries.items()
    }
