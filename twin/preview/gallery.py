"""A page of the documentation with every scenario: words, differences, picture. Generated."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from scenarios import Scenario, ScenarioLibrary
from twin.errors import InputError
from twin.fit.whole import whole_file
from twin.law.grid import Floats
from twin.population.settings import PopulationSettings

from .preview import preview
from .words import told

HEAD = """# Scenarios that ship

Made by `python -m scenarios --gallery docs`: do not edit. Each is a file in `scenarios/`.
Differences are those in people drawn from evidence, before anything is fitted, with effects as they
are believed for another setting than that of their studies.
"""


def write_gallery(
    folder: Path, library: ScenarioLibrary, people: PopulationSettings, seed: int
) -> Path:
    """Write the page and its pictures, and return the page's path.

    Parameters
    ----------
    folder
        Of the documentation; pictures go into its folder ``scenarios``.
    library, people, seed
        As of `preview.preview`.
    """
    parts = [HEAD]
    for name in library.names:
        scenario = library.load(name)
        parts += [section(scenario)]
        if not scenario.interventions:
            continue
        try:
            found = preview(scenario, library, people, seed)
        except InputError:
            parts += ["Its effect is that of an arm of a cohort: run it with that cohort.\n"]
            continue
        parts += [f"```text\n{told(found)}\n```\n"]
        draw(folder / "scenarios" / f"{name}.svg", scenario, found.in_force)
        parts += [f"![Who is in what when](scenarios/{name}.svg)\n"]
    page = folder / "scenarios.md"
    with whole_file(page) as beside:
        beside.write_text("\n".join(parts), encoding="utf-8")
    return page


def section(scenario: Scenario) -> str:
    """Return the heading of a scenario, and the scenario in words."""
    return f"## {scenario.name}\n\n```text\n{scenario}\n```\n"


def draw(path: Path, scenario: Scenario, in_force: Mapping[str, Floats]) -> None:
    """Write the picture of a scenario's schedule."""
    from twin.report.figures.schedule import schedule

    with whole_file(path) as beside:
        beside.write_text(str(schedule(scenario, in_force)), encoding="utf-8")
