"""A hash of what values hold, whatever they are made of."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass

import numpy as np
from pydantic import BaseModel


def content_hash(value: object) -> str:
    """Return the SHA-256 of what a value holds: equal contents give equal hashes.

    Parameters
    ----------
    value
        Arrays of numbers or words, numbers, text, None, and tuples, lists, mappings, dataclasses
        and pydantic models of them. The order of a mapping does not count.

    Raises
    ------
    TypeError
        If anything in it is of another kind: leaving it out would give two contents one name.

    Examples
    --------
    >>> content_hash({"a": 1, "b": 2}) == content_hash({"b": 2, "a": 1})
    True
    >>> content_hash((1, 2)) == content_hash((12,))
    False
    """
    digest = hashlib.sha256()
    for piece in _pieces(value):
        # its length first, or neighbours could be cut in two ways
        digest.update(len(piece).to_bytes(8, "big"))
        digest.update(piece)
    return digest.hexdigest()


def _pieces(value: object) -> Iterator[bytes]:
    match value:
        case None | bool() | int() | float() | str():
            yield f"{type(value).__name__} {value!r}".encode()
        case np.ndarray() if value.dtype.hasobject:
            yield f"objects {value.shape}".encode()
            for one in value.ravel().tolist():
                yield from _pieces(one)
        case np.ndarray():
            yield f"array {value.dtype.str} {value.shape}".encode()
            yield value.tobytes()
        case np.generic():
            yield from _pieces(value.item())
        case BaseModel():
            yield type(value).__name__.encode()
            yield value.model_dump_json().encode()
        case Mapping():
            yield f"mapping {len(value)}".encode()
            for _, key, one in sorted((content_hash(key), key, one) for key, one in value.items()):
                yield from _pieces(key)
                yield from _pieces(one)
        case tuple() | list():
            yield f"{type(value).__name__} {len(value)}".encode()
            for one in value:
                yield from _pieces(one)
        case _ if is_dataclass(value) and not isinstance(value, type):
            yield type(value).__name__.encode()
            for field in fields(value):
                yield field.name.encode()
                yield from _pieces(getattr(value, field.name))
        case _:
            raise TypeError(f"{type(value).__name__} has no content that could be hashed")
