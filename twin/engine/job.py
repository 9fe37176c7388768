"""A simulation as blocks of people that can be computed apart, and the name of each result."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from twin.fit.versions import versions
from twin.keyed import stream
from twin.law.compiling import source_hash
from twin.outcomes.measures import Measures
from twin.outcomes.tallied import tallied
from twin.outcomes.tally import Joining, Tally
from twin.simulate.chunk import Chunk, consecutive
from twin.simulate.content import content_hash
from twin.simulate.part import People, people_of, under, with_people
from twin.simulate.prepared import Prepared
from twin.simulate.simulate import one_by_one, simulate_people

_OTHER_CHANCE = 2**31
"""Added to a seed, to simulate somebody again with other random numbers: no run has such a seed."""
_TWICE = 32
"""People who are simulated twice, at least: enough to tell how much of the variance is chance."""
_COUNTING = ("python", "numpy", "numba")


@dataclass(frozen=True, eq=False)
class Job:
    """Some people under some scenarios, and what is read out of them.

    Attributes
    ----------
    prepared
        All that their simulation reads.
    measures
        What is read out of each.
    first
        Position of the first of them among all people.
    twice
        Share of people who are simulated twice.
    """

    prepared: Prepared
    measures: Measures
    first: int
    twice: float

    @classmethod
    def of(cls, prepared: Prepared, measures: Measures) -> Job:
        """Return a whole simulation as a job."""
        return cls(prepared, measures, 0, share_twice(len(prepared.design.patients)))

    def shared(self) -> Job:
        """Return the same without anybody: what all people share."""
        return self.block(range(0))

    def block(self, block: range) -> Job:
        """Return some people of it."""
        return self.with_people(block, people_of(self.prepared, block.start, block.stop))

    def with_people(self, block: range, people: People) -> Job:
        """Return the same of some people at given positions, given what belongs to them."""
        history = self.measures.history
        measures = replace(
            self.measures,
            history=None if history is None else history.of(block.start, block.stop),
        )
        return Job(
            with_people(self.prepared, people), measures, self.first + block.start, self.twice
        )

    def under(self, scenarios: Collection[str]) -> Job:
        """Return the same people under some scenarios, the comparator among them."""
        prepared = under(self.prepared, scenarios)
        place = prepared.design.scenarios.index(prepared.design.comparator)
        return replace(self, prepared=prepared, measures=replace(self.measures, comparator=place))

    def keys(self) -> dict[str, str]:
        """Return the name of what is kept of these people, by scenario: a hash of all that counts.

        Each scenario is compared with the comparator, so that this counts for all of them.
        """
        design = self.prepared.design
        return {name: _key(self.under({name, design.comparator})) for name in design.scenarios}

    def tallied(self, people: range) -> dict[str, Tally]:
        """Simulate people at some positions within this job, and return what is kept of them."""
        ready = self.prepared
        other = replace(ready, seed=ready.seed + _OTHER_CHANCE)

        def again(person: int) -> Chunk | None:
            twice = _lot(ready, person) < self.twice
            return simulate_people(other, range(person, person + 1)) if twice else None

        found = tallied(ready.design, self.measures, one_by_one(ready, people), again)
        return {
            name: replace(tally, first=self.first + tally.first) for name, tally in found.items()
        }

    def chunks(self, at_once: int) -> Iterator[range]:
        """Return the positions of everybody in this job, so many at once."""
        return consecutive(len(self.prepared.design.patients), at_once)


def joined(parts: Iterable[dict[str, Tally]]) -> dict[str, Tally]:
    """Return what is kept of neighbours as one, scenario by scenario.

    Parameters
    ----------
    parts
        At least one; each is let go before the next is asked for.
    """
    together: dict[str, Joining] = {}
    for one in parts:
        for name, tally in one.items():
            together.setdefault(name, Joining()).add(tally)
    return {name: joining.tally() for name, joining in together.items()}


def share_twice(people: int) -> float:
    """Return the share of people who are simulated twice: a power of a half, about `_TWICE` people.

    Who they are is decided by a lot of each, so that it rarely changes with how many others there
    are.

    Examples
    --------
    >>> share_twice(12), share_twice(240), share_twice(100_000)
    (1.0, 0.25, 0.0003...)
    """
    share = 1.0
    while people * share >= 2 * _TWICE:
        share /= 2
    return share


def _lot(ready: Prepared, person: int) -> float:
    return float(stream(ready.seed, "simulated twice", ready.design.patients[person]).random())


def _key(job: Job) -> str:
    measures = job.measures
    return content_hash(
        (
            *(job.prepared, job.twice, measures.settings, measures.history),
            *(_code(), {name: versions()[name] for name in _COUNTING}),
        )
    )


@cache  # what was loaded counts, not what is edited while it runs
def _code() -> str:
    twin = Path(__file__).resolve().parents[1]
    ours = (twin, *(twin / name for name in ("law", "simulate", "outcomes", "engine")))
    scenarios = twin.parent / "scenarios"
    return source_hash(*ours, scenarios, scenarios / "expression")
