"""What is kept of blocks, on disk: one file for each block and scenario, named by its content."""

from __future__ import annotations

import errno
import os
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from twin.errors import InputError, Problem
from twin.fit.whole import whole_file
from twin.outcomes.tally import Tally

_SUMS, _ROWS = "sums/", "rows/"
_FULL = (errno.ENOSPC, errno.EFBIG, errno.EDQUOT)
_FOLDER_LETTERS = 2
_DAMAGED = (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error)


@dataclass(frozen=True)
class Store:
    """A folder of what is kept of blocks; several programs may share it.

    A file appears whole or not at all, and its name is a hash of all that its content depends on:
    whoever finds one may take it, and two who write the same one write the same bytes.

    Attributes
    ----------
    folder
        The folder.
    """

    folder: Path

    def path(self, key: str) -> Path:
        """Return where something of this name is, or would be."""
        return self.folder / key[:_FOLDER_LETTERS] / f"{key[_FOLDER_LETTERS:]}.npz"

    def load(self, key: str, first: int) -> Tally | None:
        """Return what has a name; None where there is no such file, or a damaged one.

        Parameters
        ----------
        key
            The name.
        first
            Position of the block's first person, which does not belong to the content.
        """
        path = self.path(key)
        try:
            with path.open("rb") as file, np.load(file) as stored:
                found = {name: stored[name] for name in stored.files}
            os.utime(path)  # the least recently used go first
            people = int(found.pop("people"))
        except _DAMAGED:
            return None
        sums = {
            name.removeprefix(_SUMS): numbers.astype(np.int64)
            for name, numbers in found.items()
            if name.startswith(_SUMS)
        }
        rows = {
            name.removeprefix(_ROWS): kept for name, kept in found.items() if name.startswith(_ROWS)
        }
        return Tally(first, people, sums, rows)

    def save(self, key: str, tally: Tally) -> None:
        """Store something under its name, whole or not at all.

        Raises
        ------
        InputError
            If there is no room for it, or the folder cannot be written to.
        """
        arrays = {"people": np.array(tally.people)}
        arrays |= {f"{_SUMS}{name}": _small(numbers) for name, numbers in tally.sums.items()}
        arrays |= {f"{_ROWS}{name}": kept for name, kept in tally.rows.items()}
        with space(self.folder), whole_file(self.path(key)) as beside, beside.open("wb") as file:
            np.savez(file, **arrays)  # type: ignore[arg-type]

    def sweep(self, most_bytes: int) -> None:
        """Remove the files that were used longest ago, until the rest take so many bytes."""
        found = []
        for file in self.folder.glob("*/*.npz"):
            try:
                about = file.stat()
            except FileNotFoundError:  # another program sweeps too
                continue
            found.append((about.st_mtime, about.st_size, file))
        total = sum(size for _, size, _ in found)
        for _, size, file in sorted(found):
            if total <= most_bytes:
                return
            file.unlink(missing_ok=True)
            total -= size


@contextmanager
def space(folder: Path) -> Iterator[None]:
    """Say so in one message where there is no room to write.

    Raises
    ------
    InputError
        In the place of the operating system's error.
    """
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            rule = "has no room left; what is stored there already is whole, and is used again"
            remedy = "Make room, or name other folders with output.folder=... and output.fits=..."
        elif error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            rule = "cannot be written to"
            remedy = "Name other folders with output.folder=... and output.fits=..."
        else:
            raise
        raise InputError([Problem(str(folder), rule, remedy=remedy)]) from error


def _small(numbers: np.ndarray) -> np.ndarray:
    """Return whole numbers in the smallest type that holds them all."""
    if not numbers.size:
        return numbers
    type_ = np.result_type(
        np.min_scalar_type(int(numbers.min())), np.min_scalar_type(int(numbers.max()))
    )
    return numbers.astype(type_)
