"""Reading scenarios: those that ship by name, a user's own from a folder or by file."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from priors.elicited import Setting
from priors.near import nearest

from .change import change, change_intervention, flat
from .cite import Citations
from .read_file import mapping
from .scenario import Scenario

_ENDING = ".yaml"
_FOLDER = "interventions"
_USE, _EXTENDS, _CHANGES = "use", "extends", "changes"


def scenario_names() -> tuple[str, ...]:
    """Names of the scenarios that ship with the project."""
    return ScenarioLibrary().names


def intervention_names() -> tuple[str, ...]:
    """Names of the interventions that ship with the project, of which scenarios are composed."""
    return tuple(ScenarioLibrary().interventions)


def load_scenario(
    name: str, setting: Setting = "elsewhere", without: Collection[str] = ()
) -> Scenario:
    """Read a scenario that ships with the project, or a file; see `ScenarioLibrary.load`.

    Examples
    --------
    >>> load_scenario("usual_care").interventions
    ()
    """
    return ScenarioLibrary(setting, frozenset(without)).load(name)


def intervention_mapping(name: str) -> dict[str, Any]:
    """Return an intervention that ships as its file has it, citations and all.

    Raises
    ------
    ValueError
        When none of that name ships with the project; the message names the nearest.
    """
    return ScenarioLibrary().intervention(name)


@dataclass(frozen=True)
class ScenarioLibrary:
    """Where scenarios and interventions are found, and what is changed in them.

    Attributes
    ----------
    setting
        Setting that cited effects are believed for: ``elsewhere``, or the ``same`` as in the study.
    without
        Cohorts, by id, whose evidence is left out of cited effects: those that are fitted.
    folder
        A user's own: its YAML files are scenarios, those in its ``interventions`` interventions,
        beside the ones that ship.
    changes
        Fields to be changed, by scenario: nested as in a file, or by dotted path
        (`scenarios.change`).
    """

    setting: Setting = "elsewhere"
    without: frozenset[str] = frozenset()
    folder: Path | None = None
    changes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all scenarios, sorted."""
        return tuple(sorted(self._files("")))

    @property
    def interventions(self) -> tuple[str, ...]:
        """Names of all interventions, sorted."""
        return tuple(sorted(self._files(_FOLDER)))

    def shown(self, name: str) -> str:
        """What messages call the file of a scenario."""
        return name if name.endswith(_ENDING) else self._files("")[name][0]

    def load(self, name: str) -> Scenario:
        """Read a scenario; its interventions are named, used with changes, or written out.

        Parameters
        ----------
        name
            Of a scenario; or the path of a file, if it ends in ``.yaml``. A file's own name is that
            of its scenario.

        Raises
        ------
        ValueError
            When there is no such scenario, intervention or elicited effect, the message naming the
            nearest, a file is not one YAML mapping, or scenarios extend each other in a circle.
        pydantic.ValidationError
            When a key is unknown or missing, or a value impossible.
        """
        own, given = self._read(name, ())
        for path, value in flat(self.changes.get(own, {})):
            try:
                change(given, path, value)
            except ValueError as error:
                raise ValueError(f"scenarios.{own}: {error}") from error
        return Scenario.model_validate({"name": own, **given})

    def intervention(self, name: str) -> dict[str, Any]:
        """Return an intervention as its file has it, citations and all."""
        files = self._files(_FOLDER)
        if name not in files:
            listed = f"Interventions: {', '.join(sorted(files))}."
            raise ValueError(f"unknown intervention '{name}'. {listed}{nearest(name, files)}")
        shown, file = files[name]
        return {"name": name, **mapping(shown, file.read_bytes(), "title, description, effects")}

    def _read(self, name: str, extended_by: tuple[str, ...]) -> tuple[str, dict[str, Any]]:
        """Name and content of a scenario, with all that it extends."""
        own, shown, data = self._file(name)
        given = mapping(shown, data, ", ".join(k for k in Scenario.model_fields if k != "name"))
        if "name" in given:
            raise ValueError(f"{shown}: leave out name: its file names the scenario, here '{own}'")
        if own in extended_by:
            circle = " extends ".join((*extended_by[extended_by.index(own) :], own))
            raise ValueError(f"{shown}: scenarios extend each other in a circle: {circle}")
        base: dict[str, Any] = {}
        if _EXTENDS in given:
            extended = given.pop(_EXTENDS)
            if not isinstance(extended, str):
                raise ValueError(f"{shown}: extends must be the name of one scenario")
            try:
                _, base = self._read(extended, (*extended_by, own))
            except ValueError as error:
                said = str(error)
                raise ValueError(said if "circle" in said else f"{shown}: {said}") from error
            base.pop("in_auto", None)  # each says so for itself
        changes = given.pop(_CHANGES, {})
        if not isinstance(changes, Mapping):
            raise ValueError(f"{shown}: changes must be a mapping such as uptake.mean: 0.5")
        interventions = given.get("interventions")
        if isinstance(interventions, list):
            given["interventions"] = [self._intervention(shown, one) for one in interventions]
        merged = base | given
        for path, value in flat(changes):
            try:
                change(merged, path, value)
            except ValueError as error:
                raise ValueError(f"{shown}: changes: {error}") from error
        return own, merged

    def _intervention(self, shown: str, given: Any) -> Any:
        """Content of an intervention that a scenario names, uses with changes, or writes out."""
        citations = Citations(self.setting, self.without)
        if isinstance(given, Mapping) and _USE in given:
            used = {str(key): value for key, value in given.items() if key != _USE}
            found = self._named(shown, given[_USE], citations)
            if used.get("name", found["name"]) != found["name"]:
                found["drawn_as"] = found["name"]
            for path, value in flat(used):
                try:
                    change_intervention(found, path.split("."), value)
                except ValueError as error:
                    raise ValueError(f"{shown}: use of {given[_USE]}: {error}") from error
            return found
        return self._named(shown, given, citations)

    def _named(self, shown: str, given: Any, citations: Citations) -> Any:
        if not isinstance(given, str):
            return citations.resolve(shown, given)
        try:
            found = self.intervention(given)
        except ValueError as error:
            said = str(error)
            raise ValueError(f"{shown}: {said}" if said.startswith("unknown") else said) from error
        return citations.resolve(self._files(_FOLDER)[given][0], found)

    def _file(self, name: str) -> tuple[str, str, bytes]:
        """Name of a scenario, and its file: as a user knows it, and its content."""
        if name.endswith(_ENDING):
            path = Path(name)
            if not path.is_file():
                beside = [f.name for f in path.parent.glob(f"*{_ENDING}")]
                raise ValueError(f"there is no scenario file '{name}'.{nearest(path.name, beside)}")
            return path.stem, name, path.read_bytes()
        files = self._files("")
        if name not in files:
            known = f"Scenarios: {', '.join(sorted(files))}, or the path of a {_ENDING} file."
            raise ValueError(f"unknown scenario '{name}'. {known}{nearest(name, files)}")
        shown, file = files[name]
        return name, shown, file.read_bytes()

    def _files(self, inside: str) -> dict[str, tuple[str, Traversable]]:
        """Files by name: how a message calls each, and where it is."""
        shipped = resources.files("scenarios").joinpath(inside)
        found = _in_folder(shipped, f"scenarios/{inside}/" if inside else "scenarios/")
        if self.folder is None:
            return found
        folder = self.folder / inside
        if not self.folder.is_dir():
            raise ValueError(f"there is no folder '{self.folder}' of scenarios")
        own = _in_folder(folder, f"{folder}/") if folder.is_dir() else {}
        both = sorted(set(own) & set(found))
        if both:
            kind = "an intervention" if inside else "a scenario"
            raise ValueError(f"{folder}/{both[0]}{_ENDING}: {kind} of that name ships: rename it")
        return found | own


def _in_folder(folder: Traversable, shown: str) -> dict[str, tuple[str, Traversable]]:
    return {
        file.name.removesuffix(_ENDING): (f"{shown}{file.name}", file)
        for file in folder.iterdir()
        if file.name.endswith(_ENDING)
    }
