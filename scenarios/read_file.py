"""A YAML file as the mapping that it has to be."""

from __future__ import annotations

from typing import Any

import yaml

from priors.strict_yaml import StrictLoader


def mapping(file: str, data: bytes, keys: str) -> dict[str, Any]:
    """Read a file.

    Parameters
    ----------
    file
        What messages call it.
    data
        Its content.
    keys
        Some that it may have, for the message.

    Raises
    ------
    ValueError
        When it is not text, not YAML, or not a mapping.
    """
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
