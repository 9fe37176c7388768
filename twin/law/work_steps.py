"""What is known of each step of one worker's way through the states, and the adjoints of that.

A step is a segment's place among the worker's own: a stay in one cell of the grid.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .grid import Floats, Ints
from .small_matrices import compiled
from .work import N_TRANSIENT
from .work_exponentials import TAPE


class Steps(NamedTuple):
    """What is known of each step of the worker at hand; room for the longest of them all."""

    level: Floats
    """Levels in the cell, shape (step, outcome)."""
    halvings: Ints
    """Squarings of the exponential, shape (step,)."""
    tape: Floats
    """Matrices on the way to it, shape (step, matrix, state, state); see `exponential`."""
    tangent: Floats
    """Those on the way to the time lost; only where days are reported."""
    start: Floats
    """Chance of each state where the segment begins, shape (step, state)."""
    end: Floats
    """Where it ends, before anything is seen there."""
    scale: Floats
    """What multiplies that once it is seen."""
    lost: Floats
    """Weeks lost from the window's begin to the segment's, by state, shape (step + 1, state)."""
    added: Floats
    """To its end, before anything is seen there."""


@compiled
def room_for_steps(first_occasion: Ints, first_segment: Ints, outcomes: int) -> Steps:
    """Return room for the steps of any worker."""
    longest = 0
    for w in range(len(first_occasion) - 1):
        begin, end = first_segment[first_occasion[w]], first_segment[first_occasion[w + 1]]
        longest = max(longest, end - begin)
    return Steps(
        np.empty((longest, outcomes)),
        np.empty(longest, dtype=np.int64),
        np.empty((longest, TAPE, N_TRANSIENT, N_TRANSIENT)),
        np.empty((longest, TAPE, N_TRANSIENT, N_TRANSIENT)),
        np.empty((longest, N_TRANSIENT)),
        np.empty((longest, N_TRANSIENT)),
        np.empty((longest, N_TRANSIENT)),
        np.empty((longest + 1, N_TRANSIENT)),
        np.empty((longest, N_TRANSIENT)),
    )


class StepBars(NamedTuple):
    """Adjoints of what is known of each step."""

    moves: Floats
    """Of the transition probabilities, shape (step, state, state)."""
    losses: Floats
    """Of the time lost, likewise."""
    generator: Floats
    """Of the scaled generator, likewise."""
    start: Floats
    """Shape (step, state)."""
    scale: Floats
    """Shape (step, state)."""


@compiled
def room_for_bars(steps: Steps) -> StepBars:
    """Return room for the adjoints of steps."""
    n = len(steps.start)
    return StepBars(
        np.empty((n, N_TRANSIENT, N_TRANSIENT)),
        np.empty((n, N_TRANSIENT, N_TRANSIENT)),
        np.empty((n, N_TRANSIENT, N_TRANSIENT)),
        np.empty((n, N_TRANSIENT)),
        np.empty((n, N_TRANSIENT)),
    )


@compiled
def clear(bars: StepBars, n: int) -> None:
    """Set what is added to at the first steps to nothing."""
    bars.moves[:n] = 0.0
    bars.losses[:n] = 0.0
    bars.start[:n] = 0.0
    bars.scale[:n] = 0.0
