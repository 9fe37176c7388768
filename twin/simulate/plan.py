"""A scenario made ready for these people: what is drawn or settled before anyone is simulated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from scenarios import Intervention, RollOut, Scenario, Uncertain
from twin.cohort import Cohort
from twin.keyed import stream
from twin.law.grid import Floats


@dataclass(frozen=True)
class Plan:
    """What a scenario does to these people, but for what belongs to one of them.

    Attributes
    ----------
    scenario
        The scenario.
    missing
        By rule, the chance that somebody is not seen, shape (sample,).
    tool_errors
        By true group, the chance of being taken for each other one, shape (sample,).
    interactions
        Draws of each interaction, shape (sample,).
    arrival
        Calendar week in which each person comes, shape (person,).
    clinic_begins
        Calendar week in which each person's clinic begins, shape (person,); 0 without a roll-out.
    fidelity
        Share of the dose that each person's clinic delivers, shape (person, sample); None for all.
    allotted
        By intervention with limited places, the week since baseline in which each person begins,
        infinite where it does not come to that, shape (person, sample); empty until
        the queue is settled.
    """

    scenario: Scenario
    missing: Mapping[str, Floats]
    tool_errors: Mapping[str, Mapping[str, Floats]]
    interactions: tuple[Floats, ...]
    arrival: Floats
    clinic_begins: Floats
    fidelity: Floats | None
    allotted: Mapping[str, Floats] = field(default_factory=dict)

    @classmethod
    def of(cls, scenario: Scenario, cohort: Cohort, samples: int, seed: int) -> Plan:
        """Draw what everybody shares.

        Parameters
        ----------
        scenario
            The scenario.
        cohort
            Who is simulated.
        samples
            Number of posterior draws.
        seed
            Of the run.
        """
        draw = _Draws(samples, seed)
        strata = scenario.strata
        patients = [str(patient) for patient in cohort.patients.index]
        begins, fidelity = _clinics(scenario.roll_out, cohort, draw)
        return cls(
            scenario=scenario,
            missing={
                rule.name: draw(f"rule {rule.name}: not seen", rule.missing)
                for rule in scenario.rules
            },
            tool_errors={
                true: {
                    said: draw(f"tool: {true} taken for {said}", belief)
                    for said, belief in row.items()
                }
                for true, row in (strata.errors if strata is not None else {}).items()
            },
            interactions=tuple(
                draw(f"{' and '.join(one.between)}: interaction", one)
                for one in scenario.combine.interactions
            ),
            arrival=_arrivals(scenario.arrive_over_weeks, patients, seed),
            clinic_begins=begins,
            fidelity=fidelity,
        )

    @property
    def interventions(self) -> tuple[Intervention, ...]:
        """Its interventions."""
        return self.scenario.interventions

    @property
    def names(self) -> tuple[str, ...]:
        """Names of its interventions."""
        return tuple(one.name for one in self.interventions)

    @cached_property
    def personal(self) -> frozenset[str]:
        """Interventions whose dose differs between people who take them up."""
        ruled = {name for rule in self.scenario.rules for name in (*rule.stopped, *rule.changed)}
        return frozenset(
            one.name
            for one in self.interventions
            if self.fidelity is not None
            or one.name in ruled
            or one.name in self.scenario.started_later
            or one.capacity is not None
            or one.adherence_spread is not None
            or (one.schedule is not None and one.schedule.wait_weeks is not None)
        )


@dataclass(frozen=True)
class _Draws:
    samples: int
    seed: int

    def __call__(self, purpose: str, belief: Uncertain | None) -> Floats:
        """Draw a share that is stated; one that is not is none."""
        if belief is None:
            return np.zeros(self.samples)
        rng = stream(self.seed, purpose)
        return np.asarray(belief.distribution.draw(rng, (self.samples,)), dtype=float)


def _arrivals(over: float, patients: list[str], seed: int) -> Floats:
    """Calendar week in which each person comes: a whole one, by a lot of the own."""
    lots = [float(stream(seed, "arrival", patient).random()) for patient in patients]
    return np.floor(over * np.array(lots))


def _clinics(
    roll_out: RollOut | None, cohort: Cohort, draw: _Draws
) -> tuple[Floats, Floats | None]:
    """When each person's clinic begins, and what it delivers; people of no known clinic are one."""
    if roll_out is None:
        return np.zeros(cohort.n), None
    held = cohort.patients["cluster"].astype(object)
    clinics = held.where(held.notna(), "").tolist()
    if not cohort.has_clusters and roll_out.clinics is not None:
        lots = [stream(draw.seed, "clinic", str(one)).random() for one in cohort.patients.index]
        clinics = [f"clinic {int(roll_out.clinics * lot)}" for lot in lots]
    names = sorted(set(clinics))
    order = {name: float(stream(draw.seed, f"lot of clinic {name}").random()) for name in names}
    weeks = [np.inf if week is None else week for week in roll_out.begins]
    in_order = sorted(names, key=lambda name: (order[name], name))
    begins = {name: weeks[place % len(weeks)] for place, name in enumerate(in_order)}
    at = np.array([begins[name] for name in clinics])
    if roll_out.fidelity is None:
        return at, None
    shares = {name: draw(f"fidelity of clinic {name}", roll_out.fidelity) for name in names}
    return at, np.stack([shares[name] for name in clinics])
