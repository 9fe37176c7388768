"""Names that stand in the configuration and must be known."""

from __future__ import annotations

from collections.abc import Collection

from priors.near import nearest
from twin.errors import InputError, Problem


def check_names(
    key: str,
    chosen: Collection[str],
    known: Collection[str],
    rule: str = "is not an outcome of the cohort",
) -> None:
    """Refuse names that are not known.

    Parameters
    ----------
    key
        Where they stand in the configuration, as ``report.important_change``.
    chosen
        The names.
    known
        Those that there are.
    rule
        What an unknown one offends against.

    Raises
    ------
    InputError
        Naming each unknown one, and the nearest that is known.
    """
    told = f"There are {', '.join(known)}."
    problems = [
        Problem("configuration", rule, column=key, value=name, remedy=told + nearest(name, known))
        for name in chosen
        if name not in known
    ]
    if problems:
        raise InputError(problems)
