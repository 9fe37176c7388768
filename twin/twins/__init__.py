"""Digital twins: one person's posterior each."""

from .ensemble import TwinEnsemble
from .twin import Twin

__all__ = ["Twin", "TwinEnsemble"]
