"""Typed configuration: what Hydra composes, checked before anything is run."""

from .assimilation import AssimilationSettings
from .run_config import AUTO, Output, PriorChoice, RunConfig, run_config

__all__ = ["AUTO", "AssimilationSettings", "Output", "PriorChoice", "RunConfig", "run_config"]
