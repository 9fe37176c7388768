"""How much memory a simulation takes, foretold before it runs, and what fits into a limit."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass, replace
from pathlib import Path

from twin.errors import InputError, Problem

from .blocks import PERSON_DRAWS

MB = 2**20
_SINGLE, _DOUBLE = 4, 8
_PROGRAM = 640 * MB
"""The program with all that it loads before it simulates (PyMC, xarray, compiled kernels), without
anybody's draws: measured."""
_COURSES = 5
"""Courses (draws x weeks x outcomes, double precision) alive while a person is simulated, for each
scenario: measured."""
_SUMS = 6
"""Courses that the sums over people take, for each scenario: expected, recorded, improved by two
criteria, and work states as much as two."""
_SUM_COPIES = 5
"""Those of a block, of all people, of all scenarios as one, and means twice: measured."""
_MORE_AT_ONCE = 2
"""Sums of some people that wait to be added up, beside those that threads work on."""
_NOT_GIVEN_BACK = 2
"""Times a person's courses that a thread holds: measured."""
_BLOCK_COPIES = 3
_TWIN_NUMBERS = 6
"""Of each outcome, and draw of the fit, that a stored twin has."""
_DRAWN_NUMBERS = 5
"""The same of people drawn from evidence, whose present level is their start."""
_READY_NUMBERS = 4
"""Of each outcome, and draw that is used, that a twin has when it is simulated."""
_STATISTICS = 4
_HALF = 2
_CGROUP = Path("/sys/fs/cgroup")


@dataclass(frozen=True)
class Size:
    """How large a simulation is.

    Attributes
    ----------
    people, draws, weeks, outcomes, scenarios
        How many there are; weeks with week 0.
    drawn
        Draws of the fit, which are held beside those used.
    from_evidence
        Whether people are drawn from evidence: their twins are in single precision, and are
        simulated as they stand where all draws are used.
    """

    people: int
    draws: int
    weeks: int
    outcomes: int
    scenarios: int
    drawn: int
    from_evidence: bool = False

    @property
    def course(self) -> int:
        """Bytes of one person's course in every draw, in double precision."""
        return self.draws * self.weeks * self.outcomes * _DOUBLE

    @property
    def twins(self) -> int:
        """Bytes of everybody's twins, those of the fit and those that are simulated."""
        k, number = self.outcomes, _SINGLE if self.from_evidence else _DOUBLE
        stored = self.drawn * ((_DRAWN_NUMBERS if self.from_evidence else _TWIN_NUMBERS) * k + 1)
        ready = self.draws * (_READY_NUMBERS * k + 1)
        if self.from_evidence and self.draws == self.drawn:
            ready = 0
        return self.people * (stored + ready) * number


@dataclass(frozen=True)
class Room:
    """What a simulation is given, and what it will take.

    Attributes
    ----------
    threads
        People who are simulated at the same time.
    needed, limit
        Bytes that the program will take at most, and that it may take.
    """

    threads: int
    needed: int
    limit: int

    def __str__(self) -> str:
        return (
            f"about {_shown(self.needed)} at most, of {_shown(self.limit)} allowed "
            f"({self.threads} people at a time)"
        )


@dataclass(frozen=True)
class Memory:
    """What a simulation may take.

    Attributes
    ----------
    size
        How large it is.
    held
        Bytes that the program holds before it begins.
    limit
        Bytes that it may hold.
    threads
        People at the same time, at most.
    """

    size: Size
    held: int
    limit: int
    threads: int

    def room(self, draws: int) -> Room:
        """Return how many people are simulated at the same time with so many draws.

        Raises
        ------
        InputError
            If one person at a time does not fit; the message says what would.
        """
        return room(replace(self.size, draws=draws), self.held, self.limit, self.threads)


def room(size: Size, held: int, limit: int, threads: int) -> Room:
    """Return how many people are simulated at the same time: as many as fit; see `Memory`."""
    for fewer in range(threads, 0, -1):
        found = Room(fewer, needed(size, held, fewer), limit)
        if found.needed <= limit:
            return found
    raise InputError([_refusal(size, held, found)])


def needed(size: Size, held: int, threads: int) -> int:
    """Return bytes that a program will take at most while it simulates and writes what it found."""
    k, courses = size.outcomes, size.course
    kept = 2 * _STATISTICS * size.people * size.scenarios * size.weeks * k * _SINGLE
    sums = _SUM_COPIES * _SUMS * size.scenarios * courses
    person = _COURSES * size.scenarios * courses
    own_sums = _SUMS * size.scenarios * courses
    # what a thread lets go is not given back to the system at once
    working = _NOT_GIVEN_BACK * threads * person + (threads + _MORE_AT_ONCE) * own_sums
    # what is kept of a block's people is held by chunks, then as one, then as it is stored
    in_block = min(size.people, PERSON_DRAWS // size.draws)
    block = _BLOCK_COPIES * in_block * kept // size.people
    # while a variable is written a copy of it is compressed
    written = kept // 2
    return max(held, _PROGRAM) + size.twins + kept + written + block + sums + working


def _refusal(size: Size, held: int, least: Room) -> Problem:
    fewer = size.draws
    while fewer > 1 and needed(replace(size, draws=fewer), held, 1) > least.limit:
        fewer //= _HALF
    fits = needed(replace(size, draws=fewer), held, 1) <= least.limit
    proposal = f"simulation.draws={fewer} would fit. " if fits and fewer < size.draws else ""
    more = -(-least.needed // MB)
    rule = f"is not enough for one person at a time: about {_shown(least.needed)} are needed"
    remedy = f"{proposal}Or allow more with simulation.memory_mb={more}, or simulate fewer people."
    return Problem("configuration", rule, None, "simulation.memory_mb", least.limit // MB, remedy)


def held_now() -> int:
    """Return bytes that this program holds in memory; 0 where the system does not tell."""
    return _told(Path("/proc/self/status"), "VmRSS:")


def give_back() -> None:
    """Give the system what this program has let go, where the C library can.

    It keeps small pieces for later otherwise: some hundred MiB of what many people's files are
    written with, and of what threads held of a block.
    """
    try:
        trim = ctypes.CDLL(None).malloc_trim
    except (OSError, TypeError, AttributeError):
        return  # another library, or another system
    trim(0)


def half_of_free() -> int:
    """Return half of the bytes that are free for this program, beside what it holds.

    Free is what the system could give, or what is left of the limit of this program's group where
    that is less.
    """
    free = _told(Path("/proc/meminfo"), "MemAvailable:") or _UNKNOWN
    try:
        most = int((_CGROUP / "memory.max").read_text("ascii"))
        free = min(free, most - int((_CGROUP / "memory.current").read_text("ascii")))
    except (OSError, ValueError):
        pass  # no group, or no limit to it
    return held_now() + free // _HALF


_UNKNOWN = 4 * 2**30
"""Taken to be free where the system does not tell."""


def _told(file: Path, name: str) -> int:
    try:
        lines = file.read_text("ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(name)), 0)


def _shown(size: int) -> str:
    return f"{size / 2**30:.1f} GiB" if size >= 2**30 else f"{size / MB:.0f} MiB"
