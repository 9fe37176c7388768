"""A design of experiments over fields of a configuration: a few runs that cover many choices."""

from __future__ import annotations

from collections.abc import Sequence

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import IntervalSweep, Override

from twin.errors import InputError, Problem
from twin.keyed import stream

_KEY = "design"
_LEAST = 2
_DIGITS = 4
"""Of a number that a design chooses."""
_FLAGS = ("-m", "--multirun")
_WHERE = "command line"


def designed(arguments: Sequence[str]) -> list[list[str]]:
    """Return the arguments of each run of a design; without ``design=N``, as they are.

    A Latin hypercube: the range of every field is cut into N parts of one size, and each of N runs
    takes the middle of another part, in an order of each field's own. So every field is tried over
    its whole range and none goes with another, in N runs, where a grid takes a power of it.

    Parameters
    ----------
    arguments
        Of the command line. ``key=interval(a,b)`` is a field over a range, with ``int(...)`` about
        it over whole numbers; ``key=a,b,c`` one with choices. The lot is drawn by ``seed``.

    Raises
    ------
    InputError
        If N is no whole number of 2 or more, there is nothing to vary, or a range without a design.

    Examples
    --------
    >>> designed(["seed=2"])
    [['seed=2']]
    >>> for run in designed(["-m", "design=2", "a=interval(0,4)", "b=x,y", "seed=3"]):
    ...     print(*run)
    seed=3 a=1 b=y
    seed=3 a=3 b=x
    """
    asked = [one for one in arguments if one.startswith(f"{_KEY}=")]
    if not asked and not any("interval(" in one for one in arguments):
        return [list(arguments)]
    rest = [one for one in arguments if one not in asked]
    given = [one for one in rest if not one.startswith("-")]
    parsed = OverridesParser.create().parse_overrides(given)
    factors = [one for one in parsed if one.is_sweep_override()]
    runs = _size(asked, factors)
    seed = next((one.value() for one in parsed if one.key_or_group == "seed"), 1)
    fixed = [one for one in rest if one not in _FLAGS]
    fixed = [one for one in fixed if one not in {factor.input_line for factor in factors}]
    chosen = [_values(one, runs, seed if isinstance(seed, int) else 1) for one in factors]
    return [[*fixed, *point] for point in zip(*chosen, strict=True)]


def _size(asked: Sequence[str], factors: Sequence[Override]) -> int:
    if not asked:
        ranges = next(one for one in factors if one.is_interval_sweep())
        rule = "is a range: say in how many runs it is to be tried"
        problem = Problem(_WHERE, rule, column=ranges.key_or_group, remedy="Add design=8.")
        raise InputError([problem])
    value = asked[-1].partition("=")[2]
    if not value.isdigit() or int(value) < _LEAST:
        rule = f"must be a whole number of runs, at least {_LEAST}"
        raise InputError([Problem(_WHERE, rule, column=_KEY, value=value)])
    if not factors:
        remedy = "Give ranges, such as scenarios.selfback.uptake.mean=interval(0.3,0.8)."
        raise InputError([Problem(_WHERE, "has nothing to vary", column=_KEY, remedy=remedy)])
    return int(value)


def _values(factor: Override, runs: int, seed: int) -> list[str]:
    """One field in each run, as it stands on a command line."""
    key = factor.get_key_element()
    order = stream(seed, f"{_KEY} of {runs}: {factor.key_or_group}").permutation(runs)
    place = (order + 0.5) / runs
    swept = factor.value()
    if not isinstance(swept, IntervalSweep):
        levels = list(factor.sweep_string_iterator())
        return [f"{key}={levels[int(at * len(levels))]}" for at in place]
    start, end = swept.start, swept.end
    assert start is not None  # the grammar demands both ends
    assert end is not None
    if isinstance(start, int) and isinstance(end, int):
        return [f"{key}={start + int(at * (end - start + 1))}" for at in place]
    return [f"{key}={start + at * (end - start):.{_DIGITS}g}" for at in place]
