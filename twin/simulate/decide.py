"""Decisions on what is seen: pure functions of records, which no latent value reaches."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from scenarios import Rule, Strata
from scenarios.expression import Values
from twin.law.grid import Floats

Truths = npt.NDArray[np.bool_]

NOT_ASKED, OTHERWISE, THEN, NOT_SEEN = -1, 0, 1, 2
"""Codes of what becomes of a person at a rule."""
ANSWERS = ("otherwise", "then", "not_seen")
"""Names of the codes from 0 on."""


class Decision(NamedTuple):
    """What a rule says of one person in every sample."""

    code: npt.NDArray[np.int8]
    """Shape (sample,)."""
    then: Truths
    """To whom what stands under ``then`` happens, shape (sample,)."""
    otherwise: Truths
    """The same for ``otherwise``."""


def decide(rule: Rule, values: Values, asked: Truths, seen: Truths) -> Decision:
    """Ask a rule.

    Parameters
    ----------
    rule
        The rule.
    values
        What its expression reads, as recorded by its week.
    asked
        In which samples the person is among those who are asked, shape (sample,).
    seen
        In which the person comes to the visit, shape (sample,).
    """
    answer = np.broadcast_to(np.asarray(rule.ask.evaluate(values), dtype=float), asked.shape)
    known = seen & ~np.isnan(answer)
    yes, no, unseen = (
        asked & part for part in (known & (answer != 0), known & (answer == 0), ~known)
    )
    code = np.select([yes, no, unseen], [THEN, OTHERWISE, NOT_SEEN], NOT_ASKED)
    return Decision(
        code.astype(np.int8),
        yes | (unseen if rule.if_missing == "then" else False),
        no | (unseen if rule.if_missing == "otherwise" else False),
    )


def sort_into(
    strata: Strata, values: Values, errors: dict[str, dict[str, Floats]], lot: Floats
) -> npt.NDArray[np.str_]:
    """Sort one person into a group as an erring tool does, shape (sample,).

    Parameters
    ----------
    strata
        The groups.
    values
        What their conditions read.
    errors
        By true group, the chance of being taken for each other one, shape (sample,).
    lot
        Uniform numbers that decide, shape (sample,).
    """
    true = np.full(len(lot), strata.otherwise, dtype=f"<U{max(map(len, strata.names))}")
    settled = np.zeros(len(lot), dtype=bool)
    for name, condition in strata.groups.items():
        here = np.broadcast_to(condition.holds(values), lot.shape) & ~settled
        true[here], settled = name, settled | here
    said = true.copy()
    for name, row in errors.items():
        passed = np.zeros(len(lot))
        for other, chance in row.items():
            taken = (true == name) & (lot >= passed) & (lot < passed + chance)
            said[taken] = other
            passed = passed + chance
    return said
