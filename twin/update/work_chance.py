"""How probable what is recorded of a person's work is, draw by draw, by the fit's own law."""

from __future__ import annotations

import numpy as np

from twin.law.grid import Floats, Ints

from .person import Data
from .stack import Law
from .target import released, work_density


@released
def log_work(
    log_rate: Floats, effects: Floats, draw: Ints, law: Law, edges: Floats, data: Data
) -> Floats:
    """Return the log probability of all that a person's record says of work.

    Parameters
    ----------
    log_rate
        Shape (place, outcome).
    effects
        Linear effects, with the frailty last, shape (place, linear effect).
    draw
        Draw of the population at each place, shape (place,).
    law, edges
        What the draws say; the draw comes first.
    data
        The person, one copy; without a work process the answer is 0.

    Returns
    -------
    Floats
        Shape (place,).
    """
    found = np.zeros(len(draw))
    if len(data.work.worker) == 0:
        return found
    for p in range(len(draw)):
        states, days = work_density(
            draw[p], log_rate[p : p + 1], effects[p : p + 1], law, edges, data
        )
        found[p] = states[0] + days[0]
    return found
