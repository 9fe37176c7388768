"""A published trial, simulated: its people, entry criterion, dropout and analysis.

People are drawn from populations that the priors alone allow, one for each replicate, and screened
until enough reach the entry criterion. What is offered acts on them as in every simulation: the
published difference becomes a shift of their levels by `twin.simulate`, with the uptake, schedule
and pace of the intervention. Recorded scores are then analysed as the trial was: by a regression on
arm and baseline score, of whoever came back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from priors import load_prior_set
from scenarios import Intervention
from twin.cohort.synthetic.attendance import attendance
from twin.cohort.synthetic.screening import enrol
from twin.cohort.synthetic.settings import SyntheticSettings
from twin.fit.prior_draw import draw_truth
from twin.fit.settings import ModelSettings
from twin.instruments import Instrument, instrument
from twin.law import course
from twin.law.backends import NUMPY
from twin.law.grid import Floats
from twin.law.measurement import Scale, record
from twin.law.parameters import ModelSpec, assemble
from twin.simulate.expected_table import Table, expected_table
from twin.simulate.exposure import Exposure
from twin.simulate.prepare import shift_behind
from twin.simulate.stated_exposure import stated_exposure
from twin.simulate.weekly import WeeklyCells

from .question import PRIORS

OUTCOMES: Mapping[str, Instrument] = {
    "pain": instrument("pain_nrs"),
    "disability": instrument("rmdq"),
}
"""What is measured, and by what; differences on other scales are taken as shares of these."""


@dataclass(frozen=True)
class TrialDesign:
    """A trial of two arms with one follow-up that counts.

    Attributes
    ----------
    treated, control
        People randomised to each arm.
    outcome
        Name in `OUTCOMES`.
    week
        Of the follow-up.
    entry
        Outcome and lowest score asked for at baseline; None for none.
    missing
        Share that does not come to the follow-up, more often the worse they were at baseline.
    """

    treated: int
    control: int
    outcome: str
    week: float
    entry: tuple[str, float] | None = None
    missing: float = 0.0

    @property
    def people(self) -> int:
        """Number randomised."""
        return self.treated + self.control


@dataclass(frozen=True)
class SimulatedTrials:
    """Replicates of a trial.

    Attributes
    ----------
    baseline
        Recorded scores at baseline, shape (replicate, person); the treated come first.
    follow_up, untreated
        Recorded scores at the follow-up, as it was and had nobody been treated, same shape.
    came
        Who came to the follow-up, same shape.
    treated
        Who was offered the intervention, shape (person,).
    """

    baseline: Floats
    follow_up: Floats
    untreated: Floats
    came: NDArray[np.bool_]
    treated: NDArray[np.bool_]

    def estimates(self) -> Floats:
        """Adjusted difference of each replicate, points, shape (replicate,)."""
        return self._adjusted(self.follow_up)

    def mean(self) -> tuple[float, float]:
        """Mean of the estimates and its Monte-Carlo error.

        From the estimates less those of the same people had nobody been treated: these are 0 on
        average, because arms are drawn at random, and share most of the chance.
        """
        off = self._adjusted(self.follow_up) - self._adjusted(self.untreated)
        return float(off.mean()), float(off.std(ddof=1) / np.sqrt(len(off)))

    def improved(self, points: float) -> Floats:
        """Share of each arm that improved by so much, shape (replicate, 2), the treated first."""
        better = (self.baseline - self.follow_up >= points) & self.came
        return np.stack(
            [
                better[:, arm].sum(axis=1) / self.came[:, arm].sum(axis=1)
                for arm in (self.treated, ~self.treated)
            ],
            axis=1,
        )

    def _adjusted(self, score: Floats) -> Floats:
        return np.array(
            [
                adjusted_difference(score[r, came], self.treated[came], self.baseline[r, came])
                for r, came in enumerate(self.came)
            ]
        )


def adjusted_difference(score: Floats, treated: NDArray[np.bool_], baseline: Floats) -> float:
    """Coefficient of the arm in a regression of the score on arm and baseline score."""
    design = np.stack([np.ones(len(score)), treated.astype(float), baseline], axis=1)
    return float(np.linalg.lstsq(design, score, rcond=None)[0][1])


def simulate_trials(
    design: TrialDesign, intervention: Intervention, replicates: int, seed: int
) -> SimulatedTrials:
    """Simulate replicates of a trial.

    Parameters
    ----------
    design
        The trial.
    intervention
        With stated effects; its arm gets it beside what the others get.
    replicates
        Trials simulated, each with a population, an uptake and a pace of its own.
    seed
        Of everything random.
    """
    rng = np.random.default_rng(seed)
    each = [_people(design, rng) for _ in range(replicates)]
    twins, table = _together(each)
    grid = WeeklyCells.of(ModelSettings().time_grid).grid
    behind = partial(shift_behind, twins, table)
    given = stated_exposure(intervention, OUTCOMES, replicates, grid, behind, seed)
    shares = given.uptake(grid, np.array([design.week]))[:, 0]
    place = list(OUTCOMES).index(design.outcome)
    seen = [_visits(design, one, given, shares[r], r, place, rng) for r, one in enumerate(each)]
    baseline, follow_up, untreated, came = (np.stack(part) for part in zip(*seen, strict=True))
    return SimulatedTrials(
        baseline=baseline,
        follow_up=follow_up,
        untreated=untreated,
        came=came.astype(bool),
        treated=np.arange(design.people) < design.treated,
    )


def enrolled(design: TrialDesign, replicates: int, seed: int) -> tuple[Mapping[str, Floats], Table]:
    """People of a design before anything is done, and their expected scores.

    Returns
    -------
    twins, table
        As `twin.simulate.prepare.shift_behind` takes them; each replicate is a sample.
    """
    rng = np.random.default_rng(seed)
    return _together([_people(design, rng) for _ in range(replicates)])


@dataclass(frozen=True)
class _Enrolled:
    """One replicate's people before anything is done."""

    twins: Mapping[str, Floats]
    residual: Floats
    spread: Floats


