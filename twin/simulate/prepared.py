"""What people of a simulation share, and the twin of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from twin.law.grid import Floats, Ints, TimeGrid
from twin.law.measurement import Scale
from twin.law.record_kernels import Recording
from twin.law.work import WorkLaw

from .baseline import Baseline
from .design import Design
from .expected_table import Table
from .exposure import Exposure
from .noise import Noise
from .plan import Plan
from .responses import ArmResponses
from .scores import Units
from .shocks import Shocks, Words
from .state import Setting


@dataclass(frozen=True)
class Prepared:
    """What all people share, and each one's twin; sample stands for chain and draw together.

    Attributes
    ----------
    design
        What is simulated.
    seed
        Keys every random number.
    chain, draw
        The posterior draw that each sample is, as the fit numbers them, shape (sample,).
    grid
        The cells of person time.
    twins
        ``log_rate``, ``start``, ``set_point``, ``response`` and, with work, ``work_frailty``:
        shape (person, sample) or (person, sample, outcome), in the precision in which they came.
    responses
        How people respond to arms that they never had.
    arm
        Index of each person's own arm, shape (person,).
    setting
        Interventions, cells and facts about people.
    plans
        Every scenario made ready, in the order of the design.
    baseline
        Where people stand at week 0.
    noise, table, scales
        Parameters of flare and error; expected scores by level; measurement of each outcome.
    recording, units
        The same measurement for compiled loops; from severity to score.
    work
        The work process with a leading sample axis; None where there is none.
    drift
        Of everybody's set points, whatever is done, severity a week, shape (sample, outcome).
    paired
        Draw of the population that each draw of each person belongs to, shape (person, sample):
        of twins whose own data reweighed the population. What the population says (the
        responses but for missing covariates, exposures to arms, noise, table, work) then has its
        draws in the place of samples. None where draws of people and population are one to one.
    """

    design: Design
    seed: int
    chain: Words
    draw: Words
    grid: TimeGrid
    twins: Mapping[str, Floats]
    responses: ArmResponses
    arm: Ints
    setting: Setting
    plans: tuple[Plan, ...]
    baseline: Baseline
    noise: Noise
    table: Table
    scales: tuple[Scale, ...]
    recording: Recording
    units: Units
    work: WorkLaw | None
    drift: Floats
    paired: Ints | None = None

    @property
    def exposures(self) -> Mapping[str, Exposure]:
        """Every intervention of the scenarios, by name."""
        return self.setting.exposures

    def shocks(self, person: int) -> Shocks:
        """Return the random numbers of the person at a position of the design's patients."""
        return Shocks(self.seed, self.design.patients[person], self.chain, self.draw)

    def of(self, person: int) -> Prepared:
        """Return the same with the population's part brought into one person's order of draws."""
        if self.paired is None:
            return self
        at = self.paired[person]
        return replace(
            self,
            paired=None,
            responses=self.responses.at(at),
            setting=self.setting.at(at),
            noise=self.noise.at(at),
            table=self.table[at],
            drift=self.drift[at],
            work=None if self.work is None else WorkLaw(*(part[at] for part in self.work)),
        )
