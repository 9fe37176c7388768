"""When coverage is good enough, and what chance allows for.

The rule as it was set: 90 % intervals cover 80 to 97 % of the time for each population parameter,
and 87 to 93 % over all person effects. With twenty cohorts, intervals that are exactly right cannot
keep to this literally: each covers twenty times of twenty with probability 0.12. A population
parameter therefore fails only where it leaves the band *and* a binomial with the nominal coverage
would do so as far with a probability below 5 %, divided by two tails and by the number of
parameters (Bonferroni). Person effects are thousands and are held to their band as it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from scipy.stats import binom

from twin.validate.coverage import Outcome
from twin.validate.intervals import LEVEL

POPULATION_BAND = (0.80, 0.97)
PERSON_BAND = (0.87, 0.93)
ERROR_RATE = 0.05
"""Chance that a study of exactly right intervals fails any population parameter."""


class Count(NamedTuple):
    """How often the intervals of something held the truth."""

    covered: int
    total: int

    @property
    def share(self) -> float:
        """Coverage."""
        return self.covered / self.total if self.total else float("nan")


class Verdict(NamedTuple):
    """What the study found."""

    population: dict[str, Count]
    """Of each scalar population parameter."""
    persons: dict[str, Count]
    """Of each personal parameter, over people and cohorts."""
    unconverged: tuple[int, ...]
    """Seeds of the cohorts whose fit failed its gate: counted like any other, because leaving the
    difficult ones out would flatter the rest, and a failure of the study by themselves."""
    outside: tuple[str, ...]
    """Population parameters outside their band."""
    beyond_chance: tuple[str, ...]
    """Those of them that chance does not account for."""

    @property
    def pooled(self) -> Count:
        """Coverage over all person effects."""
        return _sum(self.persons.values())

    @property
    def persons_pass(self) -> bool:
        """Whether coverage over all person effects lies in its band."""
        return _inside(self.pooled, PERSON_BAND)

    @property
    def literally_passed(self) -> bool:
        """Whether everything lies in its band and every fit passed its gate."""
        return self.persons_pass and not self.outside and not self.unconverged

    @property
    def passed(self) -> bool:
        """The same, but for what chance accounts for."""
        return self.persons_pass and not self.beyond_chance and not self.unconverged


def judge(outcomes: Sequence[Outcome]) -> Verdict:
    """Judge a study by all of its cohorts."""
    held: Counter[str] = Counter()
    asked: Counter[str] = Counter()
    persons: dict[str, list[Count]] = {}
    for outcome in outcomes:
        held.update({name: int(inside) for name, inside in outcome.population.items()})
        asked.update(dict.fromkeys(outcome.population, 1))
        for name, count in outcome.persons.items():
            persons.setdefault(name, []).append(Count(*count))
    population = {name: Count(held[name], asked[name]) for name in asked}
    outside = tuple(n for n, c in population.items() if not _inside(c, POPULATION_BAND))
    return Verdict(
        population=population,
        persons={name: _sum(counts) for name, counts in persons.items()},
        unconverged=tuple(outcome.seed for outcome in outcomes if not outcome.converged),
        outside=outside,
        beyond_chance=tuple(n for n in outside if not chance(population[n], len(population))),
    )


def chance(count: Count, parameters: int) -> bool:
    """Tell whether exactly right intervals would cover so rarely, or so often, by chance.

    Parameters
    ----------
    count
        How often the intervals of one parameter held the truth.
    parameters
        Number of parameters judged together.
    """
    few = binom.cdf(count.covered, count.total, LEVEL)
    many = binom.sf(count.covered - 1, count.total, LEVEL)
    return bool(min(few, many) >= ERROR_RATE / (2 * parameters))


def _inside(count: Count, band: tuple[float, float]) -> bool:
    return band[0] <= count.share <= band[1]


def _sum(counts: Iterable[Count]) -> Count:
    listed = list(counts)
    return Count(sum(c.covered for c in listed), sum(c.total for c in listed))
