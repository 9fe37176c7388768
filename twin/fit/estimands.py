"""Headline quantities: what an arm does to the score that is expected among everyone randomised."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import xarray as xr

from twin.instruments import Instrument
from twin.law import course, dose
from twin.law.backends import NUMPY
from twin.law.covariates import fill
from twin.law.expected import expected_severity
from twin.law.grid import Floats
from twin.law.measurement import Scale
from twin.law.parameters import ModelSpec
from twin.law.population import Population, response_of_arms
from twin.law.records import Records

from .draws import by_draw, missing_covariates, populations


class Leaving(NamedTuple):
    """Whose scores were no longer seen, and how much worse than expected they may be."""

    chance: Floats
    """That the person's score was not seen at a week or later under an arm: 0 or 1 under the
    person's own, shape (arm, person, outcome, week)."""
    shift: Floats
    """What is then added to the level, severity, shape (outcome,)."""


def arm_contrasts(
    spec: ModelSpec,
    records: Records,
    posterior: xr.Dataset,
    twins: xr.Dataset,
    instruments: Mapping[str, Instrument],
    weeks: Sequence[float],
) -> xr.Dataset:
    """Return the difference in expected recorded score between each arm and the reference.

    Arguments as for `arm_means`.

    Returns
    -------
    xr.Dataset
        ``arm_contrast``, dims chain, draw, active_arm, outcome, week, in score units: its sign is
        that of the difference in scores, whichever direction is worse.
    """
    if len(spec.arms) == 1:  # nothing to compare, and thousands of people would take minutes
        sizes = (posterior.sizes["chain"], posterior.sizes["draw"], 1, len(spec.outcomes))
        means = _labelled(np.zeros((*sizes, len(weeks))), spec, posterior, weeks)
    else:
        means = arm_means(spec, records, posterior, twins, instruments, weeks)
    contrast = (means.isel(arm=slice(1, None)) - means.isel(arm=0, drop=True)).rename(
        arm="active_arm"
    )
    contrast.attrs.update(
        long_name="expected score less that under the reference arm", units="score"
    )
    return contrast.to_dataset(name="arm_contrast")


def arm_means(
    spec: ModelSpec,
    records: Records,
    posterior: xr.Dataset,
    twins: xr.Dataset,
    instruments: Mapping[str, Instrument],
    weeks: Sequence[float],
    leaving: Leaving | None = None,
) -> xr.DataArray:
    """Return the expected recorded score among everyone randomised, under every arm.

    Everyone is placed under all arms with the own start, set point and rate; the response is
    integrated over its distribution given the start, because a person's response to an arm that the
    person never had is not known any better. Flares and errors are integrated out, and so are the
    ends and steps of the scale.

    Parameters
    ----------
    spec, records
        What the model was built from.
    posterior
        Population parameters, dims chain, draw and their own.
    twins
        Person parameters ``log_rate``, ``start`` and ``set_point``, and missing covariates.
    instruments
        Instrument of each outcome.
    weeks
        Weeks since baseline, within the grid.
    leaving
        Who may be worse than the model says; None for nobody.

    Returns
    -------
    xr.DataArray
        Dims chain, draw, arm, outcome, week, in score units.
    """
    n_draws = (posterior.sizes["chain"], posterior.sizes["draw"])
    means = np.empty((*n_draws, len(spec.arms), len(spec.outcomes), len(weeks)))
    persons = {name: by_draw(twins, name) for name in ("log_rate", "start", "set_point")}
    scales = [instruments[name] for name in spec.outcomes]
    measured = [Scale.of(scale) for scale in scales]
    missing = missing_covariates(records.gaps, twins)
    for c, d, population in populations(spec, posterior):
        covariate = fill(NUMPY, records.gaps, missing[c, d])
        own = {name: values[c, d] for name, values in persons.items()}
        week = np.asarray(weeks, dtype=float)
        means[c, d] = _one_draw(population, records, covariate, own, measured, week, leaving)
    for k, scale in enumerate(scales):
        means[..., k, :] = scale.from_severity(means[..., k, :])
    return _labelled(means, spec, posterior, weeks)


def _labelled(
    means: Floats, spec: ModelSpec, posterior: xr.Dataset, weeks: Sequence[float]
) -> xr.DataArray:
    return xr.DataArray(
        means,
        dims=("chain", "draw", "arm", "outcome", "week"),
        coords={
            "chain": posterior["chain"].to_numpy(),
            "draw": posterior["draw"].to_numpy(),
            "arm": np.asarray(spec.arms, dtype=object),
            "outcome": np.asarray(spec.outcomes, dtype=object),
            "week": (
                "week",
                np.asarray(weeks, dtype=float),
                {"units": "week", "long_name": "time since baseline"},
            ),
        },
        attrs={"long_name": "expected score", "units": "score"},
    )


def _one_draw(
    population: Population,
    records: Records,
    covariate: Floats,
    own: Mapping[str, Floats],
    scales: Sequence[Scale],
    weeks: Floats,
    leaving: Leaving | None,
) -> Floats:
    """Mean severity for one draw, shape (arm, outcome, week)."""
    rate = np.exp(own["log_rate"])
    week = np.broadcast_to(weeks, (len(rate), len(weeks)))
    by_arm = dose.dose(NUMPY, records.dose, population.lasting_share, population.waning_half_life)
    means = np.empty((len(by_arm), len(scales), len(weeks)))
    for arm in range(len(by_arm)):
        everyone = np.broadcast_to(by_arm[arm], (len(rate), records.grid.n_cells))
        response_rate = np.full(len(rate), population.response_rate[arm])
        weights = course.basis(NUMPY, records.grid, everyone, response_rate, rate, week)
        at = (covariate, records.cluster, arm, own["start"])
        response = response_of_arms(population, *at)
        level = course.level(weights, own["start"], own["set_point"], response)
        between = (population.response_scale[arm] ** 2).sum(axis=-1)
        variance = population.spread**2 + weights[2] ** 2 * between
        for k, scale in enumerate(scales):
            found = expected_severity(level[:, :, k], variance[:, :, k], scale)
            if leaving is not None:
                shifted = level[:, :, k] + leaving.shift[k]
                gone = leaving.chance[arm, :, k]
                worse = expected_severity(shifted, variance[:, :, k], scale)
                found = found + gone * (worse - found)
            means[arm, k] = found.mean(axis=0)
    return means
