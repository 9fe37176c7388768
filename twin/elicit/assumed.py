"""What no published figure tells and a match needs all the same: centres of literature's priors."""

from __future__ import annotations

from typing import NamedTuple

from priors import Beta, LogNormal, load_prior_set

from .question import PRIORS


class Assumed(NamedTuple):
    """Values by the names of the parameters."""

    log_rate_sd: float
    persistent_share: float
    persistence: float


def assumed() -> Assumed:
    """Read them from that set, where their reasons stand."""
    priors = load_prior_set(PRIORS)
    found = {}
    for name in Assumed._fields:
        given = priors[name].distribution
        if isinstance(given, Beta):
            found[name] = float(given.a / (given.a + given.b))  # type: ignore[operator]
        else:
            assert isinstance(given, LogNormal)
            found[name] = float(given.median)  # type: ignore[arg-type]
    return Assumed(**found)
