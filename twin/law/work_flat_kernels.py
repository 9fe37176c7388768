"""The law of work for symbolic graphs, whose operations take arrays alone and not tables of them.

Arguments are those of `work_filter.work_terms` in their order, the tables' columns in their places;
those of the gradient are followed by the adjoints of the results.
"""

from __future__ import annotations

from typing import Any

from numba.extending import register_jitable

from .grid import Floats
from .records import WorkRecords
from .small_matrices import compiled
from .work import WorkLaw
from .work_gradient_kernels import WorkGradient, work_terms_gradient
from .work_kernels import work_terms

_LAW = 5
"""Place of the first parameter of the law."""
_EDGES = _LAW + len(WorkLaw._fields)
_RECORDS = _EDGES + 2
_END = _RECORDS + len(WorkRecords._fields)


@register_jitable
def in_tables(given: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return arguments as `work_terms` takes them, whatever the arrays are."""
    law, records = WorkLaw(*given[_LAW:_EDGES]), WorkRecords(*given[_RECORDS:_END])
    return (*given[:_LAW], law, *given[_EDGES:_RECORDS], records, *given[_END:])


def as_arrays(given: tuple[Any, ...]) -> tuple[Any, ...]:
    """Undo `in_tables`."""
    law, edges, arm, records, *rest = given[_LAW:]
    return (*given[:_LAW], *law, edges, arm, *records, *rest)


@compiled
def flat_work_terms(*given: Any) -> tuple[Floats, Floats]:
    """Compiled `work_terms` of arrays."""
    return work_terms(*in_tables(given))


@compiled
def flat_work_terms_gradient(*given: Any) -> WorkGradient:
    """Compiled `work_terms_gradient` of arrays."""
    return work_terms_gradient(*in_tables(given))
