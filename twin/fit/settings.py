"""What can be chosen about a fit: the grid, the sampler, and what happens after sampling."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from twin.law.grid import TimeGrid
from twin.law.work import PARTIAL_LOSS

_Count = Annotated[int, Field(ge=1)]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ModelSettings(_Frozen):
    """How the model is laid out.

    Attributes
    ----------
    grid
        Edges of the cells of person time, weeks since baseline; see `TimeGrid`.
    partial_loss
        Share of a working day that is lost while work is restricted: an assumption, by which days
        absent are read and days lost are reported.
    shrinkage
        How effects of covariates are shrunk; see `twin.law.shrinkage`.
    effect_modifiers
        Covariates, or ``body_region``, with which the effects of arms may change.
    """

    grid: tuple[float, ...] = (0.0, 2.0, 4.0, 6.0, 9.0, 13.0, 19.0, 26.0, 39.0, 52.0)
    partial_loss: Annotated[float, Field(ge=0, le=1)] = PARTIAL_LOSS
    shrinkage: Literal["r2d2", "horseshoe"] = "r2d2"
    effect_modifiers: tuple[str, ...] = ()

    @field_validator("grid")
    @classmethod
    def _is_a_grid(cls, edges: tuple[float, ...]) -> tuple[float, ...]:
        TimeGrid(edges)
        return edges

    @property
    def time_grid(self) -> TimeGrid:
        """The grid as the law takes it."""
        return TimeGrid(self.grid)


class SamplerSettings(_Frozen):
    """How the posterior is sampled.

    Attributes
    ----------
    library
        Whose NUTS runs.
    chains, draws, tune
        Number of chains; draws kept and draws spent on adaptation, each per chain.
    cores
        Chains that run at the same time.
    target_accept
        Acceptance rate that the step size is adapted to; higher means smaller steps.
    progress_bar
        Whether progress is shown while sampling.
    """

    # Two chains and four draws are the least for which R-hat is defined.
    library: Literal["nutpie", "pymc", "numpyro"] = "nutpie"
    chains: Annotated[int, Field(ge=2)] = 4
    draws: Annotated[int, Field(ge=4)] = 1000
    tune: _Count = 400
    cores: _Count = 2
    target_accept: Annotated[float, Field(gt=0, lt=1)] = 0.8
    progress_bar: bool = True


class FitSettings(_Frozen):
    """What happens after sampling.

    Attributes
    ----------
    accept_unconverged
        Go on although the convergence gate failed, and mark every output.
    predictive_draws
        Data sets drawn for each of the prior and the posterior predictive.
    learn_from
        Number of people whose data inform the population parameters, chosen to be like the whole
        cohort; null for everybody. Everyone's twin is then drawn from the own data given the
        population, at `updated_draws` of its draws: a route for cohorts of thousands.
    updated_draws
        Draws of the population, over all chains, at which people are then known.
    """

    accept_unconverged: bool = False
    predictive_draws: _Count = 500
    learn_from: Annotated[int, Field(ge=20)] | None = None
    updated_draws: Annotated[int, Field(ge=400)] = 1000
