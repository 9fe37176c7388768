"""Shifts of the intensities of work from published ratios of first and of lasting return.

Simulated are workers who are sick-listed with back pain, by the simulator's own process, with and
without shifts of the log intensities of the first return and of relapse after it. In both groups
one sees

    first return     the first week at full work: restricted work does not count;
    lasting return   the first week of a stay at full work that lasts `LASTS_WEEKS` weeks,

and estimates the hazard ratio of each. The shifts are those by which both come out as published.
Relapse is what is left between the two: where returns are sooner and hardly more of them last, more
of them must have failed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from priors import EvidenceLibrary, load_prior_set
from priors.cite import citation
from priors.elicited import ElicitedEffect
from twin.law.grid import Floats, TimeGrid
from twin.simulate.shocks import Shocks
from twin.simulate.state import Hazards
from twin.simulate.weekly import WeeklyCells
from twin.simulate.work_paths import Pace, work_paths

from .pool import Moments, pool
from .published import contrast
from .question import APART, HALF, NOTHING, PRIORS, USUAL_DOUBT
from .robust import robust

FIRST, LASTING = "workplace_first_return_hazard_ratio", "workplace_lasting_return_hazard_ratio"
LASTS_WEEKS = 13
"""Weeks at full work that make a return lasting; assumed: the record does not say."""

FOLLOWED_WEEKS = 52
_WORKERS = 20_000
_SICK_LISTED = 2
_LEVEL = 0.3  # where the intensities are stated, so that slopes have no part
_FURTHEST = 4.0  # on the log scale: a ratio of 55 either way


@dataclass(frozen=True)
class Workers:
    """Sick-listed workers, with the random numbers by which all their futures are drawn.

    Attributes
    ----------
    frailty
        Shape (worker,).
    shocks
        A sample of these is a worker.
    log_intensity
        Of the moves, at the reference level, shape (move,).
    log_exit
        Log intensity of leaving work for good.
    """

    frailty: Floats
    shocks: Shocks
    log_intensity: Floats
    log_exit: float

    @classmethod
    def of(cls, people: int, seed: int = 1) -> Workers:
        """Draw workers whose process has the means of its priors."""
        priors, rng = load_prior_set(PRIORS), np.random.default_rng(seed)
        moves, exits = (
            priors["log_intensity"].distribution,
            priors["log_exit_intensity"].distribution,
        )
        frailty = priors["work_frailty_sd"].distribution
        assert moves.family == "normal"
        assert exits.family == "normal"
        assert frailty.family == "log_normal"
        return cls(
            frailty=np.asarray(frailty.median) * rng.standard_normal(people),
            shocks=Shocks(
                seed, "", np.zeros(people, dtype=np.uint64), np.arange(people, dtype=np.uint64)
            ),
            log_intensity=np.asarray(moves.mean, dtype=float),
            log_exit=float(np.asarray(exits.mean)),
        )

    @cached_property
    def usual(self) -> NDArray[np.int8]:
        """States by week without any shift, shape (worker, week)."""
        return self.states(0.0, 0.0)

    def states(self, first_return: float, relapse: float) -> NDArray[np.int8]:
        """States by week with shifts of two log intensities, shape (worker, week)."""
        n, weeks = len(self.frailty), FOLLOWED_WEEKS + LASTS_WEEKS
        cells = WeeklyCells.of(TimeGrid((0, weeks)))
        shape = (n, cells.grid.n_cells)
        no_slope, nothing = np.zeros((n, 1)), np.zeros(shape)
        log_intensity, log_exit = np.tile(self.log_intensity, (n, 1)), np.full(n, self.log_exit)
        states = np.empty((n, weeks + 1), dtype=np.int8)
        work_paths(
            np.full((*shape, 1), _LEVEL),
            Hazards(
                np.zeros((*shape, 2)),
                np.full(shape, first_return),
                np.full(shape, relapse),
                nothing,  # leaving work for good is left as it is
            ),
            Pace(self.frailty, log_intensity, no_slope, no_slope, log_exit),
            np.full(n, _SICK_LISTED),
            self.shocks.address("work"),
            np.asarray(cells.grid.edges),
            cells.at_week,
            states,
        )
        return states


def log_ratios(workers: Workers, first_return: float, relapse: float) -> tuple[float, float]:
    """Log hazard ratios of first and of lasting return that a trial of shifts would find."""
    states = _states(workers, first_return, relapse)
    full = states == 0
    return _log_ratio(full), _log_ratio(_lasting(full))


def shifts(workers: Workers, first: float, lasting: float) -> tuple[float, float]:
    """Shifts of the log intensities of first return and of relapse that give two log ratios."""
    first_return = brentq(
        lambda x: log_ratios(workers, x, 0.0)[0] - first, -_FURTHEST, _FURTHEST, xtol=1e-3
    )
    relapse = brentq(
        lambda x: log_ratios(workers, first_return, x)[1] - lasting,
        -_FURTHEST,
        _FURTHEST,
        xtol=1e-3,
    )
    return float(first_return), float(relapse)


def elicit_work(library: EvidenceLibrary) -> Mapping[str, ElicitedEffect]:
    """Shifts of first return and of relapse under a workplace intervention, by effect name."""
    records = [library.prior(key) for key in (FIRST, LASTING)]
    published = [contrast(record, "log_hazard_ratio") for record in records]
    pooled = [pool([one.estimate], [one.error], APART["log_hazard_ratio"]) for one in published]
    workers, ratios = Workers.of(_WORKERS), [one.estimate for one in published]
    centre, slopes = shifts(workers, *ratios), _slopes(workers, *ratios)
    elsewhere, same = (
        # errors of the two ratios are carried to each shift by its slopes
        [
            Moments(mean, math.hypot(*(slope * np.array([one.sd for one in found]))))
            for mean, slope in zip(centre, slopes, strict=True)
        ]
        for found in ([one.elsewhere for one in pooled], [one.same for one in pooled])
    )
    # the effect on relapse is half believed: it rests on a ratio of very low certainty
    return {
        "workplace_first_return": _effect(
            library, "first_return", (FIRST,), elsewhere[0], same[0], USUAL_DOUBT
        ),
        "workplace_relapse": _effect(
            library, "relapse", (FIRST, LASTING), elsewhere[1], same[1], HALF
        ),
    }


def _effect(
    library: EvidenceLibrary,
    target: Literal["first_return", "relapse"],
    keys: tuple[str, ...],
    elsewhere: Moments,
    same: Moments,
    doubt: float,
) -> ElicitedEffect:
    nothing = NOTHING["log_hazard_ratio"]
    return ElicitedEffect(
        elsewhere=robust(elsewhere, nothing, doubt),
        same=robust(same, nothing, 0),
        evidence=keys,
        label="borrowed",
        source=citation(keys, library),
        target=target,
        unit="log_hazard_ratio",
        method=(
            "simulated workers, sick-listed at the start: return is to full work, not to "
            f"restricted; a lasting one lasts {LASTS_WEEKS} weeks (assumed); followed "
            f"{FOLLOWED_WEEKS} weeks; elsewhere SD between settings half-normal "
            f"{APART['log_hazard_ratio']:g} and a component centred on none of SD {nothing:g} and "
            f"weight {doubt:g} (assumed); the upper end of the ratio of lasting return was cut, "
            "its error is that of the lower end"
        ),
    )


def _slopes(workers: Workers, first: float, lasting: float, step: float = 0.15) -> Floats:
    """Derivatives of the shifts (rows) by the two log ratios (columns)."""
    by_first = np.subtract(
        shifts(workers, first + step, lasting), shifts(workers, first - step, lasting)
    )
    by_lasting = np.subtract(
        shifts(workers, first, lasting + step), shifts(workers, first, lasting - step)
    )
    return np.stack([by_first, by_lasting], axis=1) / (2 * step)


def _states(workers: Workers, first_return: float, relapse: float) -> NDArray[np.int8]:
    """States by week without and with the shifts, shape (group, worker, week)."""
    return np.stack([workers.usual, workers.states(first_return, relapse)])


def _lasting(full: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Whether a stay at full work of `LASTS_WEEKS` weeks begins in each week."""
    stays = np.lib.stride_tricks.sliding_window_view(full, LASTS_WEEKS, axis=2)
    return np.asarray(stays.all(axis=-1))


def _log_ratio(event: NDArray[np.bool_]) -> float:
    """Log hazard ratio of the first event, second group over first, from weekly counts.

    Cox's partial likelihood with the weeks as strata of constant hazard, an event in the middle of
    its week: exact as weeks grow short.
    """
    seen = event[:, :, 1 : FOLLOWED_WEEKS + 1]
    week = np.where(seen.any(axis=2), seen.argmax(axis=2), FOLLOWED_WEEKS)
    events = np.stack([np.bincount(one, minlength=FOLLOWED_WEEKS + 1)[:-1] for one in week])
    at_risk = week.shape[1] - np.cumsum(events, axis=1) + events
    time = at_risk - events / 2
    both = events.sum(axis=0)

    def score(log_ratio: float) -> float:
        share = time[1] * math.exp(log_ratio) / (time[1] * math.exp(log_ratio) + time[0])
        return float((events[1] - both * share).sum())

    return float(brentq(score, -2 * _FURTHEST, 2 * _FURTHEST))
