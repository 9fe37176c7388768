"""What Hydra and OmegaConf refuse, said so that a person can put it right."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from hydra import compose, initialize_config_dir
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException, MissingConfigException, OverrideParseException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import MissingMandatoryValue, OmegaConfBaseException

from priors.near import nearest
from twin.errors import InputError, Problem

WHERE = "command line"

_FORM = "Write key=value, in quotes where it holds blanks or brackets."
_SWEEP = "To run once with each, add -m; to give a list, write key=[a,b]."
_UNKNOWN_KEY = re.compile(r"Could not (?:override|delete from config\.?) '?([\w@./-]+)'?")
_NO_FILE = "Config group override must be a string"


def is_refusal(error: Exception) -> bool:
    """Whether Hydra or OmegaConf refuses what it was given, and nothing is wrong with the code."""
    # of this one Hydra makes no exception of its own
    unlike = isinstance(error, ValueError) and str(error).startswith(_NO_FILE)
    return unlike or isinstance(error, HydraException | OmegaConfBaseException)


def refusal(
    error: Exception,
    folder: Path,
    name: str,
    overrides: Sequence[str],
) -> InputError:
    """Put in one readable message why a configuration could not be composed.

    Parameters
    ----------
    error
        What Hydra or OmegaConf raised.
    folder
        Folder of the configuration.
    name
        Name of the primary file in it.
    overrides
        What stood on the command line.
    """
    if isinstance(error, MissingConfigException) and error.missing_cfg_file:
        group, _, chosen = error.missing_cfg_file.removesuffix(".yaml").rpartition("/")
        return _unknown_option(
            group or "--config-name", chosen, error.options or _options(folder, group)
        )
    if isinstance(error, MissingMandatoryValue):
        key = str(error.full_key)
        return InputError([Problem(WHERE, "is required", column=key, remedy=f"Write {key}=...")])
    # The first line says what; the rest are internals and links.
    first = str(error).strip().splitlines()[0].removesuffix(".")
    if isinstance(error, OverrideParseException):
        return InputError([Problem(WHERE, first, remedy=_FORM)])
    if first.startswith(_NO_FILE):
        wrong = [one for one in _of_groups(overrides, folder) if not isinstance(one.value(), str)]
        if wrong:
            group = wrong[0].key_or_group
            return _unknown_option(group, wrong[0].value(), _options(folder, group))
    unknown = _UNKNOWN_KEY.match(first)
    if unknown and not unknown[1].startswith("hydra."):
        return _unknown_key(unknown[1], folder, name, overrides)
    remedy = _SWEEP if first.startswith("Ambiguous value") else ""
    return InputError([Problem(WHERE, first, remedy=remedy)])


def _unknown_option(group: str, chosen: object, options: Sequence[str]) -> InputError:
    shown = "null" if chosen is None else chosen
    listed = f"Options: {', '.join(sorted(options))}.{nearest(shown, options)}" if options else ""
    return InputError(
        [Problem(WHERE, "is not one of its options", column=group, value=shown, remedy=listed)]
    )


def _unknown_key(key: str, folder: Path, name: str, overrides: Sequence[str]) -> InputError:
    choices = [one.input_line or "" for one in _of_groups(overrides, folder) if _is_choice(one)]
    with initialize_config_dir(str(folder), version_base="1.3"):
        found = compose(name, overrides=choices)
    inside = OmegaConf.select(found, key)
    if isinstance(inside, DictConfig):  # of several keys given at once, one is unknown
        keys = sorted(str(one) for one in inside)
        remedy = f"Keys: {', '.join(keys)}."
        return InputError([Problem(WHERE, "was given an unknown key", column=key, remedy=remedy)])
    # as far up as the configuration reaches
    parent, _, last = key.rpartition(".")
    while parent and OmegaConf.select(found, parent) is None:
        parent, _, last = parent.rpartition(".")
    level = OmegaConf.select(found, parent) if parent else found
    known = f"{parent}.{last}" if parent else last
    if not isinstance(level, DictConfig):
        remedy = f"{parent} is a single value."
    elif not level:
        remedy = f"{parent} is empty: to add to it, begin with a plus, +{known}=..."
    else:
        names = sorted({str(one) for one in level} | (set() if parent else _groups(folder)))
        remedy = f"Keys: {', '.join(names)}.{nearest(last, names)}"
    return InputError([Problem(WHERE, "is not a known key", column=known, remedy=remedy)])


def _of_groups(overrides: Sequence[str], folder: Path) -> list[Override]:
    """Overrides that choose a file from a folder."""
    parsed = OverridesParser.create().parse_overrides(list(overrides))
    return [one for one in parsed if one.key_or_group in _groups(folder)]


def _is_choice(override: Override) -> bool:
    return not override.is_sweep_override() and isinstance(override.value(), str)


def _groups(folder: Path) -> set[str]:
    return {inner.name for inner in folder.iterdir() if inner.is_dir()}


def _options(folder: Path, group: str) -> list[str]:
    return [file.stem for file in (folder / group).glob("*.yaml")]
