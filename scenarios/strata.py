"""Care that depends on the group a tool puts people into."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Self

from pydantic import Field, model_validator

from .expression import Condition
from .rule import Branch
from .text import Frozen, Name, Names
from .uncertain import UncertainShare, said_share


class Strata(Frozen):
    """Groups that people are sorted into at baseline by a tool that errs, each with its own care.

    Attributes
    ----------
    groups
        Name of each group, and the condition by which somebody truly belongs to it; the first that
        holds counts.
    otherwise
        The group of everybody else.
    errors
        By true group, the chance that the tool says each of the others; 0 where nothing is said.
    pathways
        By the group that the tool says, the interventions that are offered at week 0.
    """

    groups: dict[Name, Condition]
    otherwise: Name
    errors: dict[Name, dict[Name, UncertainShare]] = Field(default_factory=dict)
    pathways: dict[Name, Names]

    @property
    def names(self) -> tuple[str, ...]:
        """All groups, in order."""
        return (*self.groups, self.otherwise)

    @property
    def started(self) -> tuple[str, ...]:
        """Interventions that they lead to."""
        return tuple(dict.fromkeys(name for path in self.pathways.values() for name in path))

    @model_validator(mode="after")
    def _groups_are_known(self) -> Self:
        known = self.names
        if len(set(known)) < len(known):
            raise ValueError(f"names the group '{self.otherwise}' twice")
        named = [*self.errors, *self.pathways, *(n for row in self.errors.values() for n in row)]
        unknown = sorted(set(named) - set(known))
        if unknown:
            raise ValueError(f"has no group {', '.join(unknown)}. Groups: {', '.join(known)}")
        for true, row in self.errors.items():
            if true in row:
                raise ValueError(f"errors of {true}: leave out {true}, which is no error")
            if sum(one.centre for one in row.values()) >= 1:
                raise ValueError(f"errors of {true}: shares must come to less than 1")
        return self

    def lines(self) -> Iterator[str]:
        """Yield them in words."""
        for name, condition in self.groups.items():
            yield f"Group {name}: {condition}; {self._path(name)}"
        yield f"Group {self.otherwise}: everybody else; {self._path(self.otherwise)}"
        for true, row in self.errors.items():
            said = ", ".join(f"{name} of {said_share(e)} [{e.label}]" for name, e in row.items())
            yield f"The tool says of {true} that they are {said}"

    def _path(self, name: str) -> str:
        return str(Branch(start=self.pathways.get(name, ())))
