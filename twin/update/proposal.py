"""Where a person's coordinates lie under each draw of the population: a Laplace approximation.

A few pilot draws are climbed to their modes by Newton's method, curvature and all. The modes of all
other draws are reached from the pilots' mean by steps with the pilots' mean curvature (the chord
method): one gradient each, where a curvature costs one for every coordinate.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from twin.law.grid import Floats, Ints

from .person import Data, Placed
from .slopes import curvatures, slopes
from .stack import Stack

PILOTS = 4
CLIMBS = 6
"""Steps of Newton's method at each pilot: it has converged long before in all but odd cases, and a
proposal need not be exact."""
CHORDS = 1
"""Steps from the pilots' mode to that of each draw."""

FREEDOM = 8.0
"""Degrees of freedom of the proposal's tails, where data speak: heavy enough for weights of finite
variance whatever the likelihood does, light enough to waste few candidates."""
WIDER = 1.0
"""SD of the proposal over that of the Laplace approximation, where data speak."""

_FLATTEST = 0.5  # a curvature below the prior's own comes from a likelihood that is not concave
_SPOKEN = 1.02  # curvature above which the data are taken to speak: the prior's own is 1
_LONGEST_STEP = 3.0
_MIDDLE = 0.5


@dataclass(frozen=True)
class Proposal:
    """Student t along the directions of which the data speak, normal along the others.

    Attributes
    ----------
    centre
        Mode under each draw, shape (draw, coordinate).
    axis
        Directions, orthonormal, those that data speak of first, shape (coordinate, coordinate).
    sd
        Of each direction, shape (coordinate,).
    spoken
        How many directions the data speak of.
    """

    centre: Floats
    axis: Floats
    sd: Floats
    spoken: int

    def place(self, normal: Floats, gamma: Floats, draw: Ints) -> tuple[Floats, Floats]:
        """Return candidates, and the log of the prior over the proposal's density there.

        Parameters
        ----------
        normal
            Standard normal, shape (place, candidate, coordinate).
        gamma
            Gamma distributed of shape `FREEDOM` / 2, shape (place, candidate).
        draw
            Draw of the population at each place, shape (place,).

        Returns
        -------
        x
            Shape (place, candidate, coordinate).
        log_ratio
            Shape (place, candidate).
        """
        p = self.spoken
        own = normal.copy()
        own[..., :p] *= np.sqrt(FREEDOM / 2 / gamma)[..., None]
        # NumPy's own sums: a library of linear algebra may add up in another order on more threads
        moved = np.einsum("pmj,ij->pmi", own * self.sd, self.axis)
        x = self.centre[draw][:, None, :] + moved
        return x, self._log_ratio(x, own)

    def log_ratio(self, x: Floats, draw: Ints) -> Floats:
        """Return the log of the prior over the proposal's density, shape (place, candidate).

        Parameters
        ----------
        x
            Wherever, shape (place, candidate, coordinate).
        draw
            Draw of the population at each place, shape (place,).
        """
        off = x - self.centre[draw][:, None, :]
        return self._log_ratio(x, np.einsum("pmi,ij->pmj", off, self.axis) / self.sd)

    def _log_ratio(self, x: Floats, own: Floats) -> Floats:
        p = self.spoken
        log_ratio = -0.5 * (x**2).sum(axis=-1) + np.log(self.sd).sum()
        log_ratio += 0.5 * (own[..., p:] ** 2).sum(axis=-1)
        if p:
            radius = (own[..., :p] ** 2).sum(axis=-1)
            log_ratio += 0.5 * (FREEDOM + p) * np.log1p(radius / FREEDOM) - _log_t(p)
        return np.asarray(log_ratio)


def _log_t(p: int) -> float:
    """Log of a standard Student t's density at its centre over that of a normal, p dims."""
    return (
        math.lgamma((FREEDOM + p) / 2) - math.lgamma(FREEDOM / 2) - 0.5 * p * math.log(FREEDOM / 2)
    )


def laplace(stack: Stack, placed: Placed, data: Data) -> Proposal:
    """Approximate a person's posterior under each draw.

    Parameters
    ----------
    stack, placed
        What the draws expect.
    data
        The person, with a copy more than there are coordinates of rate and missing covariates.
    """
    draws, own = placed.log_rate_slope.shape
    coordinates = own + stack.n_linear
    centre = np.zeros((draws, coordinates))
    if data.empty:
        return Proposal(centre, np.eye(coordinates), np.ones(coordinates), 0)
    free = coordinates if data.works else own
    given = (placed, stack.law, stack.edges, data)
    uniform = np.full(data.n_ends, _MIDDLE)
    pilot = np.linspace(0, draws - 1, min(PILOTS, draws)).astype(np.int64)
    mode = centre[pilot]
    for _ in range(CLIMBS):
        slope, curvature = curvatures(mode, free, uniform, pilot, *given)
        mode[:, :free] += _steps(slope[:, :free], _bounded(curvature))
    _, curvature = curvatures(mode, free, uniform, pilot, *given)
    common = _bounded(curvature).mean(axis=0)
    centre[:] = mode.mean(axis=0)
    every = np.arange(draws)
    for _ in range(CHORDS):
        slope = slopes(centre, uniform, every, *given)[:, :free]
        centre[:, :free] += _steps(slope, np.broadcast_to(common, (draws, free, free)))
    return Proposal(centre, *_axes(common, coordinates))


def _bounded(curvature: Floats) -> Floats:
    """Return curvatures that are nowhere flatter than a share of the prior's."""
    value, vector = np.linalg.eigh(curvature)
    value = np.maximum(value, _FLATTEST)
    return np.asarray(np.einsum("pij,pj,pkj->pik", vector, value, vector))


def _steps(slope: Floats, curvature: Floats) -> Floats:
    """Newton's steps, none longer than is trusted."""
    step = np.linalg.solve(curvature, slope[:, :, None])[:, :, 0]
    length = np.sqrt((step**2).sum(axis=1, keepdims=True))
    return np.asarray(step * np.minimum(1.0, _LONGEST_STEP / np.maximum(length, _LONGEST_STEP)))


def _axes(curvature: Floats, coordinates: int) -> tuple[Floats, Floats, int]:
    """Return directions, SDs along them, and of how many the data speak."""
    free = len(curvature)
    value, vector = np.linalg.eigh(curvature)
    far = np.abs(np.log(value)) > math.log(_SPOKEN)
    order = np.concatenate([np.flatnonzero(far), np.flatnonzero(~far)])
    axis = np.eye(coordinates)
    axis[:free, :free] = vector[:, order]
    sd = np.ones(coordinates)
    spoken = int(far.sum())
    sd[:spoken] = WIDER / np.sqrt(value[order[:spoken]])
    return axis, sd, spoken
