"""A set of priors as a table for people."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from rich import box
from rich.console import Console
from rich.table import Table

from .interval import interval
from .prior import Belief, Prior
from .units import UNITS

if TYPE_CHECKING:
    from .prior_set import PriorSet

WIDTH = 100  # columns, as the project's own lines
LEVEL = 0.9
_HEAD = ("Parameter and its prior", f"What it is, and where {LEVEL:.0%} of it lie", "Rests on")
_RATIO = (32, 36, 32)


def set_table(priors: PriorSet) -> str:
    """Return every parameter with its distribution, meaning, what it implies, and its sources."""
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 1, 0), expand=True, pad_edge=False)
    for title, ratio in zip(_HEAD, _RATIO, strict=True):
        table.add_column(title, ratio=ratio, overflow="fold")
    for name, prior in priors.parameters.items():
        unit = prior.unit
        first = f"{name}\n{prior.distribution}\n{unit}"
        table.add_row(first, f"{prior.meaning}\n{implied(prior)}", _basis(prior))
    trust = f"retest\nnormal(sd {priors.retest_log_sd:.3g})\nlog of a test-retest error"
    meant = "how far a published test-retest error may differ from this cohort's"
    table.add_row(trust, meant, _basis(priors.retest))
    page = io.StringIO()
    console = Console(file=page, width=WIDTH, color_system=None, highlight=False, markup=False)
    console.print(f"Priors '{priors.name}': {priors.description}")
    for note in priors.notes:
        console.print(note)
    console.print(table)
    return "\n".join(line.rstrip() for line in page.getvalue().splitlines()).rstrip()


def implied(prior: Prior) -> str:
    """Return where most of a prior lies, in words that a clinician uses.

    Examples
    --------
    >>> from priors import load_prior_set
    >>> implied(load_prior_set("literature")["set_point_mean"])
    'NRS 0.5 to 5.5, RMDQ 1.3 to 13.1'
    """
    ends = interval(prior.distribution, LEVEL)
    if ends is None:
        return "each of n shares about 1/n"
    told = [UNITS[prior.unit](float(low), float(high)) for low, high in ends]
    if len(told) == 1:
        return told[0]
    names = prior.entries or prior.outcomes or range(1, len(told) + 1)
    named = zip(names, told, strict=True)
    return "\n".join(f"{name}: {one}" for name, one in named)


def _basis(belief: Belief) -> str:
    return f"{belief.label}: {belief.source}"
