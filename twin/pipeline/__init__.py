"""The stages of a run, in order."""

from twin.fit.gate_report import ConvergenceError

from .run import run

__all__ = ["ConvergenceError", "run"]
