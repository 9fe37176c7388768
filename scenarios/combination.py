"""What several interventions do together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from .text import IS_LIST, Frozen, Name, number
from .uncertain import Uncertain


class Interaction(Uncertain):
    """How far two interventions help or hinder each other.

    Attributes
    ----------
    between
        Their names.

    Notes
    -----
    Its distribution is of the share of the smaller of their two effects on a score that is gained
    while both act the same way: -1 leaves the larger alone, 0 the sum.
    """

    between: tuple[Name, Name]

    @model_validator(mode="after")
    def _are_two(self) -> Self:
        if self.between[0] == self.between[1]:
            raise ValueError(f"is between {self.between[0]} and itself: name two interventions")
        return self


class Combination(Frozen):
    """How effects on a score add up; effects on work and on rates always add, on the log scale.

    Attributes
    ----------
    rule
        ``add``: their sum; ``largest``: the largest in size of those in force at a time.
    at_most
        Largest change, as a share of the scale, that all of them together can make either way;
        None for no limit.
    interactions
        What is gained or lost by pairs; with ``add`` only.
    """

    rule: Literal["add", "largest"] = "add"
    at_most: Annotated[float, Field(gt=0, le=1)] | None = None
    interactions: Annotated[tuple[Interaction, ...], IS_LIST] = ()

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.interactions and self.rule != "add":
            raise ValueError("has interactions, which change a sum: they need rule: add")
        return self

    def lines(self) -> Iterator[str]:
        """Yield it in words, nothing where effects simply add."""
        if self.rule == "largest":
            yield "Together: on a score, only the largest effect counts at any time"
        for one in self.interactions:
            first, second = one.between
            share = number(100 * one.centre)
            yield f"Together: {first} and {second} gain {share} % of the smaller [{one.label}]"
        if self.at_most is not None:
            yield f"Together: at most {number(100 * self.at_most)} % of a scale"
