"""Notebooks are stored as they were written: whole, readable, and without what a run left in them.

That they run is what ``make notebooks`` shows.
"""

import ast
import json
import re
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).resolve().parents[1] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("**/*.ipynb"))
CELL_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")  # nbformat 4.5

every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def code(path: Path) -> list[dict[str, Any]]:
    return [cell for cell in read(path)["cells"] if cell["cell_type"] == "code"]


def test_there_is_a_notebook() -> None:
    assert NOTEBOOKS, f"none in {FOLDER}: nothing below would be tested"


@every_notebook
def test_a_notebook_holds_no_outputs(path: Path) -> None:
    for cell in code(path):
        assert cell["outputs"] == [], f"cell {cell['id']}: strip the outputs"
        assert cell["execution_count"] is None, f"cell {cell['id']}: strip the execution count"


@every_notebook
def test_every_code_cell_is_plain_python(path: Path) -> None:
    assert code(path)
    for cell in code(path):
        ast.parse("".join(cell["source"]), filename=f"{path.name}, cell {cell['id']}")


@every_notebook
def test_cells_have_ids_that_stay(path: Path) -> None:
    stored = read(path)
    assert (stored["nbformat"], stored["nbformat_minor"]) == (4, 5)
    names = [cell["id"] for cell in stored["cells"]]
    assert len(set(names)) == len(names)
    assert all(CELL_ID.fullmatch(name) for name in names)


@every_notebook
def test_a_notebook_is_bound_to_no_machine(path: Path) -> None:
    metadata = read(path)["metadata"]
    assert metadata["kernelspec"]["name"] == "python3"
    assert metadata["language_info"] == {"name": "python"}, "strip the version of Python"


@every_notebook
def test_links_in_a_notebook_lead_to_files_of_the_project(path: Path) -> None:
    words = "".join("".join(c["source"]) for c in read(path)["cells"] if c["cell_type"] != "code")
    targets = re.findall(r"\]\(([^):#]+)\)", words)
    assert targets
    assert [target for target in targets if not (path.parent / target).exists()] == []
