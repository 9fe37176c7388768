"""A cohort's arrays as data of a compiled model, which can be exchanged without compiling anew.

Were they constants, code compiled for one cohort would be of no use to any other: their values
would be part of it. As shared variables, of which only dtype and number of dims are compiled, they
can be replaced by those of every cohort that has the same people, workers and slots.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pymc as pm
import pytensor.tensor as pt
from pytensor.compile.sharedvalue import shared as shared_variable

from twin.law.grid import Ints
from twin.law.records import Records, ScoreRecords

from .geometry import Softplus

_BEYOND_UNIT = 0.05
"""Of the coordinate of a depth beyond an end of a scale, severity: half a spread."""


class EndSlots(NamedTuple):
    """Places for the scores at an end of their scale, the used ones first; arrays (slot,)."""

    person: Ints
    """Row of the score; 0 in an idle slot."""
    score: Ints
    """Its place among the person's scores; 0 in an idle slot."""
    side: Ints
    """-1 at the floor, +1 at the ceiling, 0 in an idle slot."""


def end_slots(scores: ScoreRecords, slots: int) -> EndSlots:
    """Put the scores at an end of their scale into a number of slots.

    Parameters
    ----------
    scores
        The scores.
    slots
        Number of slots.

    Raises
    ------
    ValueError
        If more scores than that lie at an end.
    """
    person, score = np.nonzero(scores.end)
    idle = slots - len(person)
    if idle < 0:
        raise ValueError(
            f"{len(person)} scores lie at an end of their scale, and the model has {slots} slots"
            " for them. Build it with more."
        )
    columns = (person, score, scores.end[person, score])
    return EndSlots(*(np.pad(column.astype(np.int64), (0, idle)) for column in columns))


def shared(data: Any, name: str) -> Any:
    """Return records, or another tuple of arrays, with every array as data of the model at hand.

    Parameters
    ----------
    data
        A named tuple, nested or not; what is no array stays as it is.
    name
        What the variables' names begin with: ``data`` gives ``data.scores.week`` and the like.
    """
    model = pm.modelcontext(None)
    variables = {}
    for at, values in arrays(data, name):
        # not pm.Data, which would make 32-bit integers of the 64 that the kernels take
        variables[at] = shared_variable(values, name=at)
        model.register_data_var(variables[at])
    return _replaced(data, name, variables)


def arrays(data: Any, name: str) -> Iterator[tuple[str, npt.NDArray[Any]]]:
    """Yield (name, array) for every array that `shared` makes a variable of."""
    if isinstance(data, np.ndarray):
        yield name, data
    elif _is_record(data):
        for field, part in zip(data._fields, data, strict=True):
            yield from arrays(part, f"{name}.{field}")


def exchangeable(records: Records, slots: int) -> dict[str, npt.NDArray[Any]]:
    """Return a cohort's arrays by the names that they have in a model built with these slots.

    Raises
    ------
    ValueError
        If more scores lie at an end of their scale than there are slots.
    """
    known = records._replace(covariate=np.nan_to_num(records.covariate))
    return dict(arrays(known, "data")) | dict(arrays(end_slots(records.scores, slots), "ends"))


def latent_scores(severity: Any, ends: EndSlots, slots: int, *, idle: bool) -> Any:
    """Continuous score behind each recorded one: itself, or beyond the end of its scale.

    How far beyond is sampled, in severity.

    Parameters
    ----------
    severity
        Continuous severity behind each score, shape (person, score); at an end, the bound.
    ends
        Slots as shared variables.
    slots
        Number of slots.
    idle
        Whether some may be idle. Their depths then have a density of their own, so that they are
        as easy to sample as can be: the coordinate is standard normal.
    """
    if slots == 0:
        return severity
    coordinate = Softplus(_BEYOND_UNIT)
    depth = pm.HalfFlat(
        "beyond_end",
        shape=slots,
        initval=np.full(slots, _BEYOND_UNIT),
        default_transform=coordinate,
    )
    if idle:
        at = coordinate.forward(depth)
        unused = pt.eq(ends.side, 0)
        own = -0.5 * at**2 - coordinate.log_jac_det(at)
        pm.Potential("idle", pt.sum(pt.switch(unused, own, 0.0)))
    # added rather than set: idle slots add nothing, all of them to the same score
    return pt.inc_subtensor(severity[ends.person, ends.score], ends.side * depth)


def _is_record(data: Any) -> bool:
    return isinstance(data, tuple) and hasattr(data, "_fields")


def _replaced(data: Any, name: str, variables: dict[str, Any]) -> Any:
    if isinstance(data, np.ndarray):
        return variables[name]
    if not _is_record(data):
        return data
    parts = zip(data._fields, data, strict=True)
    return type(data)(*(_replaced(part, f"{name}.{field}", variables) for field, part in parts))
