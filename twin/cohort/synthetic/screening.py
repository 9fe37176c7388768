"""Enrolment by screening: people come one after the other until one passes the threshold."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from twin.instruments import Instrument
from twin.law import forward
from twin.law.grid import Floats, Ints
from twin.law.measurement import Scale, record
from twin.law.population import People, Population

_MOST_ROUNDS = 10_000  # a population of which fewer pass than one in this many is a mistake


class Enrolled(NamedTuple):
    """Those who passed, and at what cost."""

    people: People
    residual: Floats
    """Flare plus error at each visit, severity, shape (person, visit, outcome)."""
    screened: int
    """Number of people screened, enrolled ones included."""


def enrol(
    population: Population,
    covariate: Floats,
    cluster: Ints,
    arm: Ints,
    week: Floats,
    outcome: int,
    scale: Instrument,
    minimum: float | None,
    rng: np.random.Generator,
) -> Enrolled:
    """Fill every place of a trial with somebody whose recorded score passes.

    Plain rejection, on the recorded score: it shares nothing with the formula by which the
    likelihood accounts for the threshold, and so can prove it.

    Parameters
    ----------
    population
        Population parameters.
    covariate, cluster, arm
        Of each place, as for `forward.draw_people`.
    week
        Weeks since baseline of each visit, shape (place, visit).
    outcome, scale, minimum
        Index of the outcome that has to pass, its instrument, and the mildest score admitted;
        None for no threshold.
    rng
        Source of randomness.

    Raises
    ------
    ValueError
        When somebody like that cannot be found.
    """
    everyone = np.arange(len(week))
    people = forward.draw_people(population, covariate, cluster, arm, rng)
    residual = forward.draw_residuals(population, week, rng)
    screened = len(week)
    if minimum is None:
        return Enrolled(people, residual, screened)
    needed = scale.to_severity(minimum)
    step = Scale.of(scale)
    tolerance = 1e-9  # binary fractions only: steps are far wider
    for _ in range(_MOST_ROUNDS):
        recorded = record(step, people.start[:, outcome] + residual[:, 0, outcome])
        failed = everyone[recorded < needed - tolerance]
        if len(failed) == 0:
            return Enrolled(people, residual, screened)
        others = forward.draw_people(
            population, covariate[failed], cluster[failed], arm[failed], rng
        )
        for old, new in zip(people, others, strict=True):
            old[failed] = new
        residual[failed] = forward.draw_residuals(population, week[failed], rng)
        screened += len(failed)
    raise ValueError(
        f"{len(failed)} of {len(week)} places stay empty after {_MOST_ROUNDS} people screened for"
        f" each: this population almost never scores {minimum:g} on {scale.name}."
        " Lower entry_minimum."
    )
