"""The instruments that ship with the engine, read from `catalogue.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from priors.near import nearest
from twin.errors import InputError, Problem, from_validation
from twin.instruments.instrument import Instrument

_FILE = "twin/instruments/catalogue.yaml"


class _Catalogue(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    instruments: tuple[Instrument, ...]


@cache
def instruments() -> Mapping[str, Instrument]:
    """Return every instrument of the catalogue by name, in the catalogue's order.

    Raises
    ------
    InputError
        If the catalogue itself breaks its format.
    """
    text = resources.files(__package__).joinpath("catalogue.yaml").read_text("utf-8")
    try:
        catalogue = _Catalogue.model_validate(yaml.safe_load(text))
    except ValidationError as error:
        raise from_validation(error, _FILE, _Catalogue) from error
    return MappingProxyType({entry.name: entry for entry in catalogue.instruments})


def instrument(name: str) -> Instrument:
    """Return the instrument called `name`.

    Raises
    ------
    InputError
        If the catalogue has none of that name; the message offers the nearest.

    Examples
    --------
    >>> print(instrument("odi"))
    odi, 0 to 100 in steps of 2
    """
    known = instruments()
    if name not in known:
        remedy = f"Instruments: {', '.join(known)}.{nearest(name, known)}"
        raise InputError([Problem(_FILE, "is not an instrument", value=name, remedy=remedy)])
    return known[name]
