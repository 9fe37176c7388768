"""An intervention in words, one statement a line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from .text import number
from .uncertain import LEVEL, Uncertain, said_share, said_weeks

if TYPE_CHECKING:
    from .intervention import Intervention

_LEVEL = f"{100 * LEVEL:.0f} % interval"


def statements(given: Intervention) -> Iterator[str]:
    """Yield for whom it is, what it does, when, who takes it up, what lasts, what it uses."""
    if given.eligibility is not None:
        yield f"For: {given.eligibility}"
    if given.eligible_if is not None:
        yield f"Offered here to: whoever has {given.eligible_if}"
    if given.arm is not None:
        yield (
            f"Effect on every outcome, and on work where the cohort tells of it: that of its "
            f"arm '{given.arm}', with the schedule, pace and duration it had there [estimated]"
        )
    if given.does_nothing:
        yield "Effect: none whatever"
    yield from (str(effect) for effect in given.effects)
    if given.dose != 1:
        yield f"Intensity: {number(given.dose)} times that of the studies"
    if given.schedule is not None:
        yield f"When: {given.schedule}{_fading(given)}"
        yield f"Who: {_takers(given)}"
    if given.adherence_level is not None:
        yield f"Adherence: {_adherence(given)}"
    for field, belief in given.studied:
        if belief is not None:
            said = said_weeks if field == "adherence_half_life" else said_share
            yield f"In the studies: {field.replace('_', ' ')} {said(belief)} [{belief.label}]"
    if given.response_time is not None:
        yield (
            f"Response: 63 % of it is there after {said_weeks(given.response_time)} "
            f"[{given.response_time.label}]"
        )
    if given.lasting_share is not None and given.waning_half_life is not None:
        yield (
            f"Afterwards: {said_share(given.lasting_share)} of it lasts "
            f"[{_known(given.lasting_share)}], the rest halves in "
            f"{said_weeks(given.waning_half_life)} [{given.waning_half_life.label}]"
        )
    if given.resources:
        uses = "; ".join(str(use) for use in given.resources)
        yield f"Uses, each who takes it up ({_LEVEL}): {uses}"
    if given.capacity is not None:
        yield f"Places: {given.capacity}"


def _fading(given: Intervention) -> str:
    fades = given.adherence_half_life
    return f"; dose halves in {said_weeks(fades)} [{fades.label}]" if fades else ""


def _takers(given: Intervention) -> str:
    if given.uptake is None:
        return "everyone offered it, takers or not: effects are those of being offered it"
    by = "".join(f"; {one.odds()}" for one in given.uptake_by)
    share = said_share(given.uptake)
    return f"{share} of those offered it take it up [{given.uptake.label}]{by}"


def _adherence(given: Intervention) -> str:
    assert given.adherence_level is not None
    level = f"{said_share(given.adherence_level)} of the dose [{given.adherence_level.label}]"
    spread = given.adherence_spread
    if spread is None:
        return f"{level}, the same for all"
    return f"{level}; its log odds differ by {number(spread.centre)} (SD) [{spread.label}]"


def _known(belief: Uncertain) -> str:
    """How something is known, with the source of what does not rest on us alone."""
    return belief.label if belief.label == "assumed" else f"{belief.label}: {belief.source}"
