"""The parts of an interval's variance are those of a closed form, and add up to all of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from twin.instruments import instrument
from twin.outcomes.measures import Measures
from twin.outcomes.outcomes import Outcomes
from twin.outcomes.settings import OutcomeSettings
from twin.outcomes.summarise import Summary
from twin.outcomes.table import contrasts
from twin.outcomes.tallied import tallied
from twin.outcomes.uncertainty import PARTS
from twin.simulate.chunk import Chunk
from twin.simulate.design import Design

N, CHAINS, DRAWS = 50, 4, 1000
SHARED, OWN, CHANCE = 0.3, 1.0, 0.8
"""SDs of a person's difference from the comparator: shared by all, the own, and by chance."""
MIDDLE = 50.0
LEVEL = 0.9


def simulated(n: int = N, seed: int = 0) -> tuple[Design, Chunk, dict[int, Chunk]]:
    """Scores whose difference from the comparator is a sum of three normals, twice simulated."""
    rng = np.random.default_rng(seed)
    samples = CHAINS * DRAWS
    shared = SHARED * rng.normal(size=(samples, 1))
    own = OWN * rng.normal(size=(samples, n))
    design = Design(
        scenarios=("usual_care", "app"),
        comparator="usual_care",
        patients=tuple(f"p{number}" for number in range(n)),
        weeks=np.arange(3),
        outcomes=("pain",),
        instruments={"pain": instrument("pain_vas")},
        n_chains=CHAINS,
        n_draws=DRAWS,
        has_work=False,
        worker=np.zeros(n, dtype=bool),
    )

    def once() -> np.ndarray:
        app = MIDDLE + shared + own + CHANCE * rng.normal(size=(samples, n))
        scores = np.full((2, samples, n, 3, 1), MIDDLE, dtype=np.float32)
        scores[1, :, :, 1:, 0] = app[:, :, None]
        return scores

    first, second = once(), once()
    work = np.full((2, samples, n, 3), -1, dtype=np.int8)
    chunk = Chunk(0, first, first, work)
    again = {
        person: Chunk(person, *(second[:, :, [person]],) * 2, work[:, :, [person]])
        for person in range(n)
    }
    return design, chunk, again


def outcomes_of(design: Design, chunk: Chunk, again: dict[int, Chunk]) -> Outcomes:
    measures = Measures.of(design, OutcomeSettings(level=LEVEL, report_weeks=(1,)))
    summary = Summary(design, measures)
    summary.add(tallied(design, measures, [chunk], again.get))
    return summary.outcomes()


def told(found: Outcomes, quantity: str = "expected_score") -> pd.Series:
    table = contrasts(found, {})
    return table[(table["quantity"] == quantity) & (table["week"] == 2)].iloc[0]


def parts_of(row: pd.Series) -> dict[str, float]:
    return {part: float(row[f"variance_{part}"]) for part in PARTS}


def test_the_parts_are_those_of_a_sum_of_normals() -> None:
    found = parts_of(told(outcomes_of(*simulated())))
    samples = CHAINS * DRAWS
    # SE of a variance from 4,000 draws: 2.2 % of the total, which is 0.122; four of them
    total = SHARED**2 + (OWN**2 + CHANCE**2) / N
    slack = 4 * total * np.sqrt(2 / samples)
    assert found["parameter"] == pytest.approx(SHARED**2, abs=slack)
    assert found["person"] == pytest.approx(OWN**2 / N, abs=0.1 * OWN**2 / N)
    assert found["process"] == pytest.approx(CHANCE**2 / N, rel=0.05)
    assert found["monte_carlo"] == pytest.approx(total / samples, rel=0.25)


def test_the_parts_add_up_to_the_variance() -> None:
    found = outcomes_of(*simulated())
    for quantity in ("expected_score", "observed_score", "improved"):
        row = told(found, quantity)
        values = found.cohort[quantity].sel(week=2, outcome="pain")
        if quantity == "improved":
            values = values.sel(criterion="important")
            row = (
                contrasts(found, {})
                .query("quantity == 'improved' and detail == 'important' and week == 2")
                .iloc[0]
            )
        apart = values.sel(scenario="app") - values.sel(scenario="usual_care")
        total = float(apart.var(ddof=1)) + float(row["mcse_mean"]) ** 2
        assert sum(parts_of(row).values()) == pytest.approx(total, rel=1e-9)
        assert min(parts_of(row).values()) >= 0


def test_with_more_people_only_what_they_share_stays() -> None:
    few, many = (parts_of(told(outcomes_of(*simulated(n)))) for n in (10, 100))
    assert few["parameter"] == pytest.approx(many["parameter"], abs=0.02)
    for part in ("person", "process"):
        assert few[part] == pytest.approx(10 * many[part], rel=0.2)


def test_of_one_person_parameters_cannot_be_told_apart() -> None:
    found = parts_of(told(outcomes_of(*simulated(1))))
    assert np.isnan(found["parameter"])
    assert found["person"] == pytest.approx(SHARED**2 + OWN**2, rel=0.15)
    assert found["process"] == pytest.approx(CHANCE**2, rel=0.1)


def test_without_anybody_simulated_twice_chance_stays_with_the_person() -> None:
    design, chunk, _ = simulated()
    found = parts_of(told(outcomes_of(design, chunk, {})))
    assert np.isnan(found["process"])
    assert found["person"] == pytest.approx((OWN**2 + CHANCE**2) / N, rel=0.1)


def test_a_scenario_that_does_nothing_has_no_uncertainty() -> None:
    design, chunk, again = simulated()
    for one in (chunk, *again.values()):
        one.expected[1] = one.expected[0]
    row = told(outcomes_of(replace(design), chunk, again))
    assert set(parts_of(row).values()) == {0.0}


def test_the_probability_of_being_better_has_the_error_of_a_share() -> None:
    row = told(outcomes_of(*simulated()))
    share = float(row["probability_better"])
    assert row["mcse_probability_better"] == pytest.approx(
        np.sqrt(share * (1 - share) / (CHAINS * DRAWS)), rel=0.25
    )
