"""Scales on which pain and disability are scored: range, step, direction, error, citation."""

from twin.instruments.catalogue import instrument, instruments
from twin.instruments.instrument import ImportantChange, Instrument, Retest
from twin.instruments.misfit import lookalikes, misfits

__all__ = [
    "ImportantChange",
    "Instrument",
    "Retest",
    "instrument",
    "instruments",
    "lookalikes",
    "misfits",
]
