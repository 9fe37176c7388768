"""Headline quantities: what an arm does to the score that is expected among everyone randomised."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr

from twin.instruments import Instrument
from twin.law import course, dose
from twin.law.backends import NUMPY
from twin.law.expected import expected_severity
from twin.law.grid import Floats
from twin.law.measurement import Scale
from twin.law.parameters import ModelSpec
from twin.law.population import Population, mean_response
from twin.law.records import Records

from .draws import by_draw, populations


def arm_contrasts(
    spec: ModelSpec,
    records: Records,
    posterior: xr.Dataset,
    twins: xr.Dataset,
    instruments: Mapping[str, Instrument],
    weeks: Sequence[float],
) -> xr.Dataset:
    """Return the difference in expected recorded score between each arm and the reference.

    Everyone randomised is placed under both arms with the own start, set point and rate; the
    response is integrated over its distribution given the start, because a person's response to an
    arm that the person never had is not known any better. Flares and errors are integrated out, and
    so are the ends and steps of the scale.

    Parameters
    ----------
    spec, records
        What the model was built from.
    posterior
        Population parameters, dims chain, draw and their own.
    twins
        Person parameters ``log_rate``, ``start`` and ``set_point``.
    instruments
        Instrument of each outcome.
    weeks
        Weeks since baseline, within the grid.

    Returns
    -------
    xr.Dataset
        ``arm_contrast``, dims chain, draw, active_arm, outcome, week, in score units: its sign is
        that of the difference in scores, whichever direction is worse.
    """
    n_draws = (posterior.sizes["chain"], posterior.sizes["draw"])
    shape = (*n_draws, len(spec.arms) - 1, len(spec.outcomes), len(weeks))
    contrast = np.empty(shape)
    persons = {name: by_draw(twins, name) for name in ("log_rate", "start", "set_point")}
    scales = [instruments[name] for name in spec.outcomes]
    measured = [Scale(scale.step_share) for scale in scales]
    compared = populations(spec, posterior) if len(spec.arms) > 1 else ()
    for c, d, population in compared:
        own = {name: values[c, d] for name, values in persons.items()}
        contrast[c, d] = _one_draw(
            population, records, own, measured, np.asarray(weeks, dtype=float)
        )
    units = [float(scale.from_severity(1) - scale.from_severity(0)) for scale in scales]
    scored = contrast * np.array(units)[:, None]
    return xr.Dataset(
        {
            "arm_contrast": (
                ("chain", "draw", "active_arm", "outcome", "week"),
                scored,
                {"long_name": "expected score less that under the reference arm", "units": "score"},
            )
        },
        coords={
            "chain": posterior["chain"].to_numpy(),
            "draw": posterior["draw"].to_numpy(),
            "active_arm": np.asarray(spec.arms[1:], dtype=object),
            "outcome": np.asarray(spec.outcomes, dtype=object),
            "week": (
                "week",
                np.asarray(weeks, dtype=float),
                {"units": "week", "long_name": "time since baseline"},
            ),
        },
    )


def _one_draw(
    population: Population,
    records: Records,
    own: Mapping[str, Floats],
    scales: Sequence[Scale],
    weeks: Floats,
) -> Floats:
    """Contrast in severity for one draw, shape (active arm, outcome, week)."""
    rate = np.exp(own["log_rate"])
    week = np.broadcast_to(weeks, (len(rate), len(weeks)))
    by_arm = dose.dose(NUMPY, records.dose, population.lasting_share, population.waning_half_life)
    means = []
    for arm in range(len(by_arm)):
        everyone = np.broadcast_to(by_arm[arm], (len(rate), records.grid.n_cells))
        response_rate = np.full(len(rate), population.response_rate[arm])
        weights = course.basis(NUMPY, records.grid, everyone, response_rate, rate, week)
        response = mean_response(population, arm, own["start"])
        level = course.level(weights, own["start"], own["set_point"], response)
        between = (population.response_scale[arm] ** 2).sum(axis=-1)
        variance = population.spread**2 + weights[2][:, :, None] ** 2 * between
        means.append(
            [
                expected_severity(level[:, :, k], variance[:, :, k], scale).mean(axis=0)
                for k, scale in enumerate(scales)
            ]
        )
    expected = np.array(means)
    return np.asarray(expected[1:] - expected[0])
