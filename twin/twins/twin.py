"""One person's posterior."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import xarray as xr

from twin.instruments import Instrument
from twin.law.measurement import Scale

from .describe import describe

_DIFFERENCES_FROM = {"response": "set_point", "flare_now": "level_now"}
_LEARNT = ("start", "set_point", "log_rate")


@dataclass(frozen=True, eq=False, kw_only=True)
class Twin:
    """What is known of one person; `print` says it in plain words.

    Attributes
    ----------
    patient
        Id of the person.
    cohort, synthetic, converged
        Where the person comes from, whether generated, and whether the fit passed its gate.
    instruments
        Instrument of each outcome.
    facts
        Arm, cluster, covariates and the like.
    visits
        Weeks, scores (score units) and work status of the visits, padded with NaN.
    parameters
        Draws of the person parameters, dims chain, draw and outcome; severities.
    learnt
        Share of the spread between people that this person's records have removed, 0 to 1.
    """

    patient: str
    cohort: str
    synthetic: bool
    converged: bool
    instruments: Mapping[str, Instrument]
    facts: xr.Dataset
    visits: xr.Dataset
    parameters: xr.Dataset
    learnt: xr.Dataset

    def __str__(self) -> str:
        return describe(self)

    @property
    def half_life(self) -> xr.DataArray:
        """Weeks in which half the way to the target is covered, dims chain, draw, outcome."""
        log_rate = self.parameters["log_rate"]
        return log_rate.copy(data=np.log(2) / np.exp(log_rate.to_numpy()))

    def scores(self, name: str) -> xr.DataArray:
        """Draws of a parameter in score units, dims chain, draw, outcome.

        A level is what the instrument shows of it without flare or error. A difference, from the
        set point or the level now, is what it shows where it hides nothing: less of it is seen near
        the best end of the scale.

        Parameters
        ----------
        name
            ``start``, ``set_point``, ``level_now``, or the differences ``response``, ``flare_now``.
        """
        draws = self.parameters[name].transpose(..., "outcome")
        base = _DIFFERENCES_FROM.get(name)
        values = []
        for outcome, scale in self.instruments.items():
            own = draws.sel(outcome=outcome).to_numpy()
            if base is None:
                values.append(scale.from_severity(Scale.of(scale).shown(own)))
            else:
                about = self.parameters[base].sel(outcome=outcome).transpose(*draws.dims[:-1])
                apart = Scale.of(scale).shown_difference(own, about.to_numpy())
                values.append(scale.from_severity(apart) - scale.from_severity(0.0))
        return draws.copy(data=np.stack(values, axis=-1))


def learnt(parameters: xr.Dataset, population: xr.Dataset | None = None) -> xr.Dataset:
    """Share of the spread between people that each one's records have removed.

    The spread between people is that of all draws of everyone: the mean of the variances within
    people plus the variance of their means. 0 is a person of whom nothing but the population is
    known, 1 one of whom everything is.

    Parameters
    ----------
    parameters
        Person parameters, dims chain, draw, patient and perhaps outcome.
    population
        Draws of the population, where these people are not it: the spread is then that between
        people of the same covariates and clinic.
    """
    chosen = parameters[list(_LEARNT)]
    own = chosen.var(("chain", "draw"))
    if population is None:
        between = chosen.var(("chain", "draw", "patient"))
    else:
        between = xr.Dataset({name: _between(population, name) for name in _LEARNT})
    return (1 - own / between).clip(0, 1)


def _between(population: xr.Dataset, name: str) -> xr.DataArray:
    """Variance of a parameter of somebody drawn from the population."""
    draw = ("chain", "draw")
    return population[f"{name}_mean"].var(draw) + (population[f"{name}_sd"] ** 2).mean(draw)
