"""Changing single fields of a scenario, by a path of names: ``uptake.mean``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from typing import Any

from priors.near import nearest

from .intervention import Intervention, Studied

_NAMED_BY = ("name", "target", "kind", "by")
"""Keys by which an entry of a list is found."""
_ABOUT = ("label", "source", "by", "target", "unit", "instrument", "at_week", "kind", "modified_by")
"""Keys of a number that are not the number."""


def flat(nested: Mapping[str, Any], above: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Yield dotted paths and values of nested mappings.

    Examples
    --------
    >>> list(flat({"uptake": {"mean": 0.5}, "dose": 2}))
    [('uptake.mean', 0.5), ('dose', 2)]
    """
    for key, value in nested.items():
        path = (*above, *str(key).split("."))
        if isinstance(value, Mapping) and value and not _is_one_value(value):
            yield from flat(value, path)
        else:
            yield ".".join(path), value


def _is_one_value(given: Mapping[str, Any]) -> bool:
    """Whether it is a distribution, or a number with its distribution and label."""
    return "family" in given or {"distribution", "label"} <= set(given)


def change(scenario: dict[str, Any], path: str, value: Any) -> None:
    """Change one field of a scenario, in place.

    Parameters
    ----------
    scenario
        As a file has it, interventions written out.
    path
        Keys from the top, joined by dots; an entry of a list by its name, target or kind. The keys
        of an intervention may follow its name at once, or stand alone where there is but one. A
        parameter of a distribution may stand in the place of the whole: ``uptake.mean``.
    value
        What it becomes.

    Raises
    ------
    ValueError
        If the path leads nowhere.

    Notes
    -----
    A number that is changed is no longer what its source says: its label becomes ``assumed``, its
    source tells of the change. Uptake and adherence that are changed stay as they were in the
    studies behind the effects (`Intervention.studied`), so that less comes of less.
    """
    keys = path.split(".")
    interventions = [one for one in scenario.get("interventions", []) if isinstance(one, dict)]
    names = [str(one.get("name")) for one in interventions]
    if keys[0] in names:
        keys = ["interventions", *keys]
    elif keys[0] not in scenario and keys[0] in Intervention.model_fields:
        if len(names) != 1:
            listed = ", ".join(f"{name}.{path}" for name in names) or "none: it has no intervention"
            raise ValueError(f"'{path}' may be of several interventions: write {listed}")
        keys = ["interventions", names[0], *keys]
    if keys[0] == "interventions" and len(keys) > 2:
        change_intervention(_entry(interventions, keys[1], path), keys[2:], value)
    else:
        _set(scenario, keys, value, path)


def change_intervention(intervention: dict[str, Any], keys: Sequence[str], value: Any) -> None:
    """Change one field of an intervention, in place; see `change`."""
    field = keys[0]
    before = intervention.get(field)
    if field in Studied.model_fields and before is not None:
        studied = dict(intervention.get("studied") or {})
        # what the effects were published with; the studies' own numbers are not changed here
        intervention["studied"] = {field: deepcopy(before)} | studied
    _set(intervention, list(keys), value, ".".join(keys))


def _set(inside: Any, keys: list[str], value: Any, path: str) -> None:
    key, *others = keys
    if isinstance(inside, list):
        entry = _entry(inside, key, path)
        if not others and isinstance(entry, dict) and isinstance(value, Mapping):
            entry.update(value)
        elif others:
            _set(entry, others, value, path)
        else:
            raise ValueError(f"'{path}' is a whole entry of a list: name a key of it")
        return
    if not isinstance(inside, dict):
        raise ValueError(f"'{path}' leads into {inside!r}, which has no keys")
    if isinstance(inside.get("distribution"), dict) and key not in _ABOUT:
        inside["label"] = "assumed"
        inside["source"] = f"chosen for this run: {path} = {value}"
        inside.pop("evidence", None)
        if key != "distribution" and key not in inside:
            _set_parameter(inside["distribution"], key, value, path)
            return
    if not others:
        inside[key] = value
        return
    if inside.get(key) is None:
        inside[key] = {}
    _set(inside[key], others, value, path)


def _set_parameter(distribution: dict[str, Any], key: str, value: Any, path: str) -> None:
    """Set a parameter of a distribution; the mean of a beta keeps how sure it is."""
    if distribution.get("family") == "beta" and key == "mean":
        try:
            mean = float(value)
        except (TypeError, ValueError):
            mean = -1.0
        if not 0 < mean < 1:
            raise ValueError(f"'{path}' is a mean share: {value} must be above 0 and below 1")
        sure = float(distribution["a"]) + float(distribution["b"])
        distribution |= {"a": mean * sure, "b": (1 - mean) * sure}
        return
    known = [name for name in distribution if name != "family"]
    known += ["mean"] if distribution.get("family") == "beta" else []
    if key not in known:
        raise ValueError(
            f"'{path}': a {distribution.get('family')} has no '{key}'. "
            f"Parameters: {', '.join(known)}.{nearest(key, known)}"
        )
    distribution[key] = value


def _entry(entries: Sequence[Any], key: str, path: str) -> Any:
    """Entry of a list that is called so, or stands at that place."""
    called = {
        str(one[name]): one
        for one in reversed(entries)
        if isinstance(one, dict)
        for name in _NAMED_BY
        if name in one
    }
    if key in called:
        return called[key]
    if key.isdigit() and int(key) < len(entries):
        return entries[int(key)]
    known = list(reversed(called))
    listed = f"There are {', '.join(known)}." if known else "The list is empty."
    raise ValueError(f"'{path}': there is no '{key}'. {listed}{nearest(key, known)}")
