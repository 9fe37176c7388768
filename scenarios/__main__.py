"""Print the scenarios that there are; or one of them, with what it would do.

Usage: python -m scenarios [NAME] [--draw FILE.svg] [--folder FOLDER] [--people N] [--seed N]
                           [--population KEY=VALUE ...]
       python -m scenarios --gallery FOLDER

Exit status 2 where there is no scenario of that name, or it cannot be used.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import yaml
from pydantic import ValidationError

from scenarios import Scenario, ScenarioLibrary

if TYPE_CHECKING:
    from twin.population.settings import PopulationSettings


def main(arguments: Sequence[str] | None = None) -> int:
    """Print what is asked for and return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m scenarios",
        description="List the scenarios; or print one in words, with what it would do.",
    )
    parser.add_argument("name", nargs="?", help="of a scenario, or the path of a .yaml file")
    parser.add_argument("--folder", type=Path, help="of scenarios of your own")
    parser.add_argument("--draw", type=Path, metavar="FILE.svg", help="draw who is in what when")
    parser.add_argument("--gallery", type=Path, metavar="FOLDER", help="write a page of them all")
    parser.add_argument("--people", type=int, default=200, help="drawn from evidence; 200")
    parser.add_argument("--draws", type=int, default=100, help="populations; 100")
    parser.add_argument(
        "--population",
        nargs="+",
        default=[],
        metavar="KEY=VALUE",
        help="who is drawn, as population.KEY of a run: risk_group=[high] age=[40,60]",
    )
    parser.add_argument("--seed", type=int, default=1, help="of everything random; 1")
    given = parser.parse_args(arguments)
    library = ScenarioLibrary(folder=given.folder)
    from twin.errors import InputError, from_validation

    try:
        if given.gallery is not None:
            print(_gallery(library, given))
        elif given.name is None:
            for name in library.names:
                print(f"{name:<30}{library.load(name).title}")
        else:
            _one(library, library.load(given.name), given)
        sys.stdout.flush()
    except ValidationError as error:
        print(from_validation(error, library.shown(given.name), Scenario), file=sys.stderr)
        return 2
    except (InputError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    except BrokenPipeError:  # whoever read has seen enough, as `head` has
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _one(library: ScenarioLibrary, scenario: Scenario, given: argparse.Namespace) -> None:
    from twin.preview.gallery import draw
    from twin.preview.preview import preview
    from twin.preview.words import told

    print(scenario, flush=True)
    if not scenario.interventions:
        return
    if any(one.arm is not None for one in scenario.interventions):
        print("\nIts effect is that of an arm of a cohort: run it with that cohort.")
        return
    people = _population(given)
    found = preview(scenario, library, people, given.seed)
    print(f"\n{told(found)}")
    if given.draw is not None:
        draw(given.draw, scenario, found.in_force)
        print(f"Picture: {given.draw}")


def _gallery(library: ScenarioLibrary, given: argparse.Namespace) -> Path:
    from twin.preview.gallery import write_gallery

    return write_gallery(given.gallery, library, _population(given), given.seed)


def _population(given: argparse.Namespace) -> PopulationSettings:
    """Who is drawn.

    Raises
    ------
    InputError
        If there is no such choice.
    """
    from twin.errors import from_validation
    from twin.population.settings import PopulationSettings

    chosen = {"people": given.people, "draws": given.draws}
    for one in given.population:
        key, _, value = one.partition("=")
        chosen[key] = yaml.safe_load(value)
    try:
        return PopulationSettings.model_validate(chosen)
    except ValidationError as error:
        raise from_validation(error, "--population", PopulationSettings) from error


if __name__ == "__main__":
    sys.exit(main())
