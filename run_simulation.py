"""Compose a configuration, check it, run it, and say where the results are.

Examples: ``python run_simulation.py``, ``python run_simulation.py cohort=ashar2022``,
``python run_simulation.py -m priors=literature,wide``, which runs once with each and compares
their contrasts; ``python run_simulation.py scenarios.selfback.uptake.mean=0.5``, which changes a
field of a scenario; ``design=8 'scenarios.selfback.uptake.mean=interval(0.3,0.8)'``, with further
fields, which tries them over their ranges together in eight runs; ``--help`` shows what can be
chosen.

Exit status: 0 done, 1 not converged, 2 something given cannot be used.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import hydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException

_CONF = Path(__file__).resolve().parent / "conf"
_NAME = "config"
_NOT_CONVERGED, _UNUSABLE = 1, 2
_OPEN = ("scenarios.", "simulation.precision", "simulation.secular_trend")
"""Keys under which others may be added."""
_RUNS: list[tuple[list[str], Path]] = []
"""What was chosen for each run, and its report: Hydra does not hand on what a job returns."""


@hydra.main(config_path="conf", config_name=_NAME, version_base="1.3")
def _simulate(composed: DictConfig) -> None:
    # Heavy imports wait, so that --help and a misspelt option are answered at once.
    from twin.config import run_config
    from twin.errors import InputError
    from twin.pipeline import ConvergenceError, run

    # Hydra announces what a job raises with words of its own; leaving is silent.
    try:
        report = run(run_config(composed))
        print(f"Report: {report}")
        chosen = [one.lstrip("+") for one in HydraConfig.get().overrides.task]
        _RUNS.append((chosen, report))
    except ConvergenceError as error:
        sys.exit(_say(error, _NOT_CONVERGED))
    except (InputError, OmegaConfBaseException) as error:
        sys.exit(_refuse(error))


def main() -> int:
    """Run what the command line says and return the exit status."""
    # Hydra would print its own message and leave; with this it lets exceptions through.
    os.environ["HYDRA_FULL_ERROR"] = "1"
    sys.argv[1:] = with_open_keys(sys.argv[1:])
    try:
        for arguments in _runs(sys.argv[1:]):
            sys.argv[1:] = arguments
            _simulate()
    except Exception as error:
        from twin.config.refusal import is_refusal
        from twin.errors import InputError

        if not (isinstance(error, InputError) or is_refusal(error)):
            raise
        return _refuse(error)
    if len(_RUNS) > 1:
        from twin.pipeline.comparison import compare

        print(compare(_RUNS))
    return 0


def _runs(arguments: list[str]) -> list[list[str]]:
    """Arguments of every run: of several where they ask for a design of experiments."""
    if not any(one.startswith("design=") or "interval(" in one for one in arguments):
        return [arguments]
    from twin.config.design import designed

    return designed(arguments)


def with_open_keys(arguments: Sequence[str]) -> list[str]:
    """Let changes of scenarios, and what is told by outcome, pass Hydra, which knows no such keys.

    Examples
    --------
    >>> with_open_keys(["seed=2", "scenarios.selfback.uptake.mean=0.5"])
    ['seed=2', '++scenarios.selfback.uptake.mean=0.5']
    """
    return [f"++{one}" if one.startswith(_OPEN) else one for one in arguments]


def _refuse(error: Exception) -> int:
    from twin.errors import InputError

    if not isinstance(error, InputError):
        from twin.config.refusal import refusal

        overrides = [argument for argument in sys.argv[1:] if not argument.startswith("-")]
        error = refusal(error, _CONF, _NAME, overrides)
    return _say(error, _UNUSABLE)


def _say(error: Exception, status: int) -> int:
    print(error, file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main())
