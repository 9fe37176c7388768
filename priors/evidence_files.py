"""The YAML files of a folder of evidence."""

from __future__ import annotations

from importlib import resources
from importlib.resources.abc import Traversable

import yaml

from .evidence_error import EvidenceError, Mistake
from .strict_yaml import StrictLoader

type Folder = Traversable

SOURCES = "sources.yaml"


def shipped() -> Folder:
    """Return the folder that ships with the project."""
    return resources.files("priors").joinpath("evidence")


def record_files(folder: Folder) -> tuple[str, ...]:
    """Names of the files of records, which are all but that of the sources."""
    names = (file.name for file in folder.iterdir())
    return tuple(sorted(name for name in names if name.endswith(".yaml") and name != SOURCES))


def shown(folder: Folder, name: str) -> str:
    """Name of a file as a user knows it."""
    return f"priors/evidence/{name}" if folder == shipped() else str(folder.joinpath(name))


def entries[Kind: (dict[object, object], list[object])](
    folder: Folder, name: str, kind: type[Kind]
) -> Kind:
    """Return what a file holds: a mapping or a list, whichever is asked for.

    Raises
    ------
    EvidenceError
        When the file is absent, is not YAML, has a key twice, or holds something else.
    """
    where = shown(folder, name)
    file = folder.joinpath(name)
    if not file.is_file():
        raise EvidenceError([Mistake(where, "is missing")])
    try:
        given = yaml.load(file.read_text("utf-8"), StrictLoader)
    except UnicodeDecodeError as error:
        raise EvidenceError([Mistake(where, "is not text in UTF-8")]) from error
    except yaml.MarkedYAMLError as error:
        line = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
        raise EvidenceError([Mistake(where, f"{line}{error.problem}")]) from error
    if not isinstance(given, kind):
        wanted = "mapping from keys to works" if kind is dict else "list of records"
        raise EvidenceError([Mistake(where, f"must hold a {wanted}")])
    return given
