"""Parameters at which the law gives published figures, and how sure that makes them.

The centre is found with the figures taken by their word. The width is another question: how far a
new setting's figures may lie from these. It comes from the spread of such figures between published
settings, carried back through the slopes of the law at the centre.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import least_squares

from twin.law.grid import Floats

type Predict = Callable[[Floats], Floats]

_STEP = 1e-3
"""Of the slopes, relative: far above the quadrature's error, far below where curvature tells."""


@dataclass(frozen=True)
class Figures:
    """Published figures that one study gives together.

    Attributes
    ----------
    value
        As published, in the unit of the prediction, shape (figure,).
    tolerance
        How near the centre has to come: of the order of the rounding in print, same shape.
    setting_covariance
        Covariance of such figures between settings, shape (figure, figure).
    """

    value: Floats
    tolerance: Floats
    setting_covariance: Floats


def together(sd: Floats, correlation: float) -> Floats:
    """Return the covariance of figures of one kind: where one is higher, the others are too."""
    return np.outer(sd, sd) * (correlation + (1 - correlation) * np.eye(len(sd)))


@dataclass(frozen=True)
class Weak:
    """What is believed of a match's parameters where the figures do not tell, by an SD each."""

    mean: Floats
    sd: Floats


@dataclass(frozen=True)
class Match:
    """Parameters found.

    Attributes
    ----------
    centre
        At which the law gives the figures, shape (parameter,).
    sd
        Of each parameter between settings, shape (parameter,).
    predicted
        The figures at the centre, shape (figure,).
    """

    centre: Floats
    sd: Floats
    predicted: Floats


def match(predict: Predict, figures: Figures, weak: Weak) -> Match:
    """Find the parameters that give published figures.

    Parameters
    ----------
    predict
        Figures that the law gives for parameters.
    figures
        What was published.
    weak
        Where the search begins, and what holds a parameter that the figures leave open.
    """

    def off(parameters: Floats) -> Floats:
        missed = (predict(parameters) - figures.value) / figures.tolerance
        return np.concatenate([missed, (parameters - weak.mean) / weak.sd])

    steps = np.full(len(weak.mean), _STEP)
    found = least_squares(off, weak.mean, diff_step=steps, x_scale=weak.sd)
    centre, jacobian = np.asarray(found.x, dtype=float), np.asarray(found.jac, dtype=float)
    slope = jacobian[: len(figures.value)] * figures.tolerance[:, None]
    told = slope.T @ np.linalg.solve(figures.setting_covariance, slope)
    covariance = np.linalg.inv(told + np.diag(weak.sd**-2.0))
    return Match(centre, np.sqrt(np.diagonal(covariance)), predict(centre))
