"""Compiled code is kept by what it was compiled from."""

from __future__ import annotations

from pathlib import Path

import numba
import numpy as np
import pytest

from twin.law import compiling
from twin.law.small_matrices import cholesky


def test_compiled_code_lies_in_a_folder_named_by_the_sources_of_all_of_it() -> None:
    before = numba.config.CACHE_DIR
    twice = compiling.compiling()(double)
    assert before == numba.config.CACHE_DIR
    np.testing.assert_array_equal(twice(np.arange(3.0)), [0, 2, 4])
    package = Path(compiling.__file__).parents[1]
    folders = (package / part for part in ("law", "update", "simulate"))
    name = compiling.source_hash(*folders)[:16]
    for one in (twice, cholesky):
        assert name in Path(one._cache.cache_path).parts


def double(x: np.ndarray) -> np.ndarray:
    return 2 * x


def test_a_change_of_any_source_moves_the_folder_and_removes_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compiling, "_PACKAGE", tmp_path)
    for part in ("law", "update", "simulate"):
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