def _together(each: Sequence[_Enrolled]) -> tuple[Mapping[str, Floats], Table]:
    twins = {
        name: np.stack([one.twins[name] for one in each], axis=1)
        for name in ("log_rate", "start", "set_point")
    }
    scales = [Scale.of(scale) for scale in OUTCOMES.values()]
    return twins, expected_table(np.stack([one.spread for one in each]), scales)


def _people(design: TrialDesign, rng: np.random.Generator) -> _Enrolled:
    spec = ModelSpec(
        outcomes=tuple(OUTCOMES), arms=("control",), clusters=(), covariates=(), has_work=False
    )
    n = design.people
    nobody, reference = np.full(n, -1), np.zeros(n, dtype=int)
    entry, minimum = design.entry or (design.outcome, None)
    population = assemble(NUMPY, spec, draw_truth(load_prior_set(PRIORS), spec, (), rng))
    found = enrol(
        population,
        np.zeros((n, 0)),
        nobody,
        reference,
        np.broadcast_to(np.array([0.0, design.week]), (n, 2)),
        list(OUTCOMES).index(entry),
        OUTCOMES[entry],
        minimum,
        rng,
    )
    people = found.people
    return _Enrolled(
        twins={
            "log_rate": np.asarray(people.log_rate),
            "start": np.asarray(people.start),
            "set_point": np.asarray(people.set_point),
        },
        residual=found.residual,
        spread=np.asarray(population.spread),
    )


def _visits(
    design: TrialDesign,
    one: _Enrolled,
    given: Exposure,
    share: float,
    replicate: int,
    place: int,
    rng: np.random.Generator,
) -> tuple[Floats, Floats, Floats, Floats]:
    """Scores at baseline and follow-up, treated or not, and who came, each of shape (person,)."""
    measured = list(OUTCOMES.values())[place]
    scale = Scale.of(measured)
    weights = course.natural_weights(
        NUMPY, np.exp(one.twins["log_rate"]), np.array([0, design.week])
    )
    level = course.level(weights, one.twins["start"], one.twins["set_point"])[:, :, place]
    latent = level + one.residual[:, :, place]
    offered = np.arange(design.people) < design.treated
    takes = offered & (rng.random(design.people) < given.taken[replicate])
    response = takes * given.shift[replicate, place] * share
    before, untreated = record(scale, latent[:, 0]), record(scale, latent[:, 1])
    after = record(scale, latent[:, 1] + response)
    plan = SyntheticSettings(
        visit_weeks=(0, design.week), missing_shares=(0, design.missing), entry_minimum=None
    )
    came = attendance(plan, np.stack([before, after], axis=1), rng)[:, 1]
    return (
        measured.from_severity(before),
        measured.from_severity(after),
        measured.from_severity(untreated),
        came.astype(float),
    )
