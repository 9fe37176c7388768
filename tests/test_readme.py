"""What the README tells people to type is what continuous integration runs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
COMMAND = re.compile(r"^ {4}((?:make|\.venv/bin/python) .+?)(?:\s+#.*)?$", re.MULTILINE)
COMMANDS = COMMAND.findall((ROOT / "README.md").read_text("utf-8"))


def test_the_readme_has_commands() -> None:
    assert {"make simulate", "make test"} <= set(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_runs_in_continuous_integration(command: str) -> None:
    lines = [line.strip() for line in (ROOT / ".ci/run").read_text("utf-8").splitlines()]
    assert command.replace("make ", "make --no-print-directory ", 1) in lines


def test_every_file_that_the_readme_points_to_is_there() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    for target in re.findall(r"\]\(([^)#:]+)\)", text):
        assert (ROOT / target).exists(), target
