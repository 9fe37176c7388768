"""From the courses of some people to what is kept of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from twin.simulate.chunk import Chunk
from twin.simulate.design import Design

from . import spread
from .care import care_sums
from .exact_sums import add_scores
from .labelled import BENEFIT, DAYS_LOST_SAVED
from .measures import Measures
from .natural_history import history_sums
from .person import Singles, benefit, course, saved
from .tally import Tally, Tallying
from .work_time import States, work_sums


class _Told(NamedTuple):
    """One person under one scenario."""

    expected: Singles
    """Scores, shape (sample, week, outcome)."""
    recorded: Singles
    """Same shape."""
    improved: npt.NDArray[np.bool_]
    """Shape (criterion, sample, week, outcome)."""
    state: States | None
    """Work states, shape (week, sample); None of whoever has no work process."""
    values: spread.Values
    """What is reported."""


def tallied(
    design: Design,
    measures: Measures,
    chunks: Iterable[Chunk],
    again: Callable[[int], Chunk | None] = lambda _: None,
) -> dict[str, Tally]:
    """Return what is kept of people, by scenario.

    Parameters
    ----------
    design, measures
        What is simulated, and what is read out of it.
    chunks
        Consecutive people, at least one; each chunk is let go before the next is asked for.
    again
        Given the position of somebody: the same simulated a second time with other random numbers,
        None for whoever is not.
    """
    found: dict[str, Tallying] = {}
    people = 0
    for chunk in chunks:
        found = found or {name: Tallying(chunk.first) for name in design.scenarios}
        for place in range(chunk.people):
            _add_person(found, design, measures, chunk, place, again(chunk.first + place))
        people += chunk.people
    return {name: one.tally(people) for name, one in found.items()}


def _add_person(
    found: Mapping[str, Tallying],
    design: Design,
    measures: Measures,
    chunk: Chunk,
    place: int,
    again: Chunk | None,
) -> None:
    person = chunk.first + place
    worker = design.has_work and bool(design.worker[person])
    told = [_told(chunk, s, place, measures, worker) for s in range(len(found))]
    base = told[measures.comparator]
    for s, (name, one) in enumerate(found.items()):
        _add_scores(one, told[s], measures)
        state = told[s].state
        if state is not None:
            _add(one, work_sums(state, design.weeks))
        if chunk.care is not None:
            _add(one, care_sums(design, name, chunk.care.of(place)))
        if s != measures.comparator:
            _keep_contrast(one, told[s], base, measures, design.has_work)
        elif measures.history is not None:
            recorded, work = chunk.recorded[s, :, place], chunk.work[s, :, place]
            _add(one, history_sums(design, measures.history, person, recorded, work))
    if again is not None:
        second = [_told(again, s, 0, measures, worker) for s in range(len(found))]
        for one, first, other in zip(found.values(), told, second, strict=True):
            _add_chances(one, (first, other), (base, second[measures.comparator]))


def _told(chunk: Chunk, s: int, place: int, measures: Measures, worker: bool) -> _Told:
    expected, recorded = (
        np.ascontiguousarray(score[s, :, place]) for score in (chunk.expected, chunk.recorded)
    )
    state = np.ascontiguousarray(chunk.work[s, :, place].T) if worker else None
    improved = measures.criteria.improved(recorded)
    values = spread.reported(expected, recorded, improved, state, measures.weeks, measures.settings)
    return _Told(expected, recorded, improved, state, values)


def _add(one: Tallying, numbers: Mapping[str, npt.NDArray[Any]]) -> None:
    for name, values in numbers.items():
        one.add(name, values)


def _add_scores(one: Tallying, told: _Told, measures: Measures) -> None:
    level = measures.settings.level
    for name, score, grid in (
        ("expected", told.expected, None),
        ("recorded", told.recorded, measures.grid),
    ):
        own = add_scores(score, one.total(name, score.shape))
        one.keep(f"{name}_course", course(own, score, level, grid))
    one.add("improved", told.improved)
    _add(one, spread.variances(told.values, spread.VARIANCE))


def _keep_contrast(
    one: Tallying, told: _Told, base: _Told, measures: Measures, has_work: bool
) -> None:
    """Keep what the person gains over the comparator, and how far that varies."""
    level = measures.settings.level
    gain = benefit(
        told.values.of("expected_score"),
        base.values.of("expected_score"),
        measures.sign,
        measures.important,
        measures.harm,
        level,
    )
    for name, values in zip(BENEFIT, gain, strict=True):
        one.keep(name, values)
    if has_work:
        days = (np.nan, np.nan, np.nan)
        if told.state is not None:
            days = saved(told.values.of("days_lost"), base.values.of("days_lost"), level)
        for name, number in zip(DAYS_LOST_SAVED, days, strict=True):
            one.keep(name, number)
    _add(one, spread.variances(spread.apart(told.values, base.values), spread.OF_CONTRAST))


def _add_chances(one: Tallying, own: tuple[_Told, _Told], base: tuple[_Told, _Told]) -> None:
    """Add how far two simulations of a person differ, and their contrasts."""
    one.add(spread.TWICE, np.array([1, own[0].state is not None]))
    first, second = (told.values for told in own)
    _add(one, spread.chances(first, second, spread.CHANCE))
    first, second = (
        spread.apart(told.values, to.values) for told, to in zip(own, base, strict=True)
    )
    _add(one, spread.chances(first, second, spread.CHANCE_OF_CONTRAST))
