"""Files that appear whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield another path beside a file's own, and move what was written there into place.

    A reader never sees half a file, and a writer that fails or dies leaves what was there before.

    Parameters
    ----------
    path
        Where the file is to be; its folder is made if it is missing.

    Examples
    --------
    >>> with whole_file(Path("runs/manifest.json")) as beside:  # doctest: +SKIP
    ...     beside.write_text("{}")
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    _sweep(path)
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield beside
        # on disk before it has its name, or a crash could leave a name without a content
        _flush(beside)
        beside.replace(path)
        _flush(path.parent)
    finally:
        beside.unlink(missing_ok=True)


def _sweep(path: Path) -> None:
    """Remove what writers of this file left behind that were killed."""
    for left in path.parent.iterdir():
        name = left.name
        if name.startswith(f".{path.name}.") and name.endswith(".part"):
            writer = name.split(".")[-2]
            if writer.isdigit() and not _alive(int(writer)):
                left.unlink(missing_ok=True)


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
