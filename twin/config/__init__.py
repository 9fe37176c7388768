"""Typed configuration: what Hydra composes, checked before anything is run."""

from .run_config import Output, PriorChoice, RunConfig, run_config

__all__ = ["Output", "PriorChoice", "RunConfig", "run_config"]
