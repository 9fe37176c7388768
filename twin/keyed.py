"""Random numbers that belong to one person and purpose, whoever else is in the cohort."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray


def keyed_normals(
    seed: int, purpose: str, patients: Iterable[str], shape: tuple[int, ...]
) -> NDArray[np.float64]:
    """Draw standard normals for each person from a stream of the person's own.

    Parameters
    ----------
    seed
        Seed of the run.
    purpose
        What the numbers are for; different purposes get independent numbers.
    patients
        Ids of people.
    shape
        Shape of one person's numbers.

    Returns
    -------
    NDArray
        Shape (person, *shape).

    Examples
    --------
    >>> alone = keyed_normals(1, "demo", ["p2"], (3,))
    >>> bool((keyed_normals(1, "demo", ["p1", "p2"], (3,))[1] == alone[0]).all())
    True
    """
    streams = (stream(seed, purpose, patient) for patient in patients)
    return np.stack([one.standard_normal(shape) for one in streams])


def stream(seed: int, purpose: str, patient: str = "") -> np.random.Generator:
    """Return the stream of random numbers of a purpose, and of a person where there is one."""
    return np.random.default_rng(key(seed, purpose, patient))


def key(seed: int, purpose: str, patient: str = "") -> int:
    """Return the key of a purpose, and of a person where there is one: 128 bits."""
    # Hash first: keys made by shifting and adding collide. The unit separator cannot stand in an
    # id, so that no two triples spell the same text.
    text = "\x1f".join([str(seed), purpose, patient])
    return int.from_bytes(hashlib.sha256(text.encode("utf-8")).digest()[:16], "big")
