"""Sets of priors, kept as data in `priors/sets` and chosen by name."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict

from .near import nearest
from .prior import Prior


class PriorSet(BaseModel):
    """A named set of priors.

    Attributes
    ----------
    name
        Name of the set and of its file.
    description
        What the set stands for.
    retest_log_sd
        How far, on the log scale, a published test-retest error is trusted to carry to another
        cohort: the SD of a normal on log(SEM).
    parameters
        Prior of each parameter by name.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    description: str
    retest_log_sd: float
    parameters: Mapping[str, Prior]

    def __getitem__(self, parameter: str) -> Prior:
        """Prior of a parameter."""
        return self.parameters[parameter]

    def __str__(self) -> str:
        """One line a parameter: distribution, unit, meaning and label."""
        lines = [f"Priors '{self.name}': {self.description}"]
        for name, prior in self.parameters.items():
            given = prior.distribution.model_dump(exclude={"family"})
            arguments = ", ".join(f"{key} {value}" for key, value in given.items())
            lines.append(
                f"  {name:<22} {prior.distribution.family}({arguments}) {prior.unit}"
                f" - {prior.meaning} [{prior.label}]"
            )
        return "\n".join(lines)


def prior_set_names() -> tuple[str, ...]:
    """Names of the sets that ship with the project."""
    files = resources.files("priors").joinpath("sets").iterdir()
    return tuple(sorted(f.name.removesuffix(".yaml") for f in files if f.name.endswith(".yaml")))


def load_prior_set(name: str) -> PriorSet:
    """Read a set of priors by name.

    A set with a `base` is that set, with what it says itself in place of what the base says.

    Raises
    ------
    ValueError
        When there is no set of that name, or one departs from its base in a parameter that the
        base lacks; the message names the nearest.
    """
    return PriorSet.model_validate({"name": name, **_merged(name)})


def _merged(name: str) -> dict[str, Any]:
    names = prior_set_names()
    if name not in names:
        hint = nearest(name, names)
        raise ValueError(f"unknown prior set '{name}'. Prior sets: {', '.join(names)}.{hint}")
    text = resources.files("priors").joinpath("sets", f"{name}.yaml").read_text("utf-8")
    given: dict[str, Any] = yaml.safe_load(text)
    if "base" not in given:
        return given
    base = _merged(given.pop("base"))
    own = given.get("parameters", {})
    for parameter in own:
        if parameter not in base["parameters"]:
            hint = nearest(parameter, base["parameters"])
            raise ValueError(f"prior set '{name}': its base has no parameter '{parameter}'.{hint}")
    return base | given | {"parameters": base["parameters"] | own}
