"""What Hydra and OmegaConf refuse, said so that a person can put it right."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import MissingConfigException
from omegaconf import DictConfig, OmegaConf

from twin.errors import InputError, Problem, nearest

WHERE = "command line"

_SWEEP = "To run once with each, add -m; to give a list, write key=[a,b]."
_UNKNOWN_KEY = re.compile(r"Could not (?:override|delete from config\.?) '?([\w@./-]+)'?")


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
        return _unknown_option(error, error.missing_cfg_file)
    unknown = _UNKNOWN_KEY.match(str(error))
    if unknown and not unknown[1].startswith("hydra."):
        return _unknown_key(unknown[1], folder, name, overrides)
    # The first line says what; the rest are internals and links.
    first = str(error).strip().splitlines()[0]
    remedy = _SWEEP if first.startswith("Ambiguous value") else ""
    return InputError([Problem(WHERE, first.removesuffix("."), remedy=remedy)])


def _unknown_option(error: MissingConfigException, option: str) -> InputError:
    group, _, chosen = option.removesuffix(".yaml").rpartition("/")
    options = sorted(error.options or ())
    listed = f"Options: {', '.join(options)}.{nearest(chosen, options)}" if options else ""
    return InputError(
        [Problem(WHERE, "is not one of its options", column=group, value=chosen, remedy=listed)]
    )


def _unknown_key(key: str, folder: Path, name: str, overrides: Sequence[str]) -> InputError:
    parent, _, last = key.rpartition(".")
    names = _keys_beside(parent, folder, name, overrides)
    listed = f"Keys: {', '.join(names)}.{nearest(last, names)}" if names else ""
    return InputError([Problem(WHERE, "is not a known key", column=key, remedy=listed)])


def _keys_beside(parent: str, folder: Path, name: str, overrides: Sequence[str]) -> list[str]:
    """Keys under a dotted key, in the configuration without any override but choices of files."""
    parsed = OverridesParser.create().parse_overrides(list(overrides))
    with initialize_config_dir(str(folder), version_base="1.3"):
        groups = GlobalHydra.instance().config_loader().list_groups("")
        choices = [
            one.input_line or ""
            for one in parsed
            if one.key_or_group in groups and not one.is_sweep_override()
        ]
        found = compose(name, overrides=choices)
    level = OmegaConf.select(found, parent) if parent else found
    keys = {str(key) for key in level} if isinstance(level, DictConfig) else set()
    return sorted(keys if parent else keys | set(groups) - {"hydra"})
