"""Population parameters as they are believed to be before any data of the cohort."""

from __future__ import annotations

import numpy as np

from priors import PriorSet
from twin.law import residual
from twin.law.backends import NUMPY
from twin.law.grid import Floats
from twin.law.parameters import ModelSpec, sampled_parameters, taken_up

from .retest import RetestFigure


def draw_truth(
    priors: PriorSet,
    spec: ModelSpec,
    retest: tuple[RetestFigure, ...],
    rng: np.random.Generator,
) -> dict[str, Floats]:
    """Draw the value of every population parameter from its prior.

    Published test-retest errors are part of what is believed beforehand: a draw is kept with the
    chance that their term of the model, at most 1, gives it.

    Parameters
    ----------
    priors
        Prior of every parameter.
    spec
        What the cohort has.
    retest
        Test-retest figures that the model uses; empty for the priors alone.
    rng
        Source of randomness.

    Returns
    -------
    dict
        Values by name, correlations as their lower Cholesky factors.
    """
    while True:
        values = _draw(priors, spec, rng)
        if rng.random() < _agreement(values, retest, priors.retest_log_sd):
            return values


def _draw(priors: PriorSet, spec: ModelSpec, rng: np.random.Generator) -> dict[str, Floats]:
    values: dict[str, Floats] = {}
    for parameter in sampled_parameters(spec):
        shape = tuple(len(spec.coords[dim]) for dim in parameter.dims)
        if parameter.standard:
            values[parameter.name] = rng.standard_normal(shape)
        else:
            values[parameter.name] = priors[parameter.name].distribution.draw(rng, shape)
        if parameter.taken_up:
            share = taken_up(NUMPY, values["response_time"], spec.usual_week)
            values[parameter.name] /= share.reshape(-1, *(1,) * (len(shape) - 1))
    return values


def _agreement(values: dict[str, Floats], retest: tuple[RetestFigure, ...], log_sd: float) -> float:
    """Chance, 1 at best, that a draw is kept given the published test-retest errors."""
    off = 0.0
    for figure in retest:
        implied = residual.retest_error(
            NUMPY,
            values["spread"][figure.outcome],
            values["persistent_share"][figure.outcome],
            values["persistence"],
            np.asarray(figure.lag_weeks),
        )
        off += float(np.log(implied / figure.sem) / log_sd) ** 2
    return float(np.exp(-off / 2))
