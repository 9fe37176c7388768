"""Care that clinics begin with one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Self

from pydantic import Field, model_validator

from .text import IS_LIST, Frozen
from .uncertain import UncertainShare, said_share


class RollOut(Frozen):
    """When clinics begin with all this, and how faithfully.

    Attributes
    ----------
    begins
        Calendar week in which each clinic begins, in the order of a lot among clinics; where there
        are more clinics than weeks, the weeks are gone through again and again, so that groups
        are of one size. ``null`` is a clinic that never begins.
    clinics
        Number of clinics that people are dealt to by lot where the cohort names none; None: such
        a cohort is refused.
    fidelity
        Share of the full dose that a clinic delivers, a beta: one draw a clinic. None: all of it.
    """

    begins: Annotated[tuple[Annotated[float, Field(ge=0)] | None, ...], IS_LIST]
    clinics: Annotated[int, Field(ge=1)] | None = None
    fidelity: UncertainShare | None = None

    @model_validator(mode="after")
    def _some_begin(self) -> Self:
        if not self.begins:
            raise ValueError("begins must list at least one week: [0] for all clinics at once")
        return self

    def lines(self) -> Iterator[str]:
        """Yield it in words."""
        said = ", ".join("never" if week is None else f"{week:g}" for week in self.begins)
        yield f"Clinics begin, by lot, in calendar week {said}; people who come before go without"
        if self.fidelity is not None:
            share = f"{said_share(self.fidelity)} of the dose [{self.fidelity.label}]"
            yield f"Fidelity, clinic by clinic: {share}"
