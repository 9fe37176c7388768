"""The contract of summary.json."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

from jsonschema import Draft202012Validator

VERSION = 1
"""Of the contract. It rises when a reader of the last one could be misled."""


@cache
def schema() -> Mapping[str, Any]:
    """Return the JSON Schema (draft 2020-12) of summary.json."""
    file = resources.files(__package__).joinpath("schema", f"summary-{VERSION}.json")
    found: Mapping[str, Any] = json.loads(file.read_text("utf-8"))
    return found


def check(document: Mapping[str, Any]) -> None:
    """Check a summary against its contract.

    Raises
    ------
    ValueError
        If it does not keep it; the message says where and how.
    """
    errors = sorted(Draft202012Validator(schema()).iter_errors(document), key=lambda e: e.json_path)
    if errors:
        told = "\n".join(f"  - {error.json_path}: {error.message}" for error in errors[:5])
        raise ValueError(f"summary.json breaks its schema, version {VERSION}:\n{told}")
