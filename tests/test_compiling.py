"""Compiled code is kept by what it was compiled from."""

from __future__ import annotations

import importlib
from pathlib import Path

import numba
import numpy as np
import pytest
from numba.core.dispatcher import Dispatcher

from twin.law import compiling
from twin.law.small_matrices import cholesky

PACKAGE = Path(compiling.__file__).parents[1]


def test_compiled_code_lies_in_a_folder_named_by_the_sources_of_all_of_it() -> None:
    before = numba.config.CACHE_DIR
    twice = compiling.compiling()(double)
    assert before == numba.config.CACHE_DIR
    np.testing.assert_array_equal(twice(np.arange(3.0)), [0, 2, 4])
    name = compiling.source_hash(*(PACKAGE / part for part in compiling._COMPILED))[:16]
    for one in (twice, cholesky):
        assert name in Path(one._cache.cache_path).parts


def test_every_part_that_holds_compiled_functions_is_among_the_sources() -> None:
    found = set()
    for file in PACKAGE.rglob("*.py"):
        if file.name == "__main__.py":
            continue
        place = file.relative_to(PACKAGE.parent).with_suffix("")
        module = importlib.import_module(".".join(place.parts))
        own = [one for one in vars(module).values() if isinstance(one, Dispatcher)]
        if any(one.__module__ == module.__name__ for one in own):
            found.add(place.parts[1])
    assert found == set(compiling._COMPILED)


def double(x: np.ndarray) -> np.ndarray:
    return 2 * x


def test_a_change_of_any_source_moves_the_folder_and_removes_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compiling, "_PACKAGE", tmp_path)
    for part in compiling._COMPILED:
        (tmp_path / part).mkdir()
    called = tmp_path / "law" / "called.py"
    called.write_text("x = 1", encoding="utf-8")
    folder = compiling._folder.__wrapped__
    first = Path(folder())
    assert first.is_dir()
    assert folder() == str(first)
    called.write_text("x = 2", encoding="utf-8")
    second = Path(folder())
    assert second.is_dir()
    assert second != first
    assert not first.exists()
