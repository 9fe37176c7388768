"""How far a simulation is: people done, how many a second, and how long it will still take."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

_QUICK = 10
"""People a second above which tenths of one are not worth reading."""


@contextmanager
def progress(
    people: int, shown: bool, console: Console | None = None
) -> Iterator[Callable[[int], None]]:
    """Yield what is to be told each time that some people are done.

    Parameters
    ----------
    people
        How many there are.
    shown
        Whether it is wanted. It is shown only where somebody looks on: on a terminal.
    console
        Where to; None for standard output.
    """
    console = console or Console()
    bar = Progress(
        TextColumn("Simulating"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("people, {task.fields[rate]}, left"),
        TimeRemainingColumn(),
        console=console,
        disable=not (shown and console.is_terminal),
        transient=True,
    )
    with bar:
        task = bar.add_task("", total=people, rate="")

        def done(more: int) -> None:
            bar.advance(task, more)
            speed = bar.tasks[0].speed
            bar.update(
                task, rate="" if speed is None else f"{speed:.{int(speed < _QUICK)}f} a second"
            )

        yield done
